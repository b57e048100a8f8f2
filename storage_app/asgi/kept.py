"""What a process keeps in memory of files that many ask for: rows of public ones for a moment, small contents for long.

After a change asked for at this process they are read anew (`rows.clear`); another's is seen after `ROWS_FOR`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from storage_app.asgi.exchange import Message, Send
from storage_app.services.reading import Readable

ROWS_FOR = 1.0
MOST_ROWS = 4096
SMALL = 64 * 1024
MOST_BYTES = 32 * 1024 * 1024

Place = tuple[str, str]


class Rows:
    """Public files as they were at most `ROWS_FOR` ago. Who asks while a row is being read waits for that one."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Place, tuple[float, asyncio.Future[Readable]]] = OrderedDict()

    def known(self, place: Place) -> Readable | None:
        """The row, where it is here and fresh."""
        held = self._rows.get(place)
        if held is None or held[0] < monotonic() or not held[1].done():
            return None
        failed = held[1].cancelled() or held[1].exception() is not None
        return None if failed else held[1].result()

    async def get(self, place: Place, read: Callable[[], Awaitable[Readable]]) -> Readable:
        held = self._rows.get(place)
        if held is None or held[0] < monotonic():
            held = (monotonic() + ROWS_FOR, asyncio.ensure_future(read()))
            self._rows[place] = held
            self._rows.move_to_end(place)
            if len(self._rows) > MOST_ROWS:
                self._rows.popitem(last=False)
        return await asyncio.shield(held[1])

    def clear(self) -> None:
        self._rows.clear()


@dataclass
class Content:
    """All bytes of a version; `headers` are those of the plain answer to everyone, once it was given."""

    body: bytes
    headers: list[tuple[bytes, bytes]] | None = None


class Contents:
    """Small contents, which never change; those that nobody asked for longest go first."""

    def __init__(self) -> None:
        self._held: OrderedDict[UUID, Content] = OrderedDict()
        self._size = 0

    def get(self, version_id: UUID) -> Content | None:
        content = self._held.get(version_id)
        if content is not None:
            self._held.move_to_end(version_id)
        return content

    def put(self, version_id: UUID, body: bytes) -> Content:
        content = self._held.get(version_id)
        if content is None:
            content = self._held[version_id] = Content(body)
            self._size += len(body)
            while self._size > MOST_BYTES:
                _oldest, gone = self._held.popitem(last=False)
                self._size -= len(gone.body)
        return content


rows = Rows()
contents = Contents()


def forgetting(send: Send) -> Send:
    """What is known of public files is forgotten before anybody hears that something was changed."""

    async def forget_and_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            rows.clear()
        await send(message)

    return forget_and_send
