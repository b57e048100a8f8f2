"""The sockets of one process: who is where, and what comes to them from the outbox and from other processes.

There is one hub for each event loop. It listens and ticks while it has sockets, and rests while it has none.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from core.ids import uuid7
from realtime.asgi import frames, tending
from realtime.asgi.channel import Channel
from realtime.asgi.frames import PREFIX
from realtime.asgi.journal import Journal
from realtime.asgi.presence import Presence, diff_frame
from realtime.asgi.reader import Reader
from realtime.asgi.rooms import RoomKey, Rooms, group_of
from realtime.asgi.socket import Socket
from realtime.changes import Binding
from realtime.services import control

# The group in which the dispatcher tells every process what it has numbered.
OUTBOX = "outbox"
# What this process tells itself, to know that it hears a group.
ECHO, SAY_AGAIN = "echo", 0.05
WRITE_DOWN, LOOK, TEND = 0.5, 1.0, 5.0
# What goes wrong where Valkey is away.
AWAY = (RedisError, OSError, TimeoutError)
PATIENCE = 3

logger = logging.getLogger(__name__)


class Hub:
    def __init__(self) -> None:
        self.process: UUID = uuid7()
        self.sockets: set[Socket] = set()
        self.rooms = Rooms()
        self.journal = Journal(self.process)
        self.presence = Presence(self.process, self.rooms, self._announce_presence)
        self._reader = Reader(self.rooms, self._command)
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._hears_outbox = False
        # Groups of rooms that are gone: left with the next tick, unless somebody came back.
        self._abandoned: set[str] = set()
        # Words of our own that have not come round yet.
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._turning = asyncio.Lock()

    async def enter(self, socket: Socket) -> None:
        """Take in a socket. What is told from now on, it hears."""
        async with self._turning:
            if not self.sockets:
                await self._begin()
            self.sockets.add(socket)

    async def leave(self, socket: Socket) -> None:
        """Let a socket go, and all its channels."""
        channels = list(socket.channels.values())
        for channel in channels:
            self._forget(channel)
        try:
            await self.presence.untrack(*channels)
        finally:
            async with self._turning:
                self.sockets.discard(socket)
                if not self.sockets:
                    await self._end()

    def join(self, channel: Channel) -> None:
        """Let a channel into its room, where it hears nothing until it is open."""
        channel.socket.channels[channel.topic] = channel
        self.rooms.enter(channel)

    def admitted(self, channel: Channel, bindings: tuple[Binding, ...]) -> None:
        self.rooms.bind(channel, bindings)
        self.journal.joined(channel)

    async def listen(self, channel: Channel) -> None:
        """Hear what other processes tell of a channel's room; where Valkey is away, as soon as it is back."""
        room = self.rooms.rooms.get(channel.key)
        if room is not None and not room.listening and self._channel:
            room.listening = await self._try(self._hear_group(room.group))

    async def part(self, channel: Channel, *, quietly: bool = False) -> None:
        """Close a channel. `quietly`: the client never took it for open."""
        if not channel.is_closed:
            self._forget(channel)
            if not quietly:
                channel.push("phx_close", "{}")
            await self.presence.untrack(channel)

    async def end(self, channel: Channel, reason: str) -> None:
        """Close a channel that may not go on, and say why."""
        if not channel.is_closed:
            channel.tell_system(extension="system", status="error", message=reason)
            await self.part(channel)

    async def broadcast(
        self, key: RoomKey, event: str, body: frames.Body, *, skip: Channel | None = None
    ) -> None:
        """Tell a room what one of its members says. It is told once, here and elsewhere, and kept nowhere."""
        await self.rooms.tell(key, frames.broadcast(PREFIX + key[1], event, body), skip=skip)
        await self._send(key, {"type": "broadcast", "event": event, "body": body})

    async def renew(self, channel: Channel, token: str) -> None:
        await tending.renew(self, channel, token)

    def channels(self) -> list[Channel]:
        return [channel for socket in self.sockets for channel in socket.channels.values()]

    def _forget(self, channel: Channel) -> None:
        channel.shut()
        held = channel.socket.channels
        if held.get(channel.topic) is channel:
            del held[channel.topic]
        room = self.rooms.leave(channel)
        if room is not None and room.listening:
            self._abandoned.add(room.group)
        self.journal.left(channel)

    async def _announce_presence(self, key: RoomKey, payload: str) -> None:
        await self.rooms.tell_presence(key, diff_frame(key, payload))
        await self._send(key, {"type": "presence", "payload": payload})

    async def _send(self, key: RoomKey, message: dict[str, Any]) -> None:
        whole = {**message, "process": str(self.process), "private": key[0], "topic": key[1]}
        await self._try(self._layer.group_send(group_of(key), whole))

    async def _try(self, work: Awaitable[Any]) -> bool:
        """Do something with Valkey; False where that is away."""
        try:
            async with asyncio.timeout(PATIENCE):
                await work
        except AWAY as error:
            logger.warning("Valkey does not answer: sockets of other processes are not reached: %s", error)
            return False
        return True

    async def _begin(self) -> None:
        await self._reader.begin()
        await self._try(self._get_channel())
        self._tasks = [
            asyncio.create_task(self._hear()),
            asyncio.create_task(_every(TEND, self.presence.tend)),
            asyncio.create_task(_every(WRITE_DOWN, self.journal.flush)),
            asyncio.create_task(_every(LOOK, self._look)),
            asyncio.create_task(_every(TEND, self._tend)),
        ]

    async def _end(self) -> None:
        tasks, self._tasks = set(self._tasks), []
        while tasks:
            # Once more where it was lost: a client of Valkey may take it for a failure of its connection.
            for task in tasks:
                task.cancel()
            _done, tasks = await asyncio.wait(tasks, timeout=0.1)
        groups, self._abandoned = self._abandoned, set()
        channel, self._channel, self._hears_outbox = self._channel, "", False
        if channel:
            for group in (OUTBOX, *groups):
                await self._try(self._layer.group_discard(group, channel))
        with suppress(Exception):
            await self.journal.end()
        await self.presence.close()

    async def _hear_group(self, group: str) -> None:
        """Hear a group for certain: Valkey may still have the wish before it when it passes on somebody's word."""
        await self._layer.group_add(group, self._channel)
        word, arrived = uuid7().hex, asyncio.get_running_loop().create_future()
        self._awaited[word] = arrived
        try:
            while not arrived.done():
                await self._layer.group_send(group, {"type": ECHO, "word": word})
                await asyncio.wait([arrived], timeout=SAY_AGAIN)
        finally:
            del self._awaited[word]

    async def _get_channel(self) -> None:
        self._channel = await self._layer.new_channel()
        await self._layer.group_add(OUTBOX, self._channel)
        self._hears_outbox = True

    async def _hear(self) -> None:
        """Take what comes over the channel layer, one after the other."""
        while not self._channel and not await self._try(self._get_channel()):
            await asyncio.sleep(LOOK)
        while True:
            message = await self._layer.receive(self._channel)
            try:
                await self._take(message)
            except Exception:
                logger.exception("a message of type %s could not be told to sockets", message.get("type"))
            # What waits is written before the next: a socket must not look slow because much comes at once.
            await asyncio.sleep(0)

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == OUTBOX:
            await self._reader.take(message["messages"])
        elif message["type"] == ECHO:
            arrived = self._awaited.get(message["word"])
            if arrived is not None and not arrived.done():
                arrived.set_result(None)
        elif message["process"] != str(self.process):
            key = message["private"], message["topic"]
            if message["type"] == "broadcast":
                frame = frames.broadcast(PREFIX + key[1], message["event"], message["body"])
                await self.rooms.tell(key, frame)
            elif message["type"] == "presence":
                room = self.rooms.rooms.get(key)
                if room is not None:
                    room.others.add(message["process"])
                    await self.rooms.tell_presence(key, diff_frame(key, message["payload"]))

    async def _look(self) -> None:
        await self._reader.look()
        if not self._channel:
            return
        if not self._hears_outbox:
            self._hears_outbox = await self._try(self._layer.group_add(OUTBOX, self._channel))
        for room in list(self.rooms.rooms.values()):
            if not room.listening and any(channel.is_open for channel in room.members):
                room.listening = await self._try(self._hear_group(room.group))
        groups, self._abandoned = self._abandoned, set()
        for group in groups - {room.group for room in self.rooms.rooms.values()}:
            await self._try(self._layer.group_discard(group, self._channel))

    async def _tend(self) -> None:
        await tending.tend(self)

    async def _command(self, event: str, facts: dict[str, Any]) -> None:
        """Do what a service of ours tells every process."""
        if event == control.SESSION_ENDED:
            await tending.end_sessions(self, {UUID(id) for id in facts["sessions"]})
        elif event == control.SUBSCRIPTION_ENDED:
            for channel in self.channels():
                if str(channel.id) == facts["id"]:
                    await self.end(channel, "This subscription was ended")
        elif event == control.RIGHTS_CHANGED:
            user_id = UUID(facts["user"])
            theirs = [channel for channel in self.channels() if channel.actor.user_id == user_id]
            await tending.ask_rights_again(self, theirs)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:
            logger.warning(
                "what sockets do every %s s failed, it is tried again: %s", seconds, error, exc_info=True
            )
