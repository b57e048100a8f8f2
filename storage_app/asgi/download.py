"""Files going out: whole or a range of one, to whom the bucket's rules let, to everyone, or by a signed address."""

import asyncio

from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from storage_app import blobs
from storage_app.asgi import disposition
from storage_app.asgi.exchange import Disconnected, Exchange
from storage_app.asgi.ranges import Range, RangeOutside, range_of, still_the_same
from storage_app.asgi.threads import blocking
from storage_app.services import reading
from storage_app.services.reading import Readable

FOR_EVER = "public, max-age=31536000, immutable"
# The answer depends on who asks, also where no `Authorization` tells a cache so.
BY_CALLER = ("vary", "Authorization, apikey")


async def own(exchange: Exchange, bucket_id: str, name: str) -> None:
    def step() -> Readable:
        return reading.open_as(actor=exchange.actor(), bucket_id=bucket_id, name=name, at=timezone.now())

    file = await exchange.database(step)
    await _serve(exchange, file, ("cache-control", file.cache_control), BY_CALLER)


async def public(exchange: Exchange, bucket_id: str, name: str) -> None:
    file = await exchange.database(reading.open_public, bucket_id=bucket_id, name=name, at=timezone.now())
    named = exchange.query("version") == str(file.version_id)
    await _serve(exchange, file, ("cache-control", FOR_EVER if named else file.cache_control))


async def signed(exchange: Exchange, bucket_id: str, name: str) -> None:
    token = exchange.query("token") or ""
    step = reading.open_signed
    file = await exchange.database(step, token=token, bucket_id=bucket_id, name=name, at=timezone.now())
    headers = [("cache-control", file.cache_control)]
    if file.open_until:
        headers.append(("expires", http_date(file.open_until.timestamp())))
    await _serve(exchange, file, *headers)


async def _serve(exchange: Exchange, file: Readable, *more: tuple[str, str]) -> None:
    modified = http_date(file.modified_at.timestamp())
    headers = [("etag", file.etag), ("last-modified", modified), ("accept-ranges", "bytes"), *more]
    unchanged = get_conditional_response(
        exchange.http, etag=file.etag, last_modified=int(file.modified_at.timestamp())
    )
    if unchanged is not None:
        await exchange.answer(unchanged.status_code, headers)
        return
    download = exchange.query("download")
    headers += disposition.headers_for(content_type=file.content_type, download=download)
    headers.append(("x-robots-tag", "none"))
    try:
        part = _range_asked(exchange, file)
    except RangeOutside:
        await exchange.answer(416, [*headers[:3], ("content-range", f"bytes */{file.size}")])
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


async def _send(
    exchange: Exchange, file: Readable, status: int, headers: list[tuple[str, str]], part: Range
) -> None:
    headers.append(("content-length", str(part.length)))
    if exchange.method == "HEAD":
        await exchange.start(status, headers)
        await exchange.send(b"", more=False)
        return
    reader = await blocking(blobs.opened, file.blob_key, start=part.start, length=part.length)
    try:
        await exchange.start(status, headers)
        await _stream(exchange, reader)
    finally:
        await blocking(reader.close)


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
