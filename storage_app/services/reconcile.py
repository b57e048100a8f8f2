"""Whether rows and blobs are in step: what a crash may leave is found here, and mended where nothing can be lost by it.

It runs beside everything else. What it finds it looks at once more, since files come and go meanwhile; and a blob that
no row knows is an orphan only after `SETTLED`: its row may be about to commit.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import F

from core import audit
from core.actors import acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, Object, ObjectVersion, Upload, UploadPart, Usage
from storage_app.services import removal, uploads

SETTLED = timedelta(hours=24)
_AT_ONCE = 1_000
_KEY = re.compile(r"[a-z]+/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{32})(\.arriving)?")
CHECKS = {
    "orphan": "every blob is some row's",
    "foreign": "nothing lies among the blobs that is none",
    "missing": "the blob of every version is there, as long as it was",
    "content": "every version holds what was put there",
    "doomed": "no blob is both some row's and to be removed",
    "pointer": "every file has its current version",
    "part": "the parts of every upload are there, and follow each other",
    "usage": "what people use is what they are counted for",
}


@dataclass(frozen=True)
class Fault:
    """Something out of step: which check found it, where, and whether it was mended just now."""

    check: str
    row: str
    detail: str
    repaired: bool = False


def reconcile(
    *, at: datetime, repair: bool = False, contents: bool = False, settled: timedelta = SETTLED
) -> list[Fault]:
    """Return what is out of step. `contents` reads every byte as well.

    `repair` dooms orphans, takes uploads back to the bytes that are there, and counts anew. A version whose blob is
    missing or damaged is left for somebody to look at: nothing here can bring it back.
    """
    faults = [
        *_orphans(at, repair, settled),
        *_versions(contents),
        *_doomed(repair),
        *_pointers(),
        *_parts(at, repair),
        *_usage(repair),
    ]
    repaired = [fault for fault in faults if fault.repaired]
    if repaired:
        with acting_as_service():
            first = [f"{fault.check} {fault.row}" for fault in repaired[:10]]
            audit.record(action="storage.reconciled", repaired=len(repaired), first=first)
    return faults


def _orphans(at: datetime, repair: bool, settled: timedelta) -> Iterator[Fault]:
    keys = blobs.keys()
    while batch := list(islice(keys, _AT_ONCE)):
        with acting_as_service():
            known = _known(batch)
        for key in batch:
            written_at = _written_at(key)
            if key in known or (written_at and written_at > at - settled):
                continue
            with acting_as_service():
                if _known([key]) or not blobs.exists(key):
                    continue
                if repair and written_at:
                    removal.doom(keys=[key], at=at)
            if written_at is None:
                yield Fault("foreign", key, "")
            else:
                yield Fault("orphan", key, f"written {written_at:%Y-%m-%d %H:%M:%S}", repaired=repair)


def _known(keys: Iterable[str]) -> set[str]:
    """Those of these blobs that a row of any kind has."""
    return {
        key
        for model in _holders(doomed=True)
        for key in model._default_manager.filter(blob_key__in=list(keys)).values_list("blob_key", flat=True)
    }


def _holders(*, doomed: bool = False) -> list[type[models.Model]]:
    """The kinds of row that point at blobs."""
    ours = apps.get_app_config("storage_app").get_models()
    having = [model for model in ours if any(field.name == "blob_key" for field in model._meta.fields)]
    return [model for model in having if doomed or model is not DoomedBlob]


def _written_at(key: str) -> datetime | None:
    """When a blob was begun, which its id tells; None where this is no key of ours."""
    found = _KEY.fullmatch(key)
    if found is None or UUID(found[1]).version != 7:
        return None
    return datetime.fromtimestamp((UUID(found[1]).int >> 80) / 1000, tz=UTC)


def _versions(contents: bool) -> Iterator[Fault]:
    for version in _in_batches(ObjectVersion.objects.select_related("object")):
        fault = _fault_of(version, contents)
        if fault is None:
            continue
        with acting_as_service():
            still = ObjectVersion.objects.filter(pk=version.pk).exists()
        if still:
            yield fault


def _fault_of(version: ObjectVersion, contents: bool) -> Fault | None:
    where = f"{version.object} version {version.pk}"
    size = _size(version.blob_key)
    if size is None:
        return Fault("missing", where, f"no blob {version.blob_key}")
    if size != version.size:
        return Fault("missing", where, f"{size} bytes instead of {version.size}")
    if contents and _sha256(version.blob_key) != version.sha256:
        return Fault("content", where, "its SHA-256 is another")
    return None


def _size(key: str) -> int | None:
    return blobs.storage().size(key) if blobs.exists(key) else None


def _sha256(key: str) -> str:
    digest = hashlib.sha256()
    for piece in blobs.read(key):
        digest.update(piece)
    return digest.hexdigest()


def _in_batches(rows: models.QuerySet[Any]) -> Iterator[Any]:
    """All rows by their keys, read a thousand at a time: no transaction is open between."""
    last = None
    while True:
        with acting_as_service():
            page = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
            batch = list(page[:_AT_ONCE])
        yield from batch
        if len(batch) < _AT_ONCE:
            return
        last = batch[-1].pk


def _doomed(repair: bool) -> Iterator[Fault]:
    with acting_as_service():
        for model in _holders():
            keys = DoomedBlob.objects.filter(
                blob_key__in=model._default_manager.values("blob_key")
            ).select_for_update()
            for doomed in list(keys):
                if repair:
                    doomed.delete()
                yield Fault("doomed", doomed.blob_key, f"is some {model._meta.verbose_name}'s", repair)


def _pointers() -> Iterator[Fault]:
    with acting_as_service():
        theirs = ObjectVersion.objects.filter(pk=models.OuterRef("version_id"), object=models.OuterRef("pk"))
        for file in Object.objects.filter(~models.Exists(theirs)).order_by("pk"):
            yield Fault("pointer", str(file), f"version {file.version_id} is none of its own")


def _parts(at: datetime, repair: bool) -> Iterator[Fault]:
    for upload in _in_batches(Upload.objects.filter(finished_at=None)):
        if _good_until(upload) == upload.offset:
            continue
        with acting_as_service():
            # Once more, while nobody can add to it.
            held = Upload.objects.select_for_update().filter(pk=upload.pk, finished_at=None).first()
            good = _good_until(held) if held else 0
            if held is None or good == held.offset:
                continue
            if repair:
                uploads.cut(id=held.pk, offset=good, at=at)
        yield Fault("part", str(held.pk), f"{good} of {held.offset} bytes are there", repair)


def _good_until(upload: Upload) -> int:
    """How many bytes of an upload lie there without a gap."""
    good = 0
    with acting_as_service():
        parts = list(UploadPart.objects.filter(upload=upload).order_by("offset"))
    for part in parts:
        if part.offset != good or _size(part.blob_key) != part.size:
            break
        good += part.size
    return good


_COUNTED = """
    select bucket_id, owner_id, sum(objects)::bigint, sum(bytes)::bigint, sum(counted_objects)::bigint,
        sum(counted_bytes)::bigint
    from (
        select bucket_id, owner_id, 1 as objects, 0 as bytes, 0 as counted_objects, 0 as counted_bytes
        from storage_app_object
        union all
        select o.bucket_id, v.created_by_id, 0, v.size, 0, 0
        from storage_app_objectversion v join storage_app_object o on o.id = v.object_id
        union all
        select bucket_id, owner_id, 0, 0, objects_count, bytes_count from storage_app_usage
    ) counted
    where %(bucket)s::text is null or (bucket_id = %(bucket)s and owner_id is not distinct from %(owner)s)
    group by bucket_id, owner_id
    having sum(objects) <> sum(counted_objects) or sum(bytes) <> sum(counted_bytes)
    order by bucket_id, owner_id
