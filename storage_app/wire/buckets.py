"""Buckets: made, listed, changed, emptied and deleted."""

import re
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from storage_app.models import Bucket
from storage_app.services import buckets
from storage_app.services.access import bucket_named
from storage_app.services.objects import TooLarge, TypeNotAllowed
from storage_app.wire.base import StorageView, time_of, told
from storage_app.wire.errors import RequestRefused
from storage_app.wire.reading import Body, body_of_request, choice, flag, number, text

_COLUMNS = ("id", "name", "created_at", "updated_at")
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([KMGT]?B)?\s*", re.IGNORECASE)
_MIME = re.compile(
    r"(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62})/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62})", re.IGNORECASE
)


class Buckets(StorageView):
    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.dict()
        column = choice(asked, "sortColumn", "id", _COLUMNS).replace("name", "id")
        descending = choice(asked, "sortOrder", "asc", ("asc", "desc")) == "desc"
        limit = number(asked, "limit", 1000, least=1, most=1000)
        offset = number(asked, "offset", 0, least=0, most=10**9)
        found = Bucket.objects.filter(pk__icontains=asked.get("search", ""))
        rows = found.order_by(f"-{column}" if descending else column, "id")[offset : offset + limit]
        return told([{**bucket_shape(bucket), "type": "STANDARD"} for bucket in rows])

    def post(self, request: HttpRequest) -> HttpResponse:
        body = body_of_request(request)
        if choice(body, "type", "STANDARD", ("STANDARD", "ANALYTICS")) != "STANDARD":
            raise RequestRefused("Only standard buckets can be made", code="FeatureNotEnabled")
        id = text(body, "id", text(body, "name"))
        bucket = buckets.make(id=id, at=self.at, owner_id=self.actor.user_id, **_facts(body))
        return told({"name": bucket.pk})


class OneBucket(StorageView):
    def get(self, request: HttpRequest, id: str) -> HttpResponse:
        return told(bucket_shape(bucket_named(id)))

    def put(self, request: HttpRequest, id: str) -> HttpResponse:
        buckets.change(id=id, at=self.at, **_facts(body_of_request(request, nulls=True)))
        return told({"message": "Successfully updated"})

    def delete(self, request: HttpRequest, id: str) -> HttpResponse:
        buckets.delete(id=id)
        return told({"message": "Successfully deleted"})


class EndSigned(StorageView):
    """Ends every address into a bucket that was signed until now."""

    def post(self, request: HttpRequest, id: str) -> HttpResponse:
        buckets.end_signed_addresses(id=id)
        return told({"message": "Signed URLs ended"})


def bucket_shape(bucket: Bucket) -> dict[str, Any]:
    return {
        "id": bucket.pk,
        "name": bucket.pk,
        "owner": str(bucket.owner_id or ""),
        "public": bucket.public,
        "file_size_limit": bucket.file_size_limit,
        "allowed_mime_types": bucket.allowed_mime_types,
        "created_at": time_of(bucket.created_at),
        "updated_at": time_of(bucket.updated_at),
    }


def _facts(body: Body) -> dict[str, Any]:
    """What a body says of a bucket; null takes a limit away. Raises RequestRefused, TooLarge."""
    facts: dict[str, Any] = {}
    if body.get("public") is not None:
        facts["public"] = flag(body, "public", False)
    if "file_size_limit" in body:
        facts["file_size_limit"] = _size(body["file_size_limit"])
    if "allowed_mime_types" in body:
        facts["allowed_mime_types"] = _mime_types(body["allowed_mime_types"])
    return facts


def _size(value: object) -> int | None:
    """Bytes of `1000`, `"1000"` or `"1.5 MB"`; null and zero are no limit. Raises RequestRefused, TooLarge."""
    if value is None:
        return None
    found = (
        _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    )
    if found is None:
        raise RequestRefused("body/file_size_limit must be a number of bytes, or a text such as 20MB")
    size = int(Decimal(found[1]) * _UNITS[(found[2] or "B").upper()])
    if size > settings.FILE_SIZE_LIMIT:
        raise TooLarge(limit=settings.FILE_SIZE_LIMIT)
    return size or None


def _mime_types(value: object) -> list[str] | None:
    """Raises RequestRefused, TypeNotAllowed."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > 100:
        raise RequestRefused("body/allowed_mime_types must be array of strings")
    for one in value:
        if not _MIME.fullmatch(one):
            raise TypeNotAllowed(type=one[:127])
    return value or None
