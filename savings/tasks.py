"""Background work of savings: days are closed and savings matured. Any number may run at once, and be killed."""

import time

from celery import shared_task
from django.utils import timezone

from core import rolling_tasks
from core.rolling_tasks import SECONDS
from savings import services
from savings.services import SAVINGS


@shared_task
def roll_savings() -> None:
    """Have the first day that is over and not closed worked on; when none is left, what is over may mature."""
    if not rolling_tasks.begin(SAVINGS, take=take_chunks):
        mature_savings.delay()


@shared_task
def take_chunks(*, day: str) -> None:
    """Close chunks of a day; those in which savings are being written to are left to the next run."""
    rolling_tasks.take_chunks(SAVINGS, day=day, again=take_chunks, begin=roll_savings)


@shared_task
def mature_savings() -> None:
    """End the savings that are over. One that has a day to close is closed first, or left where it cannot be."""
    until = time.monotonic() + SECONDS
    services.mature_due(at=timezone.now(), until=lambda: time.monotonic() > until)
