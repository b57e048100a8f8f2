"""Uploads that go on where they stopped (TUS 1.0.0: creation, also with bytes and with the length told later, checksum,
expiration, termination). By who may put the file, or by a signed address whose token comes as `x-signature`.

Rights are asked when an upload begins, with everything that is written to it, and when it becomes a file.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.http import http_date

from core.actors import ANON, SERVICE, Actor, acting, acting_as_service
from storage_app import blobs
from storage_app.asgi import kept
from storage_app.asgi.exchange import Disconnected, Exchange
from storage_app.asgi.parts import ALGORITHMS, Arriving, Checksum, ChecksumWrong, Joined
from storage_app.asgi.tus_headers import (
    BYTES,
    Asked,
    address_of,
    asked_in,
    bytes_follow,
    checksum_in,
    number_in,
    read_address,
)
from storage_app.asgi.upload import Permit
from storage_app.models import Object, Upload
from storage_app.services import objects, signing, uploads
from storage_app.services.objects import Place, TooLarge
from storage_app.services.uploads import UploadNotFound
from storage_app.wire.errors import RequestRefused, body_of, headers_of, is_fault
from storage_app.wire.limits import count_request

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination"
_OVERRIDES = ("PATCH", "DELETE", "HEAD")
CHECKSUM_WRONG = 460

logger = logging.getLogger(__name__)
Header = tuple[str, str]


async def uploads_of(exchange: Exchange, signed: str | None) -> None:
    """Where uploads are begun."""
    await _told(exchange, _options if exchange.method == "OPTIONS" else _create, signed=bool(signed))


async def upload(exchange: Exchange, signed: str | None, address: str) -> None:
    """Where one upload goes on."""
    override = exchange.header("x-http-method-override").upper()
    method = override if exchange.method == "POST" and override in _OVERRIDES else exchange.method
    steps = {"OPTIONS": _options, "HEAD": _look, "PATCH": _write, "DELETE": _end}
    await _told(exchange, steps.get(method, _no_step), signed=bool(signed), address=address)


async def _told(exchange: Exchange, step: Callable[..., Awaitable[None]], **facts: Any) -> None:
    """Take a step, and tell its refusals as this protocol does: by status, in a few words of plain text."""
    try:
        if exchange.header("tus-resumable") != VERSION and step is not _options:
            raise RequestRefused("Tus-Resumable is none that is spoken here", http_status=412)
        await step(exchange, **facts)
    except Disconnected:
        raise
    except Exception as error:
        if exchange.begun:
            raise
        if is_fault(error):
            logger.exception("request %s failed", exchange.names["request_id"])
        status, text = _refusal(error)
        headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
        headers += [*headers_of(error).items(), *([("tus-version", VERSION)] if status == 412 else [])]
        await _answer(exchange, status, headers, text.encode())


def _refusal(error: Exception) -> tuple[int, str]:
    match error:
        case ChecksumWrong():
            return CHECKSUM_WRONG, "Checksum Mismatch"
        case TooLarge():
            return 413, "Maximum size exceeded"
    body = body_of(error)[1]
    return int(body["statusCode"]), body["message"]


async def _answer(exchange: Exchange, status: int, headers: list[Header], body: bytes = b"") -> None:
    await exchange.answer(status, [("tus-resumable", VERSION), *headers], body)


async def _no_step(exchange: Exchange, **_facts: Any) -> None:
    raise RequestRefused("Method not allowed", http_status=405)


async def _options(exchange: Exchange, **_facts: Any) -> None:
    headers = [
        ("tus-version", VERSION),
        ("tus-extension", EXTENSIONS),
        ("tus-max-size", str(settings.FILE_SIZE_LIMIT)),
        ("tus-checksum-algorithm", ",".join(ALGORITHMS)),
    ]
    await _answer(exchange, 204, headers)


async def _create(exchange: Exchange, *, signed: bool) -> None:
    asked = asked_in(exchange)
    checksum = checksum_in(exchange) if asked.writes else None
    opened = await exchange.database(_begin, exchange=exchange, signed=signed, asked=asked)
    id = opened.upload.pk
    try:
        if asked.writes:
            await _continue(exchange, opened, checksum)
    except Disconnected:
        raise
    except Exception:
        # Nobody was told where it is.
        await exchange.database(uploads.end, id=id, at=timezone.now())
        raise
    location = f"{exchange.path.rstrip('/')}/{address_of(opened.upload)}"
    where = ("location", exchange.http.build_absolute_uri(location))
    await _answer(exchange, 201, [where, *_progress(opened.upload)])


async def _look(exchange: Exchange, *, signed: bool, address: str) -> None:
    """Tell how far an upload has come. One whose last bytes came, but that became no file yet, becomes it now."""
    opened = await exchange.database(_open, exchange=exchange, signed=signed, address=address)
    if opened.upload.finished_at is None and opened.upload.offset == opened.upload.size:
        await exchange.database(_take, opened=opened, offset=opened.upload.offset)
        await _continue(exchange, opened, None, has_bytes=False)
        kept.rows.clear()
    size = opened.upload.size
    headers = [
        ("cache-control", "no-store"),
        ("upload-length", str(size)) if size is not None else ("upload-defer-length", "1"),
        *_progress(opened.upload),
    ]
    if opened.upload.upload_metadata:
        headers.append(("upload-metadata", opened.upload.upload_metadata))
    await _answer(exchange, 200, headers)


async def _write(exchange: Exchange, *, signed: bool, address: str) -> None:
    if not bytes_follow(exchange):
        raise RequestRefused(f"Content-Type must be {BYTES}", http_status=415)
    offset, checksum = number_in(exchange, "upload-offset"), checksum_in(exchange)
    if offset is None:
        raise RequestRefused("Upload-Offset is missing")
    opened = await exchange.database(_open, exchange=exchange, signed=signed, address=address)
    await exchange.database(_take, opened=opened, offset=offset, size=number_in(exchange, "upload-length"))
    await _continue(exchange, opened, checksum)
    done = [("tus-complete", "1")] if opened.upload.finished_at else []
    await _answer(exchange, 204, [*_progress(opened.upload), *done])


async def _end(exchange: Exchange, *, signed: bool, address: str) -> None:
    def step() -> None:
        found = _open(exchange=exchange, signed=signed, address=address)
        with acting(found.permit.actor):
            uploads.end(id=found.upload.pk, at=timezone.now())

    await exchange.database(step)
    await _answer(exchange, 204, [])


@dataclass
class Opened:
    """An upload, as whom it is written to, and where it goes once that was asked."""

    upload: Upload
    permit: Permit
    place: Place | None = None


async def _continue(
    exchange: Exchange, opened: Opened, checksum: Checksum | None, *, has_bytes: bool = True
) -> None:
    """Take in what the request brings, and make it a file where that was the last of it. The lease ends with this."""
    upload, place = opened.upload, opened.place
    if upload.writer is None or place is None:
        return
    writer = upload.writer
    try:
        if has_bytes:
            _check_fits(exchange, upload, place)
            upload = await Arriving(exchange, upload, place, checksum).take_in()
        if upload.offset == upload.size:
            await _finish(exchange, Opened(upload, opened.permit))
            upload.finished_at = timezone.now()
        opened.upload = upload
    finally:
        await exchange.database(uploads.release, id=upload.pk, writer=writer)


async def _finish(exchange: Exchange, opened: Opened) -> None:
    def ask() -> None:
        # Before anything is copied: what would be refused costs nothing.
        opened.permit.ask(size=opened.upload.size)

    def keep(written: blobs.Written) -> Object:
        at = timezone.now()
        place = replace(opened.permit.ask(size=written.size), owner_id=opened.upload.owner_id)
        with acting(opened.permit.actor):
            upload = opened.upload
            assert upload.writer is not None
            return uploads.finish(id=upload.pk, writer=upload.writer, place=place, written=written, at=at)

    await exchange.database(ask)
    async with Joined(exchange, opened.upload) as written:
        await exchange.database(keep, written=written)


def _begin(*, exchange: Exchange, signed: bool, asked: Asked) -> Opened:
    at = timezone.now()
    permit = _permit(exchange, signed, asked.bucket_id, asked.name, asked.upsert, at=at)
    place = permit.ask(size=asked.size, content_type=asked.facts["content_type"])
    with acting(permit.actor):
        upload = uploads.begin(place=place, size=asked.size, at=at, **asked.facts)
        if asked.writes:
            upload = uploads.take(id=upload.pk, offset=0, at=at)
    return Opened(upload, permit, place)


def _open(*, exchange: Exchange, signed: bool, address: str) -> Opened:
    """Find an upload by its address. Raises UploadNotFound, UploadExpired, and what says that one may not."""
    bucket_id, name, id = read_address(address)
    at = timezone.now()
    if not signed:
        actor = exchange.actor()
        with acting(actor):
            upload = uploads.find(id=id, bucket_id=bucket_id, name=name, at=at)
        return Opened(upload, _own(actor, bucket_id, name, upload.upsert))
    with acting_as_service():
        upload = uploads.find(id=id, bucket_id=bucket_id, name=name, at=at)
    # Who begins in time may finish, unless the bucket's addresses were ended meanwhile.
    permit = _signed(exchange, bucket_id, name, at=upload.created_at)
    if permit.actor.user_id != upload.owner_id:
        raise UploadNotFound
    return Opened(upload, permit)


def _take(*, opened: Opened, offset: int, size: int | None = None) -> None:
    """Become the one that writes. Raises as `uploads.take` and `uploads.declare_size`, and what says one may not."""
    id, at = opened.upload.pk, timezone.now()
    opened.upload = uploads.take(id=id, offset=offset, at=at)
    writer = opened.upload.writer
    if opened.upload.finished_at is not None or writer is None:
        return
    try:
        opened.place = opened.permit.ask(size=opened.upload.size or size)
        if size is not None:
            opened.upload = uploads.declare_size(id=id, writer=writer, place=opened.place, size=size)
    except BaseException:
        uploads.release(id=id, writer=writer)
        raise


def _permit(
    exchange: Exchange, signed: bool, bucket_id: str, name: str, upsert: bool, *, at: datetime
) -> Permit:
    if signed:
        return _signed(exchange, bucket_id, name, at=at)
    return _own(exchange.actor(), bucket_id, name, upsert)


def _own(actor: Actor, bucket_id: str, name: str, upsert: bool) -> Permit:
    def ask(**facts: Any) -> Place:
        with acting(actor):
            return objects.place_for(bucket_id=bucket_id, name=name, upsert=upsert, **facts)

    return Permit(actor, ask)


def _signed(exchange: Exchange, bucket_id: str, name: str, *, at: datetime) -> Permit:
    def read() -> signing.Signed:
        token = exchange.header("x-signature")
        return signing.read(token, scope="upload", bucket_id=bucket_id, name=name, at=at)

    def ask(**facts: Any) -> Place:
        return signing.place_of(read(), **facts)

    # Whoever has the address may come in any number.
    count_request("default", actor=Actor(ANON), ip=exchange.origin.ip)
    owner_id = read().owner_id
    claims = {"role": SERVICE, **({"sub": str(owner_id)} if owner_id else {})}
    return Permit(Actor(SERVICE, claims), ask)


def _progress(upload: Upload) -> list[Header]:
    expires = http_date(upload.expires_at.timestamp())
    return [("upload-offset", str(upload.offset)), ("upload-expires", expires)]


def _check_fits(exchange: Exchange, upload: Upload, place: Place) -> None:
    """Raises TooLarge for a body that says it is longer than what is missing."""
    limit = place.limit if upload.size is None else upload.size
    if upload.offset + (exchange.declared_size or 0) > limit:
        raise TooLarge(limit=limit)
