"""Background work of loans day by day: closed, collected, reminded of. Any number may run at once, and be killed."""

import time
from datetime import date, timedelta

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from credit.services import collecting, reminding, rolling

# How many take chunks of a day at once: as many as there are workers, of which a task too many finds none left.
TAKERS = 8
# After that others get their turn; well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SECONDS = 30


@shared_task
def roll_loans() -> None:
    """Have the first day that is over and not closed worked on."""
    with acting_as_service():
        days = rolling.days_to_close(until=timezone.localdate() - timedelta(days=1))
        chunks = rolling.start_roll(day=days[0]).chunks.filter(done_at=None).count() if days else 0
    for _ in range(min(chunks, TAKERS)):
        take_chunks.delay(day=days[0].isoformat())


@shared_task
def take_chunks(*, day: str) -> None:
    """Close chunks of a day until none is free. Of those who do, the one that ends the day has the next one begun.

    A chunk in which loans are being written to is left to the next run.
    """
    on = date.fromisoformat(day)
    until = time.monotonic() + SECONDS
    result = rolling.close_next_chunk(day=on)
    while result is not None and (result.closed or not result.busy):
        if time.monotonic() > until:
            take_chunks.delay(day=day)
            return
        result = rolling.close_next_chunk(day=on)
    with acting_as_service():
        is_last = rolling.end_roll(day=on)
    if is_last:
        roll_loans.delay()


@shared_task
def collect_instalments() -> None:
    """Take what is due today, and what could not be taken before, from wallets of those who agreed to that."""
    until = time.monotonic() + SECONDS
    collecting.collect_due(at=timezone.now(), until=lambda: time.monotonic() > until)


@shared_task
def remind_borrowers() -> None:
    """Remind of instalments that are due or late; outside the hours in which that is allowed nobody is told."""
    at = timezone.now()
    while reminding.remind_some(at=at):
        pass
