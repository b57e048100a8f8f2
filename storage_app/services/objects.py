"""Files: put, moved, copied, restored, removed, found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from storage_app import blobs, content
from storage_app.models import Bucket, Object, ObjectVersion, Usage
from storage_app.names import checked_key
from storage_app.services import removal, scanning
from storage_app.services.access import (
    ADD,
    DELETE,
    REPLACE,
    ObjectNotFound,
    actor_id,
    allowed,
    bucket_held,
    bucket_named,
    require,
)

CACHED_FOR = "max-age=3600"


class ObjectExists(DomainError):
    code = "object_exists"
    kind = "conflict"
    message = _("The resource already exists")


class TooLarge(DomainError):
    code = "file_too_large"
    kind = "invalid"
    message = _("The object exceeded the maximum allowed size")
    public = ("limit",)


class TypeNotAllowed(DomainError):
    code = "file_type_not_allowed"
    kind = "invalid"
    message = _("mime type %(type)s is not supported")
    public = ("type",)


class QuotaExceeded(DomainError):
    code = "storage_quota_exceeded"
    kind = "limited"
    message = _("There is no room left in this bucket. Delete files you no longer need.")
    public = ("bytes", "objects")


@dataclass(frozen=True)
class Place:
    """Where whoever acted may put a file: `limit` bytes of it at most."""

    bucket_id: str
    name: str
    upsert: bool
    limit: int
    allowed: list[str] | None
    owner_id: UUID | None


def place_for(
    *, bucket_id: str, name: str, upsert: bool, size: int | None = None, content_type: str = ""
) -> Place:
    """Return where a file may be put, before a byte of it is read. Asked again when it is put.

    Raises InvalidKey, BucketNotFound, NotAllowed, ObjectExists, TooLarge, TypeNotAllowed.
    """
    checked_key(name)
    bucket = bucket_named(bucket_id)
    owner_id = actor_id()
    with acting_as_service():
        there = Object.objects.filter(bucket=bucket, name=name).first()
    if there is not None and upsert:
        require(REPLACE, bucket_id=bucket_id, name=name, owner_id=there.owner_id)
    else:
        # Also where one is there: to who may not write here, it is not told.
        require(ADD, bucket_id=bucket_id, name=name, owner_id=owner_id)
        if there is not None:
            raise ObjectExists
    limit = min(bucket.file_size_limit or settings.FILE_SIZE_LIMIT, settings.FILE_SIZE_LIMIT)
    if size is not None and size > limit:
        raise TooLarge(limit=limit)
    if (
        content_type
        and bucket.allowed_mime_types
        and not content.matches(content_type, bucket.allowed_mime_types)
    ):
        raise _not_allowed(content_type)
    return Place(bucket.pk, name, upsert, limit, bucket.allowed_mime_types, owner_id)


def put(
    *,
    place: Place,
    written: blobs.Written,
    content_type: str,
    at: datetime,
    cache_control: str = CACHED_FOR,
    user_metadata: dict[str, Any] | None = None,
) -> Object:
    """Make a blob that lies there the content of a file, new or replaced. `content_type` is what the sender says.

    Raises TooLarge, TypeNotAllowed, ObjectExists, QuotaExceeded, BucketNotFound; the blob is the caller's to doom then.
    """
    if written.size > place.limit:
        raise TooLarge(limit=place.limit)
    kind = kind_of(place=place, head=written.head, content_type=content_type)
    with acting_as_service():
        bucket = bucket_held(place.bucket_id)
        object, made = _taken(bucket, place, at)
        version = ObjectVersion(
            object=object,
            blob_key=written.key,
            size=written.size,
            content_type=kind,
            cache_control=cache_control,
            md5=written.md5,
            sha256=written.sha256,
            scan=scanning.state_of_new(),
            created_by_id=place.owner_id,
            created_at=at,
        )
        _count(bucket, owner_id=place.owner_id, objects=0, size=written.size)
        if made:
            _count(bucket, owner_id=object.owner_id, objects=1, size=0)
        version.save(force_insert=True)
        _point(object, version, at=at)
        if user_metadata is not None:
            object.user_metadata = user_metadata
            object.save(update_fields=["user_metadata"])
        _prune(bucket, object, at=at)
        audit.record(
            action="storage.object.added" if made else "storage.object.replaced",
            target=object,
            bucket=bucket.pk,
            name=object.name,
            version=str(version.pk),
            size=version.size,
        )
    return object


def kind_of(*, place: Place, head: bytes, content_type: str) -> str:
    """Return the type of a file that begins so, as `content_type_of` tells it. Raises TypeNotAllowed."""
    kind = content.content_type_of(head=head, declared=content_type)
    if place.allowed and not content.matches(kind, place.allowed):
        raise _not_allowed(kind)
    return kind


def find(*, bucket_id: str, name: str) -> Object:
    """Return a file that whoever acts may read, with its version. Raises BucketNotFound, ObjectNotFound."""
    bucket_named(bucket_id)
    found = Object.objects.select_related("version").filter(bucket_id=bucket_id, name=name).first()
    if found is None:
        raise ObjectNotFound
    return found


def move(*, bucket_id: str, name: str, to_bucket_id: str, to_name: str, at: datetime) -> Object:
    """Give a file another name, or another bucket. Raises as `place_for`, and ObjectNotFound."""
    source = find(bucket_id=bucket_id, name=name)
    require(REPLACE, bucket_id=bucket_id, name=name, owner_id=source.owner_id)
    current = source.version
    place = place_for(
        bucket_id=to_bucket_id,
        name=to_name,
        upsert=False,
        size=current.size,
        content_type=current.content_type,
    )
    with acting_as_service():
        bucket = bucket_held(place.bucket_id)
        held = Object.objects.select_for_update().filter(pk=source.pk, bucket_id=bucket_id, name=name).first()
        if held is None:
            raise ObjectNotFound
        _require_fit(held.version, place)
        if to_bucket_id != bucket_id:
            _recount(held, to=bucket)
        held.bucket, held.name, held.updated_at = bucket, to_name, at
        try:
            with transaction.atomic():
                held.save(update_fields=["bucket", "name", "updated_at"])
        except IntegrityError:
            raise ObjectExists from None
        facts = {"from": f"{bucket_id}/{name}", "to": f"{to_bucket_id}/{to_name}"}
        audit.record(action="storage.object.moved", target=held, **facts)
    return held


def remove(*, bucket_id: str, names: Sequence[str], at: datetime) -> list[Object]:
    """Remove files by their exact names; return those that were. What is missing or not allowed is left out."""
    bucket_named(bucket_id)
    seen = Object.objects.select_related("version").filter(bucket_id=bucket_id, name__in=names)
    removable = list(seen.filter(allowed(DELETE)).order_by("name"))
    with acting_as_service():
        # By name as well: one that was moved meanwhile lies where nobody asked about.
        still = Object.objects.filter(
            pk__in=[one.pk for one in removable], bucket_id=bucket_id, name__in=names
        )
        gone = set(still.select_for_update().order_by("pk").values_list("pk", flat=True))
        removed = [one for one in removable if one.pk in gone]
        told = ((one, {"bucket": bucket_id, "name": one.name}) for one in removed)
        audit.record_each(action="storage.object.removed", targets=told)
        removal.remove_all(objects=still, at=at)
    return removed


def restore(*, bucket_id: str, name: str, version_id: UUID, at: datetime) -> Object:
    """Make an earlier version the current one again. Raises ObjectNotFound, and as `place_for`.

    The bucket may have become stricter since, or the file have come from another.
    """
    found = find(bucket_id=bucket_id, name=name)
    place = place_for(bucket_id=bucket_id, name=name, upsert=True)
    with acting_as_service():
        object = Object.objects.select_for_update().filter(pk=found.pk).first()
        version = ObjectVersion.objects.filter(pk=version_id, object=found).first()
        if object is None or version is None:
            raise ObjectNotFound
        _require_fit(version, place)
        _point(object, version, at=at)
        audit.record(action="storage.object.restored", target=object, version=str(version_id))
    return object


def versions(*, bucket_id: str, name: str) -> list[ObjectVersion]:
    """Return what a file holds and held, newest first. Raises BucketNotFound, ObjectNotFound."""
    object = find(bucket_id=bucket_id, name=name)
    return list(object.versions.order_by("-id"))


def note_access(*, object_id: UUID, at: datetime) -> None:
    """Note that a file was read; at most once a day, which is what its readers want to know."""
    with acting_as_service():
        Object.objects.filter(pk=object_id, last_accessed_at__date__lt=at.date()).update(last_accessed_at=at)


def _require_fit(version: ObjectVersion, place: Place) -> None:
    """Raises TooLarge, TypeNotAllowed."""
    if version.size > place.limit:
        raise TooLarge(limit=place.limit)
    if place.allowed and not content.matches(version.content_type, place.allowed):
        raise _not_allowed(version.content_type)


def _not_allowed(kind: str) -> TypeNotAllowed:
    return TypeNotAllowed(_("mime type %(type)s is not supported") % {"type": kind}, type=kind)


def _taken(bucket: Bucket, place: Place, at: datetime) -> tuple[Object, bool]:
    """The row under this name, locked, and whether it was made just now. Raises ObjectExists."""
    times = {"created_at": at, "updated_at": at, "last_accessed_at": at}
    fresh = Object(bucket=bucket, name=place.name, owner_id=place.owner_id, version_id=uuid7(), **times)
    Object.objects.bulk_create([fresh], ignore_conflicts=True)
    object = Object.objects.select_for_update().get(bucket=bucket, name=place.name)
    made = object.pk == fresh.pk
    if not made and not place.upsert:
        raise ObjectExists
    return object, made


def _point(object: Object, version: ObjectVersion, *, at: datetime) -> None:
    object.version, object.updated_at = version, at
    object.save(update_fields=["version", "updated_at"])


def _prune(bucket: Bucket, object: Object, *, at: datetime) -> None:
    earlier = object.versions.exclude(pk=object.version_id).order_by("-id")
    removal.remove_versions(versions=earlier[bucket.keep_versions :], at=at)


def _count(bucket: Bucket, *, owner_id: UUID | None, objects: int, size: int) -> None:
    """Count a file and bytes for their owner. Raises QuotaExceeded; its row is the queue of who fills one bucket."""
    Usage.objects.bulk_create([Usage(bucket=bucket, owner_id=owner_id)], ignore_conflicts=True)
    room = Q()
    if bucket.quota_bytes is not None and size:
        room &= Q(bytes_count__lte=bucket.quota_bytes - size)
    if bucket.quota_objects is not None and objects:
        room &= Q(objects_count__lte=bucket.quota_objects - objects)
    theirs = Usage.objects.filter(room, bucket=bucket, owner_id=owner_id)
    if not theirs.update(objects_count=F("objects_count") + objects, bytes_count=F("bytes_count") + size):
        raise QuotaExceeded(bytes=bucket.quota_bytes, objects=bucket.quota_objects)


def _recount(object: Object, *, to: Bucket) -> None:
    """Count a file and its versions in another bucket."""
    Usage.objects.filter(bucket_id=object.bucket_id, owner_id=object.owner_id).update(
        objects_count=F("objects_count") - 1
    )
    _count(to, owner_id=object.owner_id, objects=1, size=0)
    for version in object.versions.all():
        Usage.objects.filter(bucket_id=object.bucket_id, owner_id=version.created_by_id).update(
            bytes_count=F("bytes_count") - version.size
        )
        _count(to, owner_id=version.created_by_id, objects=0, size=version.size)
