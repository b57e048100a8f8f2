"""Background work of loans day by day: closed, collected, reminded of. Any number may run at once, and be killed."""

import time

from celery import shared_task
from django.utils import timezone

from core import rolling_tasks
from core.rolling_tasks import SECONDS
from credit.services import collecting, reminding
from credit.services.closing import LOANS


@shared_task
def roll_loans() -> None:
    """Have the first day that is over and not closed worked on."""
    rolling_tasks.begin(LOANS, take=take_chunks)


@shared_task
def take_chunks(*, day: str) -> None:
    """Close chunks of a day; those in which loans are being written to are left to the next run."""
    rolling_tasks.take_chunks(LOANS, day=day, again=take_chunks, begin=roll_loans)


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