"""


def _usage(repair: bool) -> Iterator[Fault]:
    """One statement sees rows and counts at one moment."""
    with acting_as_service():
        found = _miscounted()
    for bucket_id, owner_id, objects, size, counted_objects, counted_size in found:
        if repair:
            _count_anew(bucket_id, owner_id)
        detail = f"{objects} files, {size} bytes; counted {counted_objects}, {counted_size}"
        yield Fault("usage", f"{bucket_id} {owner_id}", detail, repair)


def _count_anew(bucket_id: str, owner_id: UUID | None) -> None:
    with acting_as_service():
        Usage.objects.bulk_create([Usage(bucket_id=bucket_id, owner_id=owner_id)], ignore_conflicts=True)
        # Whoever counts meanwhile waits, or is done: then the next statement sees what they did.
        theirs = Usage.objects.filter(bucket_id=bucket_id, owner_id=owner_id)
        list(theirs.select_for_update())
        for _bucket, _owner, objects, size, counted_objects, counted_size in _miscounted(bucket_id, owner_id):
            theirs.update(
                objects_count=F("objects_count") + objects - counted_objects,
                bytes_count=F("bytes_count") + size - counted_size,
            )


def _miscounted(bucket_id: str | None = None, owner_id: UUID | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"bucket": bucket_id, "owner": owner_id})
        return list(cursor.fetchall())
