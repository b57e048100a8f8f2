"""Files told of, moved, copied, removed, and brought back as they were."""

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from core.actors import acting_as_anon
from storage_app.models import Bucket
from storage_app.services import copying, objects
from storage_app.services.access import BucketNotFound, ObjectNotFound, bucket_named
from storage_app.wire.base import StorageView, told
from storage_app.wire.reading import (
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


class Info(StorageView):
    """What is known of a file, to whoever may read it."""

    def get(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        return told_of(objects.find(bucket_id=bucket_id, name=name))

    def head(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        found = objects.find(bucket_id=bucket_id, name=name)
        return HttpResponse(headers={"ETag": found.version.etag})


class PublicInfo(StorageView):
    """What is known of a file in a public bucket, to everyone."""

    needs_bearer = False

    def get(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        count_request("default", actor=STRANGER, ip=client_ip(request))
        with acting_as_anon():
            if not bucket_named(bucket_id).public:
                raise BucketNotFound
            return told_of(objects.find(bucket_id=bucket_id, name=name))
