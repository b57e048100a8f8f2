"""Pictures going out smaller, or in another format: made when they are first asked for."""

from dataclasses import replace
from uuid import UUID

from django.utils import timezone
from django.utils.http import http_date

from storage_app.asgi import threads
from storage_app.asgi.download import BY_CALLER, Header, serve
from storage_app.asgi.exchange import Exchange
from storage_app.services import reading, renditions
from storage_app.services.pictures import Order, PictureBusy
from storage_app.services.reading import Readable

# More than these do not wait for their turn: they are told to come again.
_MOST_WAITING = 40
_waiting = 0


async def own(exchange: Exchange, bucket_id: str, name: str) -> None:
    order = _order(exchange)

    def step() -> Readable:
        return reading.open_as(actor=exchange.actor(), bucket_id=bucket_id, name=name, at=timezone.now())

    file = await exchange.database(step)
    await _show(exchange, file, order, ("cache-control", file.cache_control), BY_CALLER)


async def public(exchange: Exchange, bucket_id: str, name: str) -> None:
    order = _order(exchange)
    step = reading.open_public
    file = await exchange.database(step, bucket_id=bucket_id, name=name, at=timezone.now())
    await _show(exchange, file, order, ("cache-control", file.cache_control))


async def signed(exchange: Exchange, bucket_id: str, name: str) -> None:
    token = exchange.query("token") or ""
    step = reading.open_picture_signed
    file, order = await exchange.database(
        step, token=token, bucket_id=bucket_id, name=name, at=timezone.now()
    )
    headers = [("cache-control", file.cache_control)]
    if file.open_until:
        headers.append(("expires", http_date(file.open_until.timestamp())))
    await _show(exchange, file, order, *headers)


def _order(exchange: Exchange) -> Order:
    """Raises InvalidTransformation."""
    names = ("width", "height", "resize", "format", "quality")
    return renditions.order_of({name: exchange.query(name) for name in names})


async def _show(exchange: Exchange, file: Readable, order: Order, *more: Header) -> None:
    global _waiting
    made = await exchange.database(renditions.ready, version_id=file.version_id, order=order)
    if made is None:
        if _waiting >= _MOST_WAITING:
            raise PictureBusy
        _waiting += 1
        try:
            made = await threads.slowly(
                exchange.origin,
                renditions.rendered,
                version_id=file.version_id,
                order=order,
                at=timezone.now(),
            )
        finally:
            _waiting -= 1
    picture = replace(
        file,
        # What is kept in memory of small files is kept by version: a picture made of one is another.
        version_id=UUID(made.blob_key.rpartition("/")[2]),
        blob_key=made.blob_key,
        size=made.size,
        content_type=made.content_type,
        etag=made.etag,
        modified_at=made.created_at,
    )
    await serve(exchange, picture, *more, ("x-transformations", renditions.recipe_of(order)))
