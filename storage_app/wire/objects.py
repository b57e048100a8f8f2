"""Files told of, moved, copied, removed, and brought back as they were."""

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from storage_app.services import copying, objects
from storage_app.services.access import BucketNotFound, ObjectNotFound, bucket_named
from storage_app.wire.base import StorageView, told
from storage_app.wire.errors import RequestRefused
from storage_app.wire.reading import (
    Body,
    body_of_request,
    flag,
    is_upsert,
    mapping,
    text,
    texts,
    user_metadata,
)
from storage_app.wire.shapes import info_shape, row_shape, version_shape

MOST_AT_ONCE = 1000
_CACHE_CONTROL = re.compile(r"[\w=, -]{1,100}", re.ASCII)


class Info(StorageView):
    """What is known of a file, to whoever may read it."""

    def get(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        return told(info_shape(objects.find(bucket_id=bucket_id, name=name)))

    def head(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        found = objects.find(bucket_id=bucket_id, name=name)
        return HttpResponse(headers={"ETag": found.version.etag})


class PublicInfo(Info):
    """What is known of a file in a public bucket, to everyone."""

    needs_bearer = False

    def get(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        _require_public(bucket_id)
        return super().get(request, bucket_id, name)

    def head(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        _require_public(bucket_id)
        return super().head(request, bucket_id, name)


class One(StorageView):
    """One file; to read and to write it, the bytes' own application answers."""

    def delete(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        if not objects.remove(bucket_id=bucket_id, names=[name], at=self.at):
            raise ObjectNotFound
        return told({"message": "Successfully deleted"})


class Many(StorageView):
    """Files removed by their names; what is missing or not allowed is left out of the answer."""

    def delete(self, request: HttpRequest, bucket_id: str) -> HttpResponse:
        names = texts(body_of_request(request), "prefixes", most=MOST_AT_ONCE)
        gone = objects.remove(bucket_id=bucket_id, names=names, at=self.at)
        return told([row_shape(object) for object in gone])


class Move(StorageView):
    def post(self, request: HttpRequest) -> HttpResponse:
        bucket_id, name, to_bucket_id, to_name = _from_to(body_of_request(request))
        moved = objects.move(
            bucket_id=bucket_id, name=name, to_bucket_id=to_bucket_id, to_name=to_name, at=self.at
        )
        key = f"{moved.bucket_id}/{moved.name}"
        return told({"message": "Successfully moved", "Id": str(moved.pk), "Key": key})


class Copy(StorageView):
    limit = "heavy"
    at_once = False

    def post(self, request: HttpRequest) -> HttpResponse:
        body = body_of_request(request)
        bucket_id, name, to_bucket_id, to_name = _from_to(body)
        made = copying.copy(
            actor=self.actor,
            bucket_id=bucket_id,
            name=name,
            to_bucket_id=to_bucket_id,
            to_name=to_name,
            upsert=is_upsert(request),
            at=self.at,
            changes=_changes(request, body),
        )
        return told({"Id": str(made.pk), "Key": f"{made.bucket_id}/{made.name}", **row_shape(made)})


class Versions(StorageView):
    """What a file holds and held, newest first."""

    def get(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        current = objects.find(bucket_id=bucket_id, name=name).version_id
        found = objects.versions(bucket_id=bucket_id, name=name)
        return told([version_shape(version, current=version.pk == current) for version in found])


class Restore(StorageView):
    """An earlier version made the current one again."""

    def post(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        try:
            version_id = UUID(text(body_of_request(request), "version"))
        except ValueError:
            raise ObjectNotFound from None
        object = objects.restore(bucket_id=bucket_id, name=name, version_id=version_id, at=self.at)
        return told(info_shape(object))


def _require_public(bucket_id: str) -> None:
    """Raises BucketNotFound."""
    if not bucket_named(bucket_id).public:
        raise BucketNotFound


def _from_to(body: Body) -> tuple[str, str, str, str]:
    """Raises RequestRefused."""
    bucket_id, name = text(body, "bucketId"), text(body, "sourceKey")
    return bucket_id, name, text(body, "destinationBucket", bucket_id), text(body, "destinationKey")


def _changes(request: HttpRequest, body: Body) -> copying.Changes:
    """What the copy says of itself. Raises RequestRefused."""
    if flag(body, "copyMetadata", True):
        return copying.Changes()
    asked = mapping(body, "metadata")
    cache_control = text(asked, "cacheControl", objects.CACHED_FOR)
    if not _CACHE_CONTROL.fullmatch(cache_control):
        raise RequestRefused("body/metadata/cacheControl is not valid")
    return copying.Changes(
        content_type=text(asked, "mimetype", "") or None,
        cache_control=cache_control,
        user_metadata=user_metadata(request.headers.get("x-metadata", "")) or {},
    )
