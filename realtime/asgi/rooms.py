"""Who is where among the sockets of this process, and telling all of them something.

A room is a topic with its flag: the public and the private topic of one name are two rooms.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from uuid import UUID

from realtime.asgi.channel import Channel
from realtime.asgi.frames import Frame
from realtime.changes import Binding, Change, Key

# Whether it is private, and its name.
RoomKey = tuple[bool, str]
# Sockets that are told something before the event loop sees to others.
AT_ONCE = 100

logger = logging.getLogger(__name__)


def group_of(key: RoomKey) -> str:
    """The group of the channel layer in which processes tell one another of a room."""
    private, topic = key
    return f"room.{hashlib.sha256(f'{private:d}{topic}'.encode()).hexdigest()[:40]}"


class Room:
    """`listening`: this process is in the room's group. `others`: processes that hold presences here."""

    __slots__ = ("_told", "group", "key", "listening", "members", "others")

    def __init__(self, key: RoomKey) -> None:
        self.key, self.group = key, group_of(key)
        self.members: dict[Channel, None] = {}
        self.others: set[str] = set()
        self.listening = False
        self._told: tuple[Channel, ...] | None = None

    def changed(self) -> None:
        self._told = None

    def all(self) -> tuple[Channel, ...]:
        """The members as they are now, in the order in which they came."""
        if self._told is None:
            self._told = tuple(self.members)
        return self._told


class Rooms:
    def __init__(self) -> None:
        self.rooms: dict[RoomKey, Room] = {}
        # By whose rows of which table: a change looks at those of its owners alone.
        self._bound: dict[Key, dict[Channel, list[Binding]]] = {}

    def enter(self, channel: Channel) -> Room:
        room = self.rooms.get(channel.key)
        if room is None:
            room = self.rooms[channel.key] = Room(channel.key)
        room.members[channel] = None
        room.changed()
        return room

    def leave(self, channel: Channel) -> Room | None:
        """Take a channel out; return its room if that is empty now, and gone."""
        self.bind(channel, ())
        room = self.rooms.get(channel.key)
        if room is None or channel not in room.members:
            return None
        del room.members[channel]
        room.changed()
        return None if room.members else self.rooms.pop(channel.key)

    def bind(self, channel: Channel, bindings: tuple[Binding, ...]) -> None:
        """Let a channel hear of these changes, and of no others any more."""
        for binding in channel.bindings:
            for key in binding.keys:
                held = self._bound.get(key, {})
                held.pop(channel, None)
                if not held:
                    self._bound.pop(key, None)
        channel.bindings = bindings
        for binding in bindings:
            for key in binding.keys:
                self._bound.setdefault(key, {}).setdefault(channel, []).append(binding)

    async def tell(
        self, key: RoomKey, frame: Frame, *, skip: Channel | None = None, id: UUID | None = None
    ) -> None:
        """Tell a room of a broadcast; `id` is the message's, by which a channel knows what it has had."""
        room = self.rooms.get(key)
        for number, channel in enumerate(room.all() if room else (), 1):
            if channel is not skip:
                channel.hear(frame, id)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def tell_presence(self, key: RoomKey, frame: Frame) -> None:
        room = self.rooms.get(key)
        for number, channel in enumerate(room.all() if room else (), 1):
            if channel.hears_presence:
                channel.hear(frame)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def tell_change(self, change: Change) -> None:
        """Tell each channel that asked for it of a change of a row: what is the same for many is made once."""
        made: dict[tuple[str, tuple[int, ...], str], Frame] = {}
        for number, (channel, bindings) in enumerate(self._asking(change.keys), 1):
            for data, ids in self._wanted(channel, bindings, change).items():
                same = (channel.topic, tuple(ids), data)
                if same not in made:
                    listed = ",".join(map(str, ids))
                    payload = f'{{"ids":[{listed}],"data":{data}}}'
                    made[same] = Frame(channel.topic, "postgres_changes", payload)
                channel.hear(made[same])
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _wanted(self, channel: Channel, bindings: list[Binding], change: Change) -> dict[str, list[int]]:
        """What a channel is to be sent of a change, and for which bindings. A fault ends those of this channel."""
        wanted: dict[str, list[int]] = {}
        try:
            for binding in bindings:
                if binding.matches(change):
                    wanted.setdefault(binding.data(change), []).append(binding.id)
        except Exception:
            logger.exception("channel %s asked for changes that cannot be told", channel.id)
            self.bind(channel, ())
            channel.tell_system(
                extension="postgres_changes", status="error", message="The filter of this channel failed"
            )
            return {}
        return wanted

    def _asking(self, keys: Iterable[Key]) -> list[tuple[Channel, list[Binding]]]:
        found: dict[Channel, list[Binding]] = {}
        for key in keys:
            for channel, bindings in self._bound.get(key, {}).items():
                known = found.setdefault(channel, [])
                known.extend(binding for binding in bindings if binding not in known)
        return list(found.items())
