"""Background work of scoring. Each may run twice at once, or be killed: the application's lock decides."""

from functools import partial
from uuid import UUID

from celery import shared_task
from django.db.transaction import on_commit
from django.utils import timezone

from core.actors import acting_as_service
from credit.services import adverse, scoring


@shared_task
def score(*, application: str) -> None:
    """Search and score one application that was just sent."""
    scoring.score_application(application_id=UUID(application), at=timezone.now())


@shared_task
def score_due() -> None:
    """Have every application that waits for its score looked at, each by a task of its own."""
    with acting_as_service():
        waiting = scoring.due_to_score(at=timezone.now())
    for key in waiting:
        score.delay(application=str(key))


@shared_task
def send_adverse_actions() -> None:
    adverse.send_all_adverse(at=timezone.now())


def score_soon(application_id: UUID) -> None:
    """Have an application scored once the running transaction is committed; `score_due` finds what was lost."""
    on_commit(partial(score.delay, application=str(application_id)), robust=True)
