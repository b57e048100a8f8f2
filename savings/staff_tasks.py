"""Background work behind the staff's side of savings. Two at once share it; twice changes nothing."""

from celery import shared_task
from django.utils import timezone

from savings.services import liabilities, telling


@shared_task
def note_plan_days() -> None:
    """Note what is owed to savers, for the days that were closed since."""
    liabilities.note_days(at=timezone.now())


@shared_task
def tell_of_terms() -> None:
    """Tell the holders of open-ended savings of terms to come; nothing to tell costs one query."""
    at = timezone.now()
    while telling.tell_some(at=at):
        pass
