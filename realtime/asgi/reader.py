"""Reading the outbox for the sockets of this process: every message in the order of commits, none left out.

Messages come over Valkey as the dispatcher numbers them. Where one is missing (Valkey was away, this process was slow),
it is read from the database; and so that nothing waits for the next message, the database is also asked each second.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from core.actors import Origin
from realtime import changes
from realtime.asgi import frames
from realtime.asgi.frames import PREFIX
from realtime.asgi.rooms import Rooms
from realtime.asgi.socket import WRITES_AT_ONCE
from realtime.asgi.threads import threads
from realtime.models import Message
from realtime.services import outbox
from realtime.services.control import SOCKETS
from realtime.services.outbox import Placed

NOWHERE = Origin()
AT_ONCE = 500
_TOLD = (Message.Extension.EVENT, Message.Extension.BROADCAST)

logger = logging.getLogger(__name__)


class Reader:
    """`last` is the place of the last message that was told here."""

    def __init__(self, rooms: Rooms, command: Callable[[str, dict[str, Any]], Awaitable[None]]) -> None:
        self._rooms, self._command = rooms, command
        self.last = 0
        # One at a time: what comes over Valkey and what the clock finds.
        self._reading = asyncio.Lock()

    async def begin(self) -> None:
        """Begin with what is numbered from now on."""
        self.last = await threads.with_database(NOWHERE, outbox.head)

    async def take(self, packed: list[list[Any]]) -> None:
        """Tell of messages that came over Valkey, and of those missing before them."""
        async with self._reading:
            for number, values in enumerate(packed, 1):
                if values[0] > self.last + 1:
                    await self._catch_up(values[0])
                if values[0] == self.last + 1:
                    await self._tell(Placed.unpacked(values))
                if number % WRITES_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def look(self) -> None:
        """Tell of what the database holds and Valkey did not bring."""
        async with self._reading:
            await self._catch_up()

    async def _catch_up(self, until: int | None = None) -> None:
        while until is None or self.last < until:
            found = await threads.with_database(NOWHERE, outbox.after, self.last, limit=AT_ONCE)
            if not found:
                return
            for number, placed in enumerate(found, 1):
                await self._tell(placed)
                if number % WRITES_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _tell(self, placed: Placed) -> None:
        self.last = placed.position
        try:
            if placed.extension == Message.Extension.CHANGE:
                await self._rooms.tell_change(changes.read(placed))
            elif placed.topic == SOCKETS and placed.extension == Message.Extension.EVENT:
                await self._command(placed.event, json.loads(placed.payload or "{}"))
            elif placed.extension in _TOLD:
                await self._tell_room(placed)
        except Exception:
            logger.exception("message %s could not be told to sockets", placed.id)

    async def _tell_room(self, placed: Placed) -> None:
        key = placed.private, placed.topic
        if key not in self._rooms.rooms:
            return
        body = placed.binary_payload if placed.binary_payload is not None else placed.payload or "null"
        frame = frames.broadcast(PREFIX + placed.topic, placed.event, body, {"id": str(placed.id)})
        await self._rooms.tell(key, frame, id=placed.id)
