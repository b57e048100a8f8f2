"""Who is present on a topic, across processes.

Valkey holds a hash for each room: `phx_ref` -> who, what they tell of themselves, and the process that holds their
socket. Each process says every few seconds that it lives, by a key that expires; what a dead one left behind is taken
out by whoever notices. Of several who notice the one whose removal found something tells the room.
"""

import json
import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from redis import asyncio as valkey
from redis.exceptions import RedisError

from core.ids import uuid7
from realtime.asgi.channel import Channel
from realtime.asgi.frames import PREFIX, Frame, text
from realtime.asgi.rooms import Room, RoomKey, Rooms
from realtime.refusals import Refused

# Seconds for which a process is taken to live after it said so.
ALIVE = 20
UNAVAILABLE = "PresenceUnavailable: presence cannot be told now, try again later"

logger = logging.getLogger(__name__)

# phx_ref -> (key, meta): what of joins and leaves a diff tells.
Told = dict[str, tuple[str, dict[str, Any]]]


class Presence:
    """The presences of this process's channels, and its word on those of others."""

    def __init__(self, process: UUID, rooms: Rooms, announce: Any) -> None:
        self.process, self._rooms = str(process), rooms
        # Tells a room's members everywhere: `await announce(key, payload)`.
        self._announce = announce
        self._mine: set[Channel] = set()
        # A heartbeat of our own that is gone means that others' may be gone for the same reason.
        self._doubtful = True
        self._valkey: Any = valkey.Redis.from_url(
            settings.VALKEY_URL, socket_timeout=3, socket_connect_timeout=3
        )

    async def close(self) -> None:
        await self._valkey.aclose()

    async def state(self, channel: Channel) -> str:
        """The payload of `presence_state`: everybody who is present in a channel's room."""
        room = self._rooms.rooms.get(channel.key)
        try:
            entries = await self._entries(channel.key)
        except RedisError:
            logger.warning("Valkey does not answer: a channel does not know who is present", exc_info=True)
            return "{}"
        if room is not None:
            room.others |= {entry["process"] for entry in entries.values()} - {self.process}
        return text(_grouped({ref: (entry["key"], entry["meta"]) for ref, entry in entries.items()}))

    async def track(self, channel: Channel, meta: dict[str, Any]) -> None:
        """Let a channel be present as `meta` tells, in place of what it told before. Raises Refused."""
        ref = _new_ref()
        entry = json.dumps({"key": channel.presence_key, "meta": meta, "process": self.process})
        leaves = self._of([channel])
        try:
            pipe = self._valkey.pipeline()
            pipe.set(self._heartbeat(self.process), 1, ex=ALIVE)
            pipe.hset(self._hash(channel.key), ref, entry)
            for old in leaves:
                pipe.hdel(self._hash(channel.key), old)
            await pipe.execute()
        except RedisError:
            raise Refused(UNAVAILABLE) from None
        channel.presence_ref, channel.presence_meta = ref, meta
        self._mine.add(channel)
        await self._tell(channel.key, joins=self._of([channel]), leaves=leaves)

    async def untrack(self, *channels: Channel) -> None:
        """Let channels be present no more; those that were not are left alone."""
        here = [channel for channel in channels if channel in self._mine]
        gone = [(channel.key, self._of([channel])) for channel in here]
        self._mine.difference_update(here)
        for channel in here:
            channel.presence_ref = None
        if not gone:
            return
        try:
            pipe = self._valkey.pipeline()
            for key, told in gone:
                pipe.hdel(self._hash(key), *told)
            await pipe.execute()
        except RedisError:
            # Whoever sees the entries later takes this process for dead, or finds it does not hold them.
            logger.warning("Valkey does not answer: presences are left behind", exc_info=True)
        for key, told in gone:
            await self._tell(key, joins={}, leaves=told)

    async def tend(self) -> None:
        """Say that this process lives, take out what dead ones left, and put back what Valkey lost."""
        if not self._mine and not any(room.others for room in self._rooms.rooms.values()):
            return
        known = await self._valkey.set(self._heartbeat(self.process), 1, ex=ALIVE, get=True)
        was_doubtful, self._doubtful = self._doubtful, known is None
        if known is None:
            await self._put_back()
        elif not was_doubtful:
            await self._take_out_the_dead()

    async def _put_back(self) -> None:
        """Enter our channels again where their entries are gone."""
        for channel in list(self._mine):
            entry = {"key": channel.presence_key, "meta": channel.presence_meta, "process": self.process}
            told = self._of([channel])
            if await self._valkey.hsetnx(self._hash(channel.key), channel.presence_ref, json.dumps(entry)):
                await self._tell(channel.key, joins=told, leaves={})

    async def _take_out_the_dead(self) -> None:
        rooms = list(self._rooms.rooms.values())
        others = sorted({process for room in rooms for process in room.others})
        if not others:
            return
        alive = await self._valkey.mget([self._heartbeat(process) for process in others])
        dead = {process for process, lives in zip(others, alive, strict=True) if lives is None}
        for room in rooms:
            if dead & room.others:
                await self._take_out(room, dead)

    async def _take_out(self, room: Room, dead: set[str]) -> None:
        leaves: Told = {}
        for ref, entry in (await self._entries(room.key)).items():
            if entry["process"] in dead and await self._valkey.hdel(self._hash(room.key), ref):
                leaves[ref] = entry["key"], entry["meta"]
        room.others -= dead
        if leaves:
            await self._tell(room.key, joins={}, leaves=leaves)

    async def _entries(self, key: RoomKey) -> dict[str, dict[str, Any]]:
        found = await self._valkey.hgetall(self._hash(key))
        return {ref.decode(): json.loads(entry) for ref, entry in found.items()}

    def _of(self, channels: Iterable[Channel]) -> Told:
        return {
            channel.presence_ref: (channel.presence_key, channel.presence_meta)
            for channel in channels
            if channel.presence_ref is not None
        }

    async def _tell(self, key: RoomKey, *, joins: Told, leaves: Told) -> None:
        await self._announce(key, text({"joins": _grouped(joins), "leaves": _grouped(leaves)}))

    def _heartbeat(self, process: str) -> str:
        return f"{settings.VALKEY_PREFIX}:lives:{process}"

    def _hash(self, key: RoomKey) -> str:
        private, topic = key
        return f"{settings.VALKEY_PREFIX}:presence:{private:d}:{topic}"


def diff_frame(key: RoomKey, payload: str) -> Frame:
    return Frame(PREFIX + key[1], "presence_diff", payload)


def _new_ref() -> str:
    return uuid7().hex


def _grouped(told: Told) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """As clients read it: key -> its metas, each with its `phx_ref`."""
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for ref, (key, meta) in told.items():
        grouped.setdefault(key, {"metas": []})["metas"].append({**meta, "phx_ref": ref})
    return grouped
