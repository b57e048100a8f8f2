"""Rows go, and their blobs are doomed with them in one transaction; a task removes doomed blobs later."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet

from core.actors import acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, Object, ObjectVersion, Rendition, Upload, UploadPart, Usage

# Whoever began to read a blob before it was doomed has this long to finish.
GRACE = timedelta(minutes=10)
_AT_ONCE = 1_000


def remove_all(*, objects: QuerySet[Object], at: datetime) -> int:
    """Remove these files with all their versions, as the service; return how many. Rights are the caller's to check."""
    found = list(objects.select_for_update().order_by("pk"))
    versions = ObjectVersion.objects.filter(object__in=found)
    _release(versions, objects=Counter((one.bucket_id, one.owner_id) for one in found))
    _doom_contents(versions, at=at)
    Object.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)


def remove_versions(*, versions: Iterable[ObjectVersion], at: datetime) -> None:
    """Remove contents that a file held earlier."""
    ids = [version.pk for version in versions]
    if not ids:
        return
    gone = ObjectVersion.objects.filter(pk__in=ids)
    _release(gone)
    _doom_contents(gone, at=at)
    gone.delete()


def doom_parts(*, upload: Upload, at: datetime) -> None:
    """Let the parts of an upload be removed, whose row goes as well."""
    doom(keys=upload.parts.values_list("blob_key", flat=True), at=at)


def doom(*, keys: Iterable[str], at: datetime) -> None:
    """Let these blobs be removed once `GRACE` is over, in the transaction that takes away what points at them."""
    DoomedBlob.objects.bulk_create(
        (DoomedBlob(blob_key=key, doomed_at=at) for key in keys), ignore_conflicts=True, batch_size=_AT_ONCE
    )


def doom_unused(*, key: str, at: datetime) -> None:
    """Let a blob be removed that was written for a row which was refused; where a row has it, it stays.

    A commit whose answer was lost may have happened.
    """
    with acting_as_service():
        if not any(model.objects.filter(blob_key=key).exists() for model in (ObjectVersion, UploadPart)):
            doom(keys=[key], at=at)


def remove_doomed(*, at: datetime, grace: timedelta = GRACE) -> int:
    """Remove the blobs that were doomed before `grace`; return how many. Safe at any moment, and to run twice.

    The row goes after the blob: a crash between the two leaves a row for the next run, and removing what is gone is
    no fault.
    """
    removed = 0
    while True:
        with acting_as_service():
            due = DoomedBlob.objects.filter(doomed_at__lte=at - grace).order_by("doomed_at", "pk")
            keys = list(due.values_list("pk", flat=True)[:_AT_ONCE])
        for key in keys:
            blobs.remove(key)
        with acting_as_service():
            DoomedBlob.objects.filter(pk__in=keys).delete()
        removed += len(keys)
        if len(keys) < _AT_ONCE:
            return removed


def _doom_contents(versions: QuerySet[ObjectVersion], *, at: datetime) -> None:
    doom(keys=versions.values_list("blob_key", flat=True), at=at)
    doom(keys=Rendition.objects.filter(version__in=versions).values_list("blob_key", flat=True), at=at)


def _release(
    versions: QuerySet[ObjectVersion], *, objects: Counter[tuple[str, UUID | None]] | None = None
) -> None:
    """Give back what these versions (and files) count against their owners."""
    bytes_of: Counter[tuple[str, UUID | None]] = Counter()
    for bucket_id, creator_id, size in versions.values_list("object__bucket_id", "created_by_id", "size"):
        bytes_of[bucket_id, creator_id] += size
    objects = objects or Counter()
    for bucket_id, owner_id in sorted({*bytes_of, *objects}, key=str):
        Usage.objects.filter(bucket_id=bucket_id, owner_id=owner_id).update(
            bytes_count=F("bytes_count") - bytes_of[bucket_id, owner_id],
            objects_count=F("objects_count") - objects[bucket_id, owner_id],
        )
