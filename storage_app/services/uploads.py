"""Files that come in parts: begun, written to by one at a time, finished, ended.

A part is a blob that lies there before its row and the new offset commit, in one transaction; so `offset` bytes are
there whatever happens. Whoever writes holds a lease: short, since a process that is killed cannot give it back, and
renewed by every part. A writer that lost it cannot commit anything any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actors import AUTHENTICATED, SERVICE, acting_as_service, current_actor
from core.errors import DomainError
from storage_app import blobs, content
from storage_app.models import Bucket, Object, Upload, UploadPart, Usage
from storage_app.services import objects, removal
from storage_app.services.access import bucket_held
from storage_app.services.objects import Place, QuotaExceeded, TooLarge

LIFE = timedelta(hours=24)
LEASE = timedelta(seconds=5)
# Uploads that one person may have open in a bucket.
MOST_OPEN = 500
_AT_ONCE = 100


class UploadNotFound(DomainError):
    code = "upload_not_found"
    kind = "not_found"
    message = _("There is no such upload.")


class UploadExpired(DomainError):
    code = "upload_expired"
    kind = "not_found"
    message = _("This upload has expired. Begin it again.")


class OffsetWrong(DomainError):
    code = "upload_offset_wrong"
    kind = "conflict"
    message = _("The upload has not come as far as that, or further.")
    public = ("offset",)


class UploadLocked(DomainError):
    code = "upload_locked"
    kind = "conflict"
    message = _("Something else is writing to this upload. Try again in a moment.")


class SizeDeclared(DomainError):
    code = "upload_size_declared"
    message = _("The size of this upload was told before, and was another.")


class TooManyUploads(DomainError):
    code = "too_many_uploads"
    kind = "limited"
    message = _("Too many uploads are open. Finish or end some of them.")


@dataclass(frozen=True)
class Part:
    """Bytes in a blob that lies there, and no row points at yet."""

    blob_key: str
    size: int


def begin(
    *,
    place: Place,
    size: int | None,
    content_type: str,
    cache_control: str,
    user_metadata: dict[str, Any] | None,
    upload_metadata: str,
    at: datetime,
) -> Upload:
    """Begin an upload to where whoever acts may put a file. Raises BucketNotFound, QuotaExceeded, TooManyUploads."""
    with acting_as_service():
        bucket = bucket_held(place.bucket_id)
        _require_room(bucket, place, size)
        upload = Upload.objects.create(
            bucket=bucket,
            name=place.name,
            owner_id=place.owner_id,
            upsert=place.upsert,
            content_type=content.media_type(content_type),
            cache_control=cache_control,
            user_metadata=user_metadata,
            upload_metadata=upload_metadata,
            size=size,
            created_at=at,
            expires_at=at + LIFE,
        )
        audit.record(
            action="storage.upload.begun", target=upload, bucket=place.bucket_id, name=place.name, size=size
        )
    return upload


def find(*, id: UUID, bucket_id: str, name: str, at: datetime) -> Upload:
    """Return an upload of whoever acts. Raises UploadNotFound, UploadExpired."""
    actor = current_actor()
    known = actor is not None and actor.role in (SERVICE, AUTHENTICATED)
    mine = Upload.objects.filter(pk=id, bucket_id=bucket_id, name=name)
    upload = mine.first() if known else None
    if upload is None:
        raise UploadNotFound
    if upload.expires_at <= at:
        raise UploadExpired
    return upload


def take(*, id: UUID, offset: int, at: datetime) -> Upload:
    """Return the upload with a lease (`writer`) on writing from `offset` on; a finished one without.

    Raises UploadNotFound, UploadExpired, UploadLocked, OffsetWrong.
    """
    with acting_as_service():
        upload = _locked(id)
        if upload.expires_at <= at:
            raise UploadExpired
        if upload.leased_until is not None and upload.leased_until > at:
            raise UploadLocked
        if upload.offset != offset:
            raise OffsetWrong(offset=upload.offset)
        if upload.finished_at is None:
            _lease(upload, uuid4(), at)
    return upload


def renew(*, id: UUID, writer: UUID, at: datetime) -> None:
    """Hold the lease for longer. Raises UploadNotFound, UploadLocked where another has it."""
    with acting_as_service():
        _lease(_held(id, writer), writer, at)


def release(*, id: UUID, writer: UUID) -> None:
    """Let others write; nothing to do where the lease is another's, or the upload is gone."""
    with acting_as_service():
        Upload.objects.filter(pk=id, writer=writer).update(writer=None, leased_until=None)


def declare_size(*, id: UUID, writer: UUID, place: Place, size: int) -> Upload:
    """Say how long the file will be. Raises SizeDeclared, TooLarge, QuotaExceeded, UploadNotFound, UploadLocked."""
    with acting_as_service():
        bucket = bucket_held(place.bucket_id)
        upload = _held(id, writer)
        if upload.size not in (None, size) or size < upload.offset:
            raise SizeDeclared
        if size > place.limit:
            raise TooLarge(limit=place.limit)
        if upload.size is None:
            _require_room(bucket, place, size, besides=id)
            upload.size = size
            upload.save(update_fields=["size"])
    return upload


