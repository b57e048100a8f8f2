"""Files coming in: the body itself, or a form with the file in it; by who may, or by a signed address."""

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from core.actors import SERVICE, Actor, acting
from core.ids import uuid7
from storage_app import blobs
from storage_app.asgi import multipart
from storage_app.asgi.exchange import Exchange
from storage_app.asgi.incoming import Incoming
from storage_app.models import Object
from storage_app.services import objects, removal, signing
from storage_app.services.objects import CACHED_FOR, Place, TooLarge
from storage_app.wire.errors import RequestRefused

LONGEST_FIELD = 64 * 1024
LONGEST_CACHE_CONTROL = 100
# What a form needs beside its file.
ROUND_A_FILE = 256 * 1024
_FIELDS = ("cacheControl", "metadata", "contentType")

logger = logging.getLogger(__name__)


@dataclass
class Sent:
    """What the request says of its file."""

    content_type: str = ""
    cache_control: str = CACHED_FOR
    user_metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class Permit:
    """As whom the file is put; `ask` asks whether it may be, before its bytes and again after them."""

    actor: Actor
    ask: Callable[..., Place] = field(repr=False)


async def own(exchange: Exchange, bucket_id: str, name: str) -> None:
    upsert = exchange.method == "PUT" or exchange.header("x-upsert").lower() == "true"

    def permit() -> Permit:
        actor = exchange.actor()

        def ask(**facts: Any) -> Place:
            with acting(actor):
                return objects.place_for(bucket_id=bucket_id, name=name, upsert=upsert, **facts)

        return Permit(actor, ask)

    object = await _receive(exchange, permit)
    await exchange.json(200, {"Id": str(object.pk), "Key": f"{bucket_id}/{name}"})


async def signed(exchange: Exchange, bucket_id: str, name: str) -> None:
    token, begun_at = exchange.query("token") or "", timezone.now()

    def permit() -> Permit:
        def ask(**facts: Any) -> Place:
            # Who begins in time may finish, unless the bucket's addresses were ended meanwhile.
            allowed = signing.read(token, scope="upload", bucket_id=bucket_id, name=name, at=begun_at)
            return signing.place_of(allowed, **facts)

        owner_id = signing.read(token, scope="upload", bucket_id=bucket_id, name=name, at=begun_at).owner_id
        claims = {"role": SERVICE, **({"sub": str(owner_id)} if owner_id else {})}
        return Permit(Actor(SERVICE, claims), ask)

    await _receive(exchange, permit)
    await exchange.json(200, {"Key": f"{bucket_id}/{name}"})


async def _receive(exchange: Exchange, permit: Callable[[], Permit]) -> Object:
    """Take a file in, and return it. A blob whose row is refused is removed later."""
    boundary = multipart.boundary_of(exchange.header("content-type"))
    sent = Sent() if boundary else _sent_by_headers(exchange)

    def step() -> tuple[Permit, Place]:
        allowed = permit()
        size = None if boundary else exchange.declared_size
        return allowed, allowed.ask(size=size, content_type=sent.content_type)

    allowed, place = await exchange.database(step)
    if boundary and (exchange.declared_size or 0) > place.limit + ROUND_A_FILE:
        raise TooLarge(limit=place.limit)
    async with Incoming(blobs.key_of(uuid7()), place) as incoming:
        if boundary:
            await _from_form(exchange, boundary, incoming, sent)
        else:
            incoming.content_type = sent.content_type
            async for piece in exchange.pieces():
                await incoming.add(piece)
        written = await incoming.finish()
    return await exchange.database(_keep, permit=allowed, written=written, sent=sent)


def _keep(*, permit: Permit, written: blobs.Written, sent: Sent) -> Object:
    at = timezone.now()
    try:
        place = permit.ask(size=written.size)
        with acting(permit.actor):
            return objects.put(
                place=place,
                written=written,
                content_type=sent.content_type,
                cache_control=sent.cache_control,
                user_metadata=sent.user_metadata,
                at=at,
            )
    except BaseException:
        removal.doom_unused(key=written.key, at=at)
        raise


def _sent_by_headers(exchange: Exchange) -> Sent:
    """Raises RequestRefused."""
    return Sent(
        content_type=exchange.header("content-type"),
        cache_control=cache_control_of(exchange.header("cache-control")),
        user_metadata=_metadata_of_header(exchange.header("x-metadata")),
    )


async def _from_form(exchange: Exchange, boundary: bytes, incoming: Incoming, sent: Sent) -> None:
    """Read the form to its end. Raises RequestRefused where it has no file, or more than one."""
    fields: dict[str, bytes] = {}
    file: multipart.Part | None = None
    async for part, data in multipart.parts(exchange.pieces(), boundary):
        if part.is_file:
            if file is None:
                file = part
                incoming.content_type = fields.get("contentType", b"").decode("latin-1") or part.content_type
            elif part is not file:
                raise RequestRefused("The multipart body holds more than one file")
            await incoming.add(data)
        elif part.name in _FIELDS:
            fields[part.name] = fields.get(part.name, b"") + data
            if len(fields[part.name]) > LONGEST_FIELD:
                raise RequestRefused(f"The field {part.name} is too long")
    if file is None:
        raise RequestRefused("The multipart body holds no file")
    sent.content_type = incoming.content_type
    sent.cache_control = cache_control_of(fields.get("cacheControl", b"").decode("latin-1"))
    text = _metadata_of_header(exchange.header("x-metadata"))
    sent.user_metadata = metadata_of(fields["metadata"]) if fields.get("metadata") else text


def cache_control_of(text: str) -> str:
    """`3600` and `max-age=3600` alike. Raises RequestRefused."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        text = f"max-age={text}"
    if len(text) > LONGEST_CACHE_CONTROL or not (text.isascii() and text.isprintable()):
        raise RequestRefused("cacheControl is no such header")
    return text or CACHED_FOR


def _metadata_of_header(text: str) -> dict[str, Any] | None:
    """Raises RequestRefused."""
    if not text:
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise RequestRefused("x-metadata must be JSON in base64") from None
    return metadata_of(decoded)


def metadata_of(text: bytes) -> dict[str, Any]:
    """Return what the database can keep. Raises RequestRefused."""
    try:
        found = json.loads(text)
        kept = json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise RequestRefused("metadata must be JSON") from None
    if not isinstance(found, dict) or b"\\u0000" in kept or len(kept) > LONGEST_FIELD:
        raise RequestRefused("metadata must be a JSON object")
    return found
