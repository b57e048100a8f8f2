"""Rows that tell who listens to what, written behind the sockets' backs: several joins are one insert."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from core.actors import Origin, acting_as_service
from realtime.asgi.channel import Channel
from realtime.asgi.threads import threads
from realtime.models import SocketProcess, Subscription
from realtime.services.admission import session_of

NOWHERE = Origin()
AT_ONCE = 1_000

logger = logging.getLogger(__name__)


class Journal:
    def __init__(self, process: UUID) -> None:
        self.process = process
        self._joined: dict[UUID, Subscription] = {}
        self._left: set[UUID] = set()
        self._writing = asyncio.Lock()

    def joined(self, channel: Channel) -> None:
        self._joined[channel.id] = self._row(channel, timezone.now())

    def left(self, channel: Channel) -> None:
        if self._joined.pop(channel.id, None) is None:
            self._left.add(channel.id)

    async def flush(self) -> None:
        """Write what has changed up to now. What fails is tried again with what comes next."""
        async with self._writing:
            await self._flush()

    async def _flush(self) -> None:
        joined, left = self._joined, self._left
        if not joined and not left:
            return
        self._joined, self._left = {}, set()
        try:
            await threads.with_database(NOWHERE, _write, self.process, list(joined.values()), left)
        except BaseException:
            self._joined = {**joined, **self._joined}
            for id in self._left & joined.keys():
                self._joined.pop(id, None)
            self._left |= left
            raise

    async def say_alive(self, channels: Iterable[Channel]) -> None:
        """Say that this process lives; where it was taken for dead meanwhile, write all its rows again."""
        if await threads.with_database(NOWHERE, _seen, self.process, timezone.now()):
            return
        for channel in channels:
            self.joined(channel)

    async def end(self) -> None:
        """Take out every row of this process."""
        self._joined, self._left = {}, set()
        await threads.with_database(NOWHERE, _end, self.process)

    def _row(self, channel: Channel, at: datetime) -> Subscription:
        return Subscription(
            id=channel.id,
            process_id=self.process,
            socket_id=channel.socket.id,
            user_id=channel.actor.user_id,
            role=channel.actor.role,
            session_id=session_of(channel.actor),
            address=channel.socket.origin.ip,
            topic=channel.name,
            private=channel.private,
            bindings=[binding.echo for binding in channel.bindings],
            joined_at=at,
        )


def _seen(process: UUID, at: datetime) -> bool:
    with acting_as_service():
        return SocketProcess.objects.filter(pk=process).update(seen_at=at) == 1


def _write(process: UUID, joined: list[Subscription], left: set[UUID]) -> None:
    with acting_as_service():
        if joined:
            SocketProcess.objects.get_or_create(pk=process, defaults={"seen_at": timezone.now()})
            Subscription.objects.bulk_create(joined, batch_size=AT_ONCE, ignore_conflicts=True)
        if left:
            Subscription.objects.filter(pk__in=left).delete()


def _end(process: UUID) -> None:
    with acting_as_service():
        SocketProcess.objects.filter(pk=process).delete()
