"""Files going out: whole or a range of one, to whom the bucket's rules let, to everyone, or by a signed address."""

import asyncio
from collections.abc import Awaitable

from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from storage_app import blobs
from storage_app.asgi import disposition, kept
from storage_app.asgi.exchange import Disconnected, Exchange
from storage_app.asgi.ranges import Range, RangeOutside, range_of, still_the_same
from storage_app.asgi.threads import blocking
from storage_app.services import reading
from storage_app.services.reading import Readable

FOR_EVER = "public, max-age=31536000, immutable"
# The answer depends on who asks, also where no `Authorization` tells a cache so.
BY_CALLER = ("vary", "Authorization, apikey")
Header = tuple[str, str]


async def own(exchange: Exchange, bucket_id: str, name: str) -> None:
    def step() -> Readable:
        return reading.open_as(actor=exchange.actor(), bucket_id=bucket_id, name=name, at=timezone.now())

    file = await exchange.database(step)
    await serve(exchange, file, ("cache-control", file.cache_control), BY_CALLER)


async def public(exchange: Exchange, bucket_id: str, name: str) -> None:
    def read() -> Awaitable[Readable]:
        return exchange.database(reading.open_public, bucket_id=bucket_id, name=name, at=timezone.now())

    file = await kept.rows.get((bucket_id, name), read)
    named = exchange.query("version") == str(file.version_id)
    await serve(exchange, file, ("cache-control", FOR_EVER if named else file.cache_control))


async def signed(exchange: Exchange, bucket_id: str, name: str) -> None:
    token = exchange.query("token") or ""
    step = reading.open_signed
    file = await exchange.database(step, token=token, bucket_id=bucket_id, name=name, at=timezone.now())
    headers = [("cache-control", file.cache_control)]
    if file.open_until:
        headers.append(("expires", http_date(file.open_until.timestamp())))
    await serve(exchange, file, *headers)


def plain_headers(file: Readable) -> list[Header]:
    """Those of the whole of a file, sent to everyone who asks for no more than that."""
    facts = [*_identity(file), ("cache-control", file.cache_control), *_shown(file, download=None)]
    return [*facts, ("content-length", str(file.size))]


def _identity(file: Readable) -> list[Header]:
    modified = http_date(file.modified_at.timestamp())
    return [("etag", file.etag), ("last-modified", modified), ("accept-ranges", "bytes")]


def _shown(file: Readable, *, download: str | None) -> list[Header]:
    shown = disposition.headers_for(content_type=file.content_type, download=download)
    return [*shown, ("x-robots-tag", "none")]


async def serve(exchange: Exchange, file: Readable, *more: Header) -> None:
    """Answer with what was asked of a file: all, a part, or that it is unchanged."""
    facts = [*_identity(file), *more]
    unchanged = get_conditional_response(
        exchange.http, etag=file.etag, last_modified=int(file.modified_at.timestamp())
    )
    if unchanged is not None:
        await exchange.answer(unchanged.status_code, facts)
        return
    headers = [*facts, *_shown(file, download=exchange.query("download"))]
    try:
        part = _range_asked(exchange, file)
    except RangeOutside:
        await exchange.answer(416, [*_identity(file), ("content-range", f"bytes */{file.size}")])
        return
    if part is None:
        await _send(exchange, file, 200, headers, Range(0, file.size))
    else:
        headers.append(("content-range", part.told(file.size)))
        await _send(exchange, file, 206, headers, part)


def _range_asked(exchange: Exchange, file: Readable) -> Range | None:
    """Raises RangeOutside."""
    text, unless = exchange.header("range"), exchange.header("if-range")
    if not text or exchange.method != "GET":
        return None
    if not still_the_same(unless, etag=file.etag, modified_at=file.modified_at):
        return None
    return range_of(text, size=file.size)


async def _send(exchange: Exchange, file: Readable, status: int, headers: list[Header], part: Range) -> None:
    headers.append(("content-length", str(part.length)))
    if exchange.method == "HEAD":
        await exchange.start(status, headers)
        await exchange.send(b"", more=False)
    elif file.size <= kept.SMALL:
        body = (await _content(file)).body
        await exchange.start(status, headers)
        await exchange.send(body[part.start : part.start + part.length], more=False)
    else:
        reader = await blocking(blobs.opened, file.blob_key, start=part.start, length=part.length)
        try:
            await exchange.start(status, headers)
            await _stream(exchange, reader)
        finally:
            await blocking(reader.close)


async def _content(file: Readable) -> kept.Content:
    """The whole of a small file."""
    content = kept.contents.get(file.version_id)
    if content is None:
        content = kept.contents.put(file.version_id, await blocking(b"".join, blobs.read(file.blob_key)))
    return content


async def _stream(exchange: Exchange, reader: blobs.FolderReader | blobs.S3Reader) -> None:
    """Send what there is to read. Raises Disconnected: who sends would not notice that nobody listens any more."""
    gone = asyncio.ensure_future(exchange.gone())
    try:
        while True:
            piece = reader.ready()
            if piece is None:
                piece = await blocking(reader.read)
            if not piece:
                break
            await exchange.send(piece, more=True)
            # Others' turn: sending waits only where the client is slower than this process.
            await asyncio.sleep(0)
            if gone.done():
                raise Disconnected
    finally:
        gone.cancel()
    await exchange.send(b"", more=False)
