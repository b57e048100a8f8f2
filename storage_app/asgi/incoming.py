"""Bytes on their way into a blob: hashed and written in a thread while the next ones arrive."""

import asyncio
from contextlib import suppress
from types import TracebackType

from storage_app import blobs
from storage_app.asgi.threads import blocking
from storage_app.content import SNIFFED
from storage_app.services import objects
from storage_app.services.objects import Place, TooLarge

# So much is passed to a thread at once: less costs more in handing over than it saves in waiting.
PASSED_ON = 2 * blobs.PIECE


class Incoming:
    """Holds what is filling up, what is being written, and what is still being hashed: three times `PASSED_ON`.

    async with Incoming(key, place) as incoming:
        await incoming.add(piece) ...
        written = await incoming.finish()

    What is not finished leaves nothing behind.
    """

    def __init__(self, key: str, place: Place) -> None:
        self.size, self.content_type = 0, ""
        self._key, self._place = key, place
        self._filling: list[bytes] = []
        self._filled, self._sniffed, self._finished = 0, False, False
        self._writing: asyncio.Future[None] | None = None
        self._writer: blobs.Writer

    async def __aenter__(self) -> "Incoming":
        self._writer = await blocking(blobs.Writer, self._key)
        return self

    async def add(self, piece: bytes) -> None:
        """Raises TooLarge as soon as there is too much, TypeNotAllowed as soon as the beginning tells."""
        self.size += len(piece)
        if self.size > self._place.limit:
            raise TooLarge(limit=self._place.limit)
        self._filling.append(piece)
        self._filled += len(piece)
        if not self._sniffed and self.size >= SNIFFED:
            self._sniffed = True
            head = b"".join(self._filling)[:SNIFFED]
            objects.kind_of(place=self._place, head=head, content_type=self.content_type)
        if self._filled >= PASSED_ON:
            await self._pass_on()

    async def finish(self) -> blobs.Written:
        """Return the blob, which lies there for good."""
        await self._pass_on()
        await self._written()
        written = await blocking(self._writer.finish)
        self._finished = True
        return written

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            with suppress(Exception):
                await self._written()
            await blocking(self._writer.abandon)

    async def _pass_on(self) -> None:
        await self._written()
        if self._filling:
            self._writing = asyncio.ensure_future(blocking(self._writer.write, *self._filling))
        self._filling, self._filled = [], 0

    async def _written(self) -> None:
        """Wait for the piece that is being written: no two threads ever write one blob."""
        if self._writing is not None:
            await self._writing
            self._writing = None
