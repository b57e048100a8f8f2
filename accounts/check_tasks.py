"""Background work of verifying, screening and restricting.

Each takes what is due. Any number at once share it; twice changes nothing.
"""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from accounts.services import status_rules
from accounts.services.kyc import checking, rescreening

BATCH = 100


@shared_task
def run_checks(*, application_id: str) -> None:
    """Make the checks of one application that are due."""
    while job := checking.take_due(at=timezone.now(), application_id=UUID(application_id)):
        checking.run(job=job, at=timezone.now())


@shared_task
def run_due_checks() -> None:
    """Take up what no worker took, what a worker left behind, and what is to be asked again."""
    for _ in range(BATCH):
        job = checking.take_due(at=timezone.now())
        if job is None:
            return
        checking.run(job=job, at=timezone.now())


@shared_task
def rescreen(*, after: str = "") -> None:
    """Screen the next customers against what is new on the lists, and hand the rest on, a chunk at a time."""
    last = rescreening.screen_chunk(after=UUID(after) if after else None, at=timezone.now())
    if last:
        rescreen.delay(after=str(last))


@shared_task
def restrict_unidentified(*, after: str = "") -> None:
    """Restrict who has given no number in time, and let go who has, a chunk of customers at a time."""
    last = status_rules.restrict_chunk(after=UUID(after) if after else None, at=timezone.now())
    if last:
        restrict_unidentified.delay(after=str(last))


@shared_task
def lift_expired_statuses() -> None:
    status_rules.lift_expired(at=timezone.now())
