"""Background work of statements and archived months. Two at once share it; twice changes nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from wallet.services import statements
from wallet.services.archives import months, recalls
from wallet.services.statements.lines import LAGOS


@shared_task
def make_monthly_statements() -> None:
    """Make what is missing of last month's statements; nothing, once everybody has one."""
    at = timezone.now()
    last_month = at.astimezone(LAGOS).date().replace(day=1) - timedelta(days=1)
    statements.make_monthly(month=last_month, at=at)


@shared_task
def fetch_archived_movements() -> None:
    at = timezone.now()
    recalls.fetch_waiting(at=at)
    statements.complete_waiting(at=at)


@shared_task
def archive_old_months() -> None:
    """Take out what is due. Dropping what was taken out is a command of its own: `archive_partitions --drop`."""
    months.archive_all(at=timezone.now())
    with acting_as_service():
        recalls.forget(at=timezone.now())
