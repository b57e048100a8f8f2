"""A file copied: its bytes from one blob into another, outside any transaction, however long that takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from core.actors import Actor, acting
from core.ids import uuid7
from storage_app import blobs
from storage_app.models import Object, ObjectVersion
from storage_app.services import objects, removal
from storage_app.services.access import NotAllowed
from storage_app.services.objects import Place


@dataclass(frozen=True)
class Changes:
    """What a copy says of itself in place of what its source says; what is None here is as in the source."""

    content_type: str | None = None
    cache_control: str | None = None
    user_metadata: dict[str, Any] | None = None


def copy(
    *,
    actor: Actor,
    bucket_id: str,
    name: str,
    to_bucket_id: str,
    to_name: str,
    upsert: bool,
    at: datetime,
    changes: Changes = Changes(),
) -> Object:
    """Copy the current version of a file, which `actor` may read, to where they may put one.

    Raises ObjectNotFound, and as `objects.place_for` and `objects.put`. The copy has a blob of its own.
    """
    with acting(actor):
        source = objects.find(bucket_id=bucket_id, name=name)
        if source.version.scan == ObjectVersion.Scan.INFECTED:
            raise NotAllowed
        content_type = changes.content_type or source.version.content_type
        place = objects.place_for(
            bucket_id=to_bucket_id,
            name=to_name,
            upsert=upsert,
            size=source.version.size,
            content_type=content_type,
        )
    if not connection.in_atomic_block:
        connection.close()  # for others, while bytes are copied
    written = _copied(source.version)
    try:
        with acting(actor):
            return _put(source, place, written, content_type, changes, at)
    except BaseException:
        removal.doom_unused(key=written.key, at=at)
        raise


def _put(
    source: Object, place: Place, written: blobs.Written, content_type: str, changes: Changes, at: datetime
) -> Object:
    # Asked again: copying may have taken a while.
    objects.find(bucket_id=source.bucket_id, name=source.name)
    place = objects.place_for(bucket_id=place.bucket_id, name=place.name, upsert=place.upsert)
    metadata = changes.user_metadata
    return objects.put(
        place=place,
        written=written,
        content_type=content_type,
        at=at,
        cache_control=changes.cache_control or source.version.cache_control,
        user_metadata=source.user_metadata if metadata is None else metadata,
    )


def _copied(version: ObjectVersion) -> blobs.Written:
    """Raises BlobMissing, where the blob is gone or is not what was written."""
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        for piece in blobs.read(version.blob_key):
            writer.write(piece)
        written = writer.finish()
    if written.sha256 != version.sha256:
        blobs.remove(written.key)
        raise blobs.BlobMissing(version.blob_key)
    return written
