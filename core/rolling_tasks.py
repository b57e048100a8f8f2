"""What the tasks of a daily roll do (`core/rolling.py`). Any number may run at once, and be killed."""

import time
from datetime import date
from typing import Any

from django.utils import timezone

from core.actors import acting_as_service
from core.rolling import DAY, Rolled, close_next_chunk, days_to_close, end_roll, start_roll

# How many take chunks of a day at once: as many as there are workers, of which a task too many finds none left.
TAKERS = 8
# After that others get their turn; well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SECONDS = 30


def begin(rolled: Rolled, *, take: Any) -> bool:
    """Have the task `take` work on the first day that is over and not closed; return whether there is one."""
    with acting_as_service():
        days = days_to_close(rolled, until=timezone.localdate() - DAY)
        chunks = start_roll(rolled, day=days[0]).chunks.filter(done_at=None).count() if days else 0
    for _ in range(min(chunks, TAKERS)):
        take.delay(day=days[0].isoformat())
    return bool(days)


def take_chunks(rolled: Rolled, *, day: str, again: Any, begin: Any) -> None:
    """Close chunks of a day until none is free. Of those who do, the one that ends the day has the next one begun.

    `again` is the task to go on with when time is up, `begin` the one for the next day. A chunk in which rows are being
    written to is left to the next run.
    """
    on = date.fromisoformat(day)
    until = time.monotonic() + SECONDS
    result = close_next_chunk(rolled, day=on)
    while result is not None and (result.closed or not result.busy):
        if time.monotonic() > until:
            again.delay(day=day)
            return
        result = close_next_chunk(rolled, day=on)
    with acting_as_service():
        is_last = end_roll(rolled, day=on)
    if is_last:
        begin.delay()
