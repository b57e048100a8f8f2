"""What the outbox no longer needs to know."""

from django.db import connection

from core.actors import acting_as_service

# How long a position is kept behind the last consumer: web processes may want to read again from there.
KEEP_POSITIONS = "3 days"
AT_ONCE = 50_000
_OLD = """
    delete from realtime_position where position in (
        select position from realtime_position
        where position <= (select min(position) from realtime_consumer) and position < (
            select position from realtime_position
            where message_id < partitions.floor_of(now() - %s::interval) order by message_id desc limit 1)
        order by position limit %s)
"""


def forget_positions() -> int:
    """Forget the places of what every consumer has had for days; return how many."""
    forgotten = 0
    while True:
        with acting_as_service(), connection.cursor() as cursor:
            cursor.execute(_OLD, [KEEP_POSITIONS, AT_ONCE])
            bite = int(cursor.rowcount)
        forgotten += bite
        if bite < AT_ONCE:
            return forgotten


def forget_months() -> int:
    """Drop the months of messages that are too old for anybody to ask for; return how many."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select realtime.drop_old_months()")
        return int(cursor.fetchone()[0])
