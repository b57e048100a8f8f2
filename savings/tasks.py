"""Background work of savings: days are closed and savings matured. Any number may run at once, and be killed."""

import time
from datetime import date, timedelta

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from savings import services

# How many take chunks of a day at once: as many as there are workers, of which a task too many finds none left.
TAKERS = 8
# After that others get their turn; well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SECONDS = 30


@shared_task
def roll_savings() -> None:
    """Have the first day that is over and not closed worked on; when none is left, what is over may mature."""
    with acting_as_service():
        days = services.days_to_close(until=timezone.localdate() - timedelta(days=1))
        chunks = services.start_roll(day=days[0]).chunks.filter(done_at=None).count() if days else 0
    for _ in range(min(chunks, TAKERS)):
        take_chunks.delay(day=days[0].isoformat())
    if not days:
        mature_savings.delay()


@shared_task
def take_chunks(*, day: str) -> None:
    """Close chunks of a day until none is free. Of those who do, the one that ends the day has the next one begun.

    A chunk in which savings are being written to is left to the next run.
    """
    on = date.fromisoformat(day)
    until = time.monotonic() + SECONDS
    result = services.close_next_chunk(day=on)
    while result is not None and (result.closed or not result.busy):
        if time.monotonic() > until:
            take_chunks.delay(day=day)
            return
        result = services.close_next_chunk(day=on)
    with acting_as_service():
        is_last = services.end_roll(day=on)
    if is_last:
        roll_savings.delay()


@shared_task
def mature_savings() -> None:
    """End the savings that are over. One that has a day to close is closed first, or left where it cannot be."""
    until = time.monotonic() + SECONDS
    services.mature_due(at=timezone.now(), until=lambda: time.monotonic() > until)
