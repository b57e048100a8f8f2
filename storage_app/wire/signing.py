"""Addresses signed for a time: to read one file, many, and to put one there."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from storage_app.models import Bucket, Object
from storage_app.services import objects, signing
from storage_app.services.access import bucket_named
from storage_app.wire.base import StorageView, told
from storage_app.wire.errors import RequestRefused
from storage_app.wire.reading import (
    Body,
    body_of_request,
    choice,
    is_upsert,
    mapping,
    number,
    texts,
)

MOST_AT_ONCE = 1000
MISSING = "Either the object does not exist or you do not have access to it"
_LONGEST = int(signing.LONGEST_LIFE.total_seconds())
_WIDEST = 5000


class Sign(StorageView):
    def post(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        body = body_of_request(request)
        expires_in, rendition = _expires_in(body), _rendition(mapping(body, "transform"))
        bucket, object = bucket_named(bucket_id), objects.find(bucket_id=bucket_id, name=name)
        token = signing.sign_download(
            object=object, bucket=bucket, expires_in=expires_in, at=self.at, rendition=rendition
        )
        way = "render/image/sign" if rendition else "object/sign"
        return told({"signedURL": _address(way, bucket, object.name, token)})


class SignMany(StorageView):
    def post(self, request: HttpRequest, bucket_id: str) -> HttpResponse:
        body = body_of_request(request)
        expires_in, paths = _expires_in(body), texts(body, "paths", most=MOST_AT_ONCE)
        bucket = bucket_named(bucket_id)
        found = {one.name: one for one in Object.objects.filter(bucket=bucket, name__in=paths)}

        def signed(path: str) -> dict[str, Any]:
            object = found.get(path)
            if object is None:
                return {"path": path, "error": MISSING, "signedURL": None}
            token = signing.sign_download(object=object, bucket=bucket, expires_in=expires_in, at=self.at)
            return {"path": path, "error": None, "signedURL": _address("object/sign", bucket, path, token)}

        return told([signed(path) for path in paths])


class SignUpload(StorageView):
    def post(self, request: HttpRequest, bucket_id: str, name: str) -> HttpResponse:
        place = objects.place_for(bucket_id=bucket_id, name=name, upsert=is_upsert(request))
        bucket = bucket_named(bucket_id)
        token = signing.sign_upload(place=place, bucket=bucket, at=self.at)
        return told({"url": _address("object/upload/sign", bucket, name, token), "token": token})


def _expires_in(body: Body) -> int:
    return number(body, "expiresIn", None, least=1, most=_LONGEST)


def _rendition(asked: Body) -> dict[str, Any] | None:
    """What a picture is to be turned into, as its token carries it. Raises RequestRefused."""
    if not asked:
        return None
    known = {"width", "height", "resize", "format", "quality"}
    if not set(asked) <= known:
        raise RequestRefused(f"body/transform must have only {', '.join(sorted(known))}")
    wanted: dict[str, Any] = {}
    for name in ("width", "height"):
        if name in asked:
            wanted[name] = number(asked, name, None, least=1, most=_WIDEST)
    if "quality" in asked:
        wanted["quality"] = number(asked, "quality", None, least=20, most=100)
    if "resize" in asked:
        wanted["resize"] = choice(asked, "resize", "cover", ("cover", "contain", "fill"))
    if "format" in asked:
        wanted["format"] = choice(asked, "format", "origin", ("origin", "webp", "avif", "jpeg", "png"))
    return wanted


def _address(way: str, bucket: Bucket, name: str, token: str) -> str:
    return f"/{way}/{quote(f'{bucket.pk}/{name}')}?token={token}"
