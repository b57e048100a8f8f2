"""How far behind the outbox's readers are: what operators watch."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from core.actors import acting_as_service
from realtime.models import ParkedMessage

NUMBERING = "numbering"
_BEHIND = """
    with horizon as materialized (select position, snapshot from realtime_horizon), unnumbered as (
        select count(*) as waiting, min(m.inserted_at) as oldest from realtime_message m
        where m.xid >= (select pg_snapshot_xmax(snapshot) from horizon)
            or m.xid = any (array(select pg_snapshot_xip(snapshot) from horizon))
    )
    select %s, waiting, oldest from unnumbered
    union all
    select c.name, h.position - c.position, (
        select m.inserted_at from realtime_position p join realtime_message m on m.id = p.message_id
        where p.position > c.position order by p.position limit 1)
    from realtime_consumer c cross join horizon h
    order by 1
"""


@dataclass(frozen=True)
class Backlog:
    """What a reader has not had: messages, and the seconds since the oldest of them was written."""

    reader: str
    waiting: int
    age: float


def backlogs(*, at: datetime) -> list[Backlog]:
    """Return the backlog of each consumer, and of the numbering that comes before all of them."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(_BEHIND, [NUMBERING])
        return [
            Backlog(reader, int(waiting), max(0.0, (at - oldest).total_seconds()) if oldest else 0.0)
            for reader, waiting, oldest in cursor.fetchall()
        ]


def parked() -> int:
    """Return how many messages wait for staff, because a consumer could not take them."""
    with acting_as_service():
        return ParkedMessage.objects.filter(done_at=None).count()
