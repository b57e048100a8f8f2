"""Files and folders as Supabase's clients know them."""

from typing import Any

from storage_app.models import Object, ObjectVersion
from storage_app.wire.base import time_of


def row_shape(object: Object) -> dict[str, Any]:
    """A file as a row, with its whole name."""
    return {
        "id": str(object.pk),
        "name": object.name,
        "bucket_id": object.bucket_id,
        "owner": str(object.owner_id or ""),
        "owner_id": str(object.owner_id or ""),
        "version": str(object.version_id),
        **_times(object),
        "metadata": object.version.metadata,
        "user_metadata": object.user_metadata,
    }


def info_shape(object: Object) -> dict[str, Any]:
    version = object.version
    return {
        "id": str(object.pk),
        "name": object.name,
        "version": str(version.pk),
        "bucket_id": object.bucket_id,
        "size": version.size,
        "content_type": version.content_type,
        "cache_control": version.cache_control,
        "etag": version.etag,
        "metadata": object.user_metadata or {},
        "last_modified": time_of(version.created_at),
        "created_at": time_of(object.created_at),
    }


def entry_shape(object: Object) -> dict[str, Any]:
    """A file in the list of its folder."""
    return {
        "name": object.name.rpartition("/")[2],
        "id": str(object.pk),
        **_times(object),
        "metadata": object.version.metadata,
    }


def folder_entry_shape(folder: str) -> dict[str, Any]:
    nothing = ("id", "updated_at", "created_at", "last_accessed_at", "metadata")
    return {"name": folder.removesuffix("/").rpartition("/")[2], **dict.fromkeys(nothing)}


def object_shape(object: Object) -> dict[str, Any]:
    """A file in a list by prefix."""
    return {
        "id": str(object.pk),
        "name": object.name,
        "key": object.name,
        **_times(object),
        "metadata": object.version.metadata,
    }


def folder_shape(folder: str) -> dict[str, Any]:
    return {"name": folder, "key": folder.removesuffix("/")}


def version_shape(version: ObjectVersion, *, current: bool) -> dict[str, Any]:
    return {
        "id": str(version.pk),
        "current": current,
        "size": version.size,
        "content_type": version.content_type,
        "etag": version.etag,
        "sha256": version.sha256,
        "created_at": time_of(version.created_at),
    }


def _times(object: Object) -> dict[str, str]:
    return {name: time_of(getattr(object, name)) for name in ("updated_at", "created_at", "last_accessed_at")}
