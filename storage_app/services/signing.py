"""Addresses that open one file to whoever has them, for a time: to read one version of it, or to put it there.

A token (JWT, HS256) is signed under a key of its own, so that no access token passes for one, nor one for an access
token. It names the bucket's epoch: raising that ends every address of a bucket. One to read names the version, and
ends when that version goes or the file moves elsewhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.actors import acting_as_service
from core.errors import DomainError
from storage_app.models import GIVEN_OUT, Bucket, Object, ObjectVersion
from storage_app.services import objects
from storage_app.services.objects import Place

Scope = Literal["download", "upload"]
UPLOAD_LIFE = timedelta(hours=2)
LONGEST_LIFE = timedelta(days=3660)


class SignatureRefused(DomainError):
    """`reason` says why: malformed, forged, expired, not for download, not for upload, other address, ended."""

    code = "signature_refused"
    kind = "forbidden"
    message = _("This address is not valid, or no longer.")
    public = ("reason",)


@dataclass(frozen=True)
class Signed:
    """What a token allows: to read `version_id` (in the form `rendition`), or to put a file there as `owner_id`."""

    bucket_id: str
    name: str
    version_id: UUID | None
    owner_id: UUID | None
    upsert: bool
    rendition: dict[str, Any] | None
    expires_at: datetime


def sign_download(
    *, object: Object, bucket: Bucket, expires_in: int, at: datetime, rendition: dict[str, Any] | None = None
) -> str:
    """Return a token that opens the current version of a file for so many seconds. Asks no right: the caller did."""
    claims: dict[str, Any] = {"version": str(object.version_id)}
    if rendition:
        claims["transformations"] = rendition
    life = min(timedelta(seconds=expires_in), LONGEST_LIFE)
    return _token("download", bucket, object.name, life, at, claims)


def sign_upload(*, place: Place, bucket: Bucket, at: datetime) -> str:
    """Return a token by which anybody may put one file there, as who asked for the place."""
    claims: dict[str, Any] = {"upsert": place.upsert}
    if place.owner_id:
        claims["owner"] = str(place.owner_id)
    return _token("upload", bucket, place.name, UPLOAD_LIFE, at, claims)


def read(token: str, *, scope: Scope, bucket_id: str, name: str, at: datetime) -> Signed:
    """Return what a token allows with this file. Raises SignatureRefused."""
    claims = _verified(token)
    if claims["exp"] <= at.timestamp():
        raise SignatureRefused(reason="expired")
    if claims["scope"] != scope:
        raise SignatureRefused(reason=f"not for {scope}")
    if claims["url"] != f"{bucket_id}/{name}" or claims["bucket"] != bucket_id:
        raise SignatureRefused(reason="other address")
    signed = Signed(
        bucket_id=bucket_id,
        name=name,
        version_id=UUID(claims["version"]) if scope == "download" else None,
        owner_id=UUID(claims["owner"]) if "owner" in claims else None,
        upsert=bool(claims.get("upsert")),
        rendition=claims.get("transformations"),
        expires_at=datetime.fromtimestamp(claims["exp"], tz=at.tzinfo),
    )
    if not _lives(signed, claims["epoch"]):
        raise SignatureRefused(reason="ended")
    return signed


def place_of(signed: Signed, *, size: int | None = None, content_type: str = "") -> Place:
    """Return where a token to upload puts its file, as `objects.place_for` does; rights were asked at its signing."""
    with acting_as_service():
        place = objects.place_for(
            bucket_id=signed.bucket_id,
            name=signed.name,
            upsert=signed.upsert,
            size=size,
            content_type=content_type,
        )
    return replace(place, owner_id=signed.owner_id)


def _token(
    scope: Scope, bucket: Bucket, name: str, life: timedelta, at: datetime, claims: dict[str, Any]
) -> str:
    facts = {
        "url": f"{bucket.pk}/{name}",
        "bucket": bucket.pk,
        "scope": scope,
        "epoch": bucket.epoch,
        "iat": int(at.timestamp()),
        "exp": int((at + life).timestamp()),
    }
    return jwt.encode({**facts, **claims}, _key(settings.JWT_SECRET), algorithm="HS256")


def _verified(token: str) -> dict[str, Any]:
    if token.count(".") != 2:
        raise SignatureRefused(reason="malformed")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(settings.JWT_SECRET),
            algorithms=["HS256"],
            options={"require": ["exp"], "verify_exp": False, "verify_iat": False},
        )
    except (jwt.InvalidTokenError, ValueError):
        raise SignatureRefused(reason="forged") from None
    return claims


def _lives(signed: Signed, epoch: int) -> bool:
    with acting_as_service():
        if signed.version_id is None:
            return Bucket.objects.filter(pk=signed.bucket_id, epoch=epoch).exists()
        return ObjectVersion.objects.filter(
            pk=signed.version_id,
            object__bucket_id=signed.bucket_id,
            object__name=signed.name,
            object__bucket__epoch=epoch,
            scan__in=GIVEN_OUT,
        ).exists()


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"storage-signature").derive(secret.encode())
