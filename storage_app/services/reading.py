"""Files opened for reading: by who may, by everyone, or by a signed address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.actors import Actor, acting, acting_as_anon
from storage_app.models import Bucket, Object
from storage_app.services import objects
from storage_app.services.access import BucketNotFound, bucket_named


@dataclass(frozen=True)
class Readable:
    """What is needed to serve a file as it is now."""

    object_id: UUID
    version_id: UUID
    name: str
    blob_key: str
    size: int
    content_type: str
    cache_control: str
    etag: str
    modified_at: datetime


def open_as(*, actor: Actor, bucket_id: str, name: str, at: datetime) -> Readable:
    """Return a file that this actor may read. Raises BucketNotFound, ObjectNotFound."""
    with acting(actor):
        return _opened(objects.find(bucket_id=bucket_id, name=name), at=at)


def open_public(*, bucket_id: str, name: str, at: datetime) -> Readable:
    """Return a file of a public bucket. Raises BucketNotFound, ObjectNotFound."""
    with acting_as_anon():
        bucket: Bucket = bucket_named(bucket_id)
        if not bucket.public:
            raise BucketNotFound
        return _opened(objects.find(bucket_id=bucket_id, name=name), at=at)


def _opened(object: Object, *, at: datetime) -> Readable:
    version = object.version
    if object.last_accessed_at.date() < at.date():
        objects.note_access(object_id=object.pk, at=at)
    return Readable(
        object_id=object.pk,
        version_id=version.pk,
        name=object.name,
        blob_key=version.blob_key,
        size=version.size,
        content_type=version.content_type,
        cache_control=version.cache_control,
        etag=version.etag,
        modified_at=version.created_at,
    )
