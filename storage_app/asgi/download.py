"""Files going out: whole or a range of one, to whom the bucket's rules let, to everyone, or by a signed address."""

from django.utils import timezone
from django.utils.http import http_date

from storage_app import blobs
from storage_app.asgi.exchange import Exchange
from storage_app.asgi.threads import blocking
from storage_app.services import reading
from storage_app.services.reading import Readable


async def own(exchange: Exchange, bucket_id: str, name: str) -> None:
    def opened() -> Readable:
        return reading.open_as(actor=exchange.actor(), bucket_id=bucket_id, name=name, at=timezone.now())

    await _serve(exchange, await exchange.database(opened))


async def public(exchange: Exchange, bucket_id: str, name: str) -> None:
    found = await exchange.database(reading.open_public, bucket_id=bucket_id, name=name, at=timezone.now())
    await _serve(exchange, found)


async def _serve(exchange: Exchange, file: Readable) -> None:
    await exchange.start(
        200,
        (
            ("content-type", file.content_type),
            ("content-length", str(file.size)),
            ("etag", file.etag),
            ("last-modified", http_date(file.modified_at.timestamp())),
            ("cache-control", file.cache_control),
        ),
    )
    pieces = blobs.read(file.blob_key)
    while piece := await blocking(next, pieces, b""):
        await exchange.send(piece, more=True)
    await exchange.send(b"", more=False)
