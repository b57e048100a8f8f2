"""Files opened for reading: by who may, by everyone, or by a signed address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.actors import Actor, acting, acting_as_anon, acting_as_service
from storage_app.models import Object, ObjectVersion
from storage_app.services import objects, signing
from storage_app.services.access import BucketNotFound, bucket_named
from storage_app.services.pictures import Order
from storage_app.services.renditions import order_of
from storage_app.services.signing import SignatureRefused


@dataclass(frozen=True)
class Readable:
    """What is needed to serve a file; `open_until` where it was opened by an address that ends then."""

    version_id: UUID
    blob_key: str
    size: int
    content_type: str
    cache_control: str
    etag: str
    modified_at: datetime
    open_until: datetime | None = None


def open_as(*, actor: Actor, bucket_id: str, name: str, at: datetime) -> Readable:
    """Return a file that this actor may read. Raises BucketNotFound, ObjectNotFound."""
    with acting(actor):
        found = objects.find(bucket_id=bucket_id, name=name)
        return _opened(found, found.version, at=at)


def open_public(*, bucket_id: str, name: str, at: datetime) -> Readable:
    """Return a file of a public bucket. Raises BucketNotFound, ObjectNotFound."""
    with acting_as_anon():
        if not bucket_named(bucket_id).public:
            raise BucketNotFound
        found = objects.find(bucket_id=bucket_id, name=name)
        return _opened(found, found.version, at=at)


def open_signed(*, token: str, bucket_id: str, name: str, at: datetime) -> Readable:
    """Return the version of a file that a signed address opens. Raises SignatureRefused."""
    signed = signing.read(token, scope="download", bucket_id=bucket_id, name=name, at=at)
    if signed.rendition or signed.version_id is None:
        # It was given for a smaller picture: it does not open the picture itself.
        raise SignatureRefused(reason="other address")
    with acting_as_service():
        version = ObjectVersion.objects.select_related("object").filter(pk=signed.version_id).first()
        if version is None:
            raise SignatureRefused(reason="ended")
        return _opened(version.object, version, at=at, open_until=signed.expires_at)


def open_picture_signed(*, token: str, bucket_id: str, name: str, at: datetime) -> tuple[Readable, Order]:
    """Return the version of a file of which a signed address shows a picture, and which. Raises SignatureRefused."""
    signed = signing.read(token, scope="download", bucket_id=bucket_id, name=name, at=at)
    if not signed.rendition or signed.version_id is None:
        raise SignatureRefused(reason="other address")
    with acting_as_service():
        version = ObjectVersion.objects.select_related("object").filter(pk=signed.version_id).first()
        if version is None:
            raise SignatureRefused(reason="ended")
        file = _opened(version.object, version, at=at, open_until=signed.expires_at)
    return file, order_of(signed.rendition)


def _opened(
    object: Object, version: ObjectVersion, *, at: datetime, open_until: datetime | None = None
) -> Readable:
    if object.last_accessed_at.date() < at.date():
        objects.note_access(object_id=object.pk, at=at)
    return Readable(
        version_id=version.pk,
        blob_key=version.blob_key,
        size=version.size,
        content_type=version.content_type,
        cache_control=version.cache_control,
        etag=version.etag,
        modified_at=version.created_at,
        open_until=open_until,
    )
