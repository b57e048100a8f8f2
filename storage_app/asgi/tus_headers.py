"""What the headers and addresses of TUS say, read and written. Pure, and strict: what is malformed is refused."""

import base64
import re
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storage_app.asgi.exchange import Exchange
from storage_app.asgi.parts import ALGORITHMS, Checksum
from storage_app.asgi.upload import cache_control_of, metadata_of
from storage_app.models import Upload
from storage_app.services.uploads import UploadNotFound
from storage_app.wire.errors import RequestRefused

BYTES = "application/offset+octet-stream"
LONGEST_METADATA = 16 * 1024
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """What is asked for where an upload begins; `writes` where its first bytes come along, or it has none at all."""

    bucket_id: str
    name: str
    size: int | None
    upsert: bool
    writes: bool
    facts: dict[str, Any]


def address_of(upload: Upload) -> str:
    text = f"{upload.bucket_id}/{upload.name}/{upload.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_address(address: str) -> tuple[str, str, UUID]:
    """Raises UploadNotFound."""
    try:
        text = base64.urlsafe_b64decode(address + "=" * (-len(address) % 4)).decode()
        place, _slash, id = text.rpartition("/")
        bucket_id, _slash, name = place.partition("/")
        return bucket_id, name, UUID(id)
    except ValueError:
        raise UploadNotFound from None


def bytes_follow(exchange: Exchange) -> bool:
    return exchange.header("content-type").partition(";")[0].strip().lower() == BYTES


def number_in(exchange: Exchange, name: str) -> int | None:
    """Raises RequestRefused."""
    text = exchange.header(name)
    if text and not _NUMBER.fullmatch(text):
        raise RequestRefused(f"{name} is no number")
    return int(text) if text else None


def checksum_in(exchange: Exchange) -> Checksum | None:
    """Raises RequestRefused."""
    text = exchange.header("upload-checksum")
    if not text:
        return None
    algorithm, _space, expected = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise RequestRefused("Unsupported checksum algorithm")
    return Checksum(algorithm, _decoded(expected, "Upload-Checksum"))


def asked_in(exchange: Exchange) -> Asked:
    """Raises RequestRefused."""
    size, deferred = number_in(exchange, "upload-length"), exchange.header("upload-defer-length")
    if (size is None) == (deferred != "1") or (deferred and size is not None):
        raise RequestRefused("Either Upload-Length or Upload-Defer-Length: 1 must be sent")
    text = exchange.header("upload-metadata")
    told = _metadata(text)
    try:
        bucket_id, name = told["bucketName"].decode(), told["objectName"].decode()
        content_type, cache_control = (
            told.get(key, b"").decode("latin-1") for key in ("contentType", "cacheControl")
        )
    except KeyError as error:
        raise RequestRefused(f"Upload-Metadata lacks {error.args[0]}") from None
    except UnicodeDecodeError:
        raise RequestRefused("Upload-Metadata is no text") from None
    facts = {
        "content_type": content_type,
        "cache_control": cache_control_of(cache_control),
        "user_metadata": metadata_of(told["metadata"]) if told.get("metadata") else None,
        "upload_metadata": text,
    }
    upsert = exchange.header("x-upsert").lower() == "true"
    return Asked(bucket_id, name, size, upsert, size == 0 or bytes_follow(exchange), facts)


def _metadata(text: str) -> dict[str, bytes]:
    """Raises RequestRefused."""
    if len(text) > LONGEST_METADATA or not (text.isascii() and text.isprintable()):
        raise RequestRefused("Upload-Metadata is too long, or no such header")
    told = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        key, _space, value = pair.partition(" ")
        told[key] = _decoded(value, "Upload-Metadata")
    return told


def _decoded(text: str, what: str) -> bytes:
    """Raises RequestRefused."""
    try:
        return base64.b64decode(text, validate=True)
    except NotBase64:
        raise RequestRefused(f"{what} is not base64") from None
