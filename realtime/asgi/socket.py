"""One connection: what comes in is handled in order, and what goes out waits in a queue that has a bound.

Nothing here waits for another socket. Whoever reads too slowly is let go.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.actors import Actor, Origin
from core.ids import uuid7
from realtime.asgi import frames, limits
from realtime.asgi.frames import Frame, Incoming
from realtime.asgi.limits import Rate
from realtime.refusals import Refused

if TYPE_CHECKING:
    from realtime.asgi.channel import Channel

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Codes of RFC 6455, 7.4.1.
AWAY, BAD_DATA, FORBIDDEN, OVERLOADED = 1001, 1003, 1008, 1013
# Seconds that a client has to answer a close.
FAREWELL = 5
WRITES_AT_ONCE = 50

logger = logging.getLogger(__name__)


class Socket:
    """`actor` is who opened it; each channel has its own, which a newer token may have changed."""

    __slots__ = (
        *("id", "actor", "origin", "version", "channels", "heard_at", "closing_at"),
        *("joins", "messages", "_frames", "_queue", "_queued", "_idle", "_send", "_receive", "_handle"),
        "__weakref__",
    )

    def __init__(
        self,
        receive: Receive,
        send: Send,
        handle: "Callable[[Socket, Incoming], Awaitable[None]]",
        *,
        actor: Actor,
        origin: Origin,
        version: int,
    ) -> None:
        self.id: UUID = uuid7()
        self.actor, self.origin, self.version = actor, origin, version
        self.channels: dict[str, Channel] = {}
        self.heard_at = monotonic()
        self.closing_at: float | None = None
        self.joins = Rate(limits.JOINS, limits.JOINS_AT_ONCE)
        self.messages = Rate(limits.MESSAGES, limits.MESSAGES_AT_ONCE)
        self._frames = Rate(limits.FRAMES, limits.FRAMES_AT_ONCE)
        self._queue: deque[frames.Encoded | Message] = deque()
        self._queued = 0
        # What the writer waits on while there is nothing to write.
        self._idle: asyncio.Future[None] | None = None
        self._send, self._receive, self._handle = send, receive, handle

    async def run(self) -> None:
        """Serve the connection until it ends."""
        writer = asyncio.create_task(self._write())
        try:
            while (message := await self._receive())["type"] != "websocket.disconnect":
                if self.closing_at is None:
                    await self._take(message)
                if len(self._queue) > WRITES_AT_ONCE:
                    # Many frames may have come at once: whoever asked must not look slow before anything was written.
                    await asyncio.sleep(0)
        finally:
            self.closing_at = self.closing_at or monotonic()
            writer.cancel()

    def put(self, frame: Frame) -> None:
        """Have a frame sent, after those that wait already."""
        encoded = frame.to(self.version)
        if encoded is None or self.closing_at is not None:
            return
        self._queue.append(encoded)
        self._queued += encoded.size
        if self._idle is not None:
            self._wake()
        elif self._queued > limits.MOST_QUEUED_BYTES or len(self._queue) > limits.MOST_QUEUED:
            logger.info("socket %s is let go: it reads too slowly", self.id)
            self.close(OVERLOADED, "reads too slowly")
            self.cut_off()

    def close(self, code: int, reason: str) -> None:
        """Send nothing more but the end."""
        if self.closing_at is None:
            self.closing_at = monotonic()
            self._queue.clear()
            self._queue.append({"type": "websocket.close", "code": code, "reason": reason})
            if self._idle is not None:
                self._wake()

    def cut_off(self) -> None:
        """Drop the connection with all that it has not read: ASGI itself would wait for a reader that never reads."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()

    def reply(self, to: Incoming, status: str, response: str) -> None:
        """Answer a frame, where it asked for an answer; `response` is JSON text."""
        if to.ref is not None:
            payload = f'{{"status":"{status}","response":{response}}}'
            self.put(Frame(to.topic, "phx_reply", payload, ref=to.ref, join_ref=to.join_ref))

    def refuse(self, to: Incoming, reason: str) -> None:
        self.reply(to, "error", frames.text({"reason": reason}))

    async def _take(self, message: Message) -> None:
        self.heard_at = monotonic()
        data = message.get("text")
        try:
            incoming = frames.decode(self.version, message["bytes"] if data is None else data)
        except frames.BadFrame as error:
            self.close(BAD_DATA, str(error))
            return
        # Whoever sends without end is read no faster than this: it is slowed down by its own connection.
        while not self._frames.take():
            await asyncio.sleep(1 / limits.FRAMES)
        try:
            await self._handle(self, incoming)
        except Refused as refusal:
            self.refuse(incoming, refusal.reason)
        except frames.BadFrame as error:
            self.refuse(incoming, f"InvalidPayload: {error}")
        except Exception:
            logger.exception("socket %s: %s failed", self.id, incoming.event[:40])
            self.refuse(incoming, "InternalError: this could not be done, try again later")

    def _wake(self) -> None:
        idle, self._idle = self._idle, None
        if idle is not None and not idle.done():
            idle.set_result(None)

    async def _write(self) -> None:
        """Send what is queued. The server holds it up here while the client reads too slowly."""
        loop, queue = asyncio.get_running_loop(), self._queue
        try:
            while True:
                while queue:
                    item = queue.popleft()
                    if isinstance(item, frames.Encoded):
                        self._queued -= item.size
                        await self._send(item.message)
                    else:
                        await self._send(item)
                        return
                self._idle = loop.create_future()
                await self._idle
        except OSError:
            # The client is gone, which whoever reads hears too.
            self.closing_at = self.closing_at or monotonic()
