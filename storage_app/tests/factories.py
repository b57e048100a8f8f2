"""Buckets and files for tests."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from storage_app import blobs
from storage_app.models import Bucket, Object
from storage_app.services import buckets, objects


def make_bucket(id: str = "docs", *, at: datetime | None = None, **facts: Any) -> Bucket:
    with acting_as_service():
        return buckets.make(id=id, at=at or timezone.now(), **facts)


def written(content: bytes) -> blobs.Written:
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        writer.write(content)
        return writer.finish()


def put(
    name: str,
    content: bytes = b"hello",
    *,
    by: User,
    bucket: str = "docs",
    content_type: str = "text/plain",
    upsert: bool = False,
    at: datetime | None = None,
) -> Object:
    with acting_as(by):
        place = objects.place_for(bucket_id=bucket, name=name, upsert=upsert)
    return objects.put(
        place=place, written=written(content), content_type=content_type, at=at or timezone.now()
    )


def bytes_of(object: Object) -> bytes:
    return b"".join(blobs.read(object.version.blob_key))