def add(*, id: UUID, writer: UUID, parts: Iterable[Part], at: datetime) -> Upload:
    """Take in blobs that follow each other, and renew the lease; the blobs are the caller's to doom where this raises.

    Raises UploadNotFound, UploadLocked, TooLarge.
    """
    with acting_as_service():
        upload = _held(id, writer)
        for part in parts:
            UploadPart.objects.create(
                upload=upload, offset=upload.offset, size=part.size, blob_key=part.blob_key
            )
            upload.offset += part.size
        if upload.size is not None and upload.offset > upload.size:
            raise TooLarge(limit=upload.size)
        upload.save(update_fields=["offset"])
        _lease(upload, writer, at)
    return upload


def parts_of(*, id: UUID, offset: int) -> list[UploadPart]:
    """Return the next parts of an upload from `offset` on, in their order; none at its end."""
    with acting_as_service():
        return list(UploadPart.objects.filter(upload_id=id, offset__gte=offset).order_by("offset")[:_AT_ONCE])


def finish(*, id: UUID, writer: UUID, place: Place, written: blobs.Written, at: datetime) -> Object:
    """Make the joined bytes a file; the parts go with the same transaction, the row tells of it until it expires.

    Raises UploadNotFound, UploadLocked, and as `objects.put`; the blob is the caller's to doom then.
    """
    with acting_as_service():
        # The bucket first, as who deletes one does.
        bucket_held(place.bucket_id)
        upload = _held(id, writer)
    if not upload.offset == upload.size == written.size:
        raise blobs.BlobMissing(f"{written.size} of {upload.size} bytes of upload {id}")
    object = objects.put(
        place=place,
        written=written,
        content_type=upload.content_type,
        cache_control=upload.cache_control,
        user_metadata=upload.user_metadata,
        at=at,
    )
    with acting_as_service():
        removal.doom_parts(upload=upload, at=at)
        upload.parts.all().delete()
        upload.finished_at, upload.writer, upload.leased_until = at, None, None
        upload.save(update_fields=["finished_at", "writer", "leased_until"])
    return object


def end(*, id: UUID, at: datetime) -> None:
    """End an upload, also under somebody who writes: what they write is refused. Raises UploadNotFound."""
    with acting_as_service():
        _remove(_locked(id), action="storage.upload.ended", at=at)


def expire(*, at: datetime) -> int:
    """Remove the uploads whose time is over; return how many. Safe to run twice, and at once with itself."""
    removed = 0
    while True:
        with acting_as_service():
            free = Q(leased_until=None) | Q(leased_until__lte=at)
            due = Upload.objects.filter(free, expires_at__lte=at).order_by("expires_at")
            batch = list(due.select_for_update(skip_locked=True)[:_AT_ONCE])
            for upload in batch:
                _remove(upload, action="storage.upload.expired", at=at)
        removed += len(batch)
        if len(batch) < _AT_ONCE:
            return removed


def cut(*, id: UUID, offset: int, at: datetime) -> None:
    """Take an upload back to `offset`, where one of its parts begins: for when the bytes there are lost."""
    with acting_as_service():
        upload = _locked(id)
        lost = upload.parts.filter(offset__gte=offset)
        removal.doom(keys=lost.values_list("blob_key", flat=True), at=at)
        lost.delete()
        # Whoever writes meanwhile builds on what is lost.
        upload.offset, upload.writer, upload.leased_until = offset, None, None
        upload.save(update_fields=["offset", "writer", "leased_until"])
        audit.record(action="storage.upload.cut", target=upload, offset=offset)


def _remove(upload: Upload, *, action: str, at: datetime) -> None:
    removal.doom_parts(upload=upload, at=at)
    if upload.finished_at is None:
        audit.record(action=action, target=upload, bucket=upload.bucket_id, name=upload.name)
    upload.delete()


def _locked(id: UUID) -> Upload:
    upload = Upload.objects.select_for_update().filter(pk=id).first()
    if upload is None:
        raise UploadNotFound
    return upload


def _held(id: UUID, writer: UUID) -> Upload:
    """The upload, locked; a lease that ran out holds until another takes it."""
    upload = _locked(id)
    if upload.writer != writer:
        raise UploadLocked
    return upload


def _lease(upload: Upload, writer: UUID, at: datetime) -> None:
    upload.writer, upload.leased_until = writer, at + LEASE
    upload.save(update_fields=["writer", "leased_until"])


def _require_room(bucket: Bucket, place: Place, size: int | None, *, besides: UUID | None = None) -> None:
    """Raises QuotaExceeded, TooManyUploads: what is open counts as if it were there."""
    if place.owner_id is None:
        return
    theirs = {"bucket": bucket, "owner_id": place.owner_id}
    opened = Upload.objects.filter(~Q(pk=besides) if besides else Q(), finished_at=None, **theirs)
    if opened.count() >= MOST_OPEN:
        raise TooManyUploads
    if bucket.quota_bytes is None:
        return
    coming = opened.aggregate(sum=Sum(Coalesce(F("size"), F("offset"))))["sum"] or 0
    used = Usage.objects.filter(**theirs).values_list("bytes_count", flat=True).first() or 0
    if used + coming + (size or 0) > bucket.quota_bytes:
        raise QuotaExceeded(bytes=bucket.quota_bytes, objects=bucket.quota_objects)
