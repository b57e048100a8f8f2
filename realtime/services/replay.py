"""Messages of a private topic that are past, for somebody who comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from core.actors import Actor, acting, acting_as_service
from core.ids import uuid7_at
from realtime.models import Message

# How long messages are replayed, how many at once, and how many bytes of them.
KEPT = timedelta(hours=72)
MOST = 25
MOST_BYTES = 1024 * 1024
# A transaction that began so long before another may commit after it: its ids are older than its place.
_LATE = timedelta(minutes=10)
_TOLD = [Message.Extension.EVENT.value, Message.Extension.BROADCAST.value]
_COLUMNS = "id, event, payload::text, binary_payload"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the last `limit` messages since a moment, or the next `limit` after a message."""

    limit: int = MOST
    since: datetime | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One message again: `body` is JSON text, or bytes."""

    id: UUID
    event: str
    body: str | bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """Messages, oldest first. `complete` is false where there are more than were asked for, or are kept."""

    messages: tuple[Past, ...] = ()
    complete: bool = True


def replay(*, actor: Actor, topic: str, wanted: Wanted, at: datetime) -> Replayed:
    """Return what the actor may read of a private topic's past, by the policies on messages."""
    if wanted.after is not None:
        return _after(actor, topic, wanted.after, wanted.limit, at)
    since = max(wanted.since or at - KEPT, at - KEPT)
    rows = _read(
        actor,
        topic,
        f"select {_COLUMNS} from realtime_message where topic = %s and private and extension = any(%s) "
        "and id >= %s and inserted_at >= %s order by id desc limit %s",
        [topic, _TOLD, uuid7_at(since - _LATE), since, wanted.limit + 1],
    )
    found, fits = _fitting(rows[: wanted.limit])
    return Replayed(tuple(reversed(found)), complete=fits and len(rows) <= wanted.limit)


def _after(actor: Actor, topic: str, id: UUID, limit: int, at: datetime) -> Replayed:
    """By place in the order of commits, so that a message that committed late is not passed over."""
    began = datetime.fromtimestamp((id.int >> 80) / 1000, tz=at.tzinfo) if id.version == 7 else at - KEPT
    oldest = at - KEPT
    floor = uuid7_at(max(began - _LATE, oldest))
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "select m.id from realtime_message m join realtime_position p on p.message_id = m.id "
            "where m.topic = %s and m.private and m.extension = any(%s) and m.id >= %s and p.position > coalesce("
            "(select position from realtime_position where message_id = %s), 0) order by p.position limit %s",
            [topic, _TOLD, floor, id, limit + 1],
        )
        ids = [row[0] for row in cursor.fetchall()]
    rows = _read(
        actor,
        topic,
        f"select {_COLUMNS} from realtime_message where id = any(%s) order by array_position(%s, id)",
        [ids[:limit], ids[:limit]],
    )
    found, fits = _fitting(rows)
    return Replayed(tuple(found), complete=fits and len(ids) <= limit and began >= oldest)


def _read(actor: Actor, topic: str, statement: str, parameters: list[Any]) -> list[Past]:
    with acting(actor), connection.cursor() as cursor:
        cursor.execute("select set_config('realtime.topic', %s, true)", [topic])
        cursor.execute(statement, parameters)
        return [
            Past(id, event, payload if binary is None else bytes(binary))
            for id, event, payload, binary in cursor.fetchall()
        ]


def _fitting(rows: list[Past]) -> tuple[list[Past], bool]:
    """The first of the rows, as many as a slow reader can take at once, and whether that is all."""
    size = 0
    for number, row in enumerate(rows):
        size += len(row.body)
        if size > MOST_BYTES:
            return rows[:number], False
    return rows, True
