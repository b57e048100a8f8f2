"""Background work of the monthly return to the credit bureaux. Any number may run at once, and be killed."""

import logging

from celery import shared_task
from django.utils import timezone

from core.errors import DomainError
from credit.services import return_sending, returns

logger = logging.getLogger(__name__)


@shared_task
def make_bureau_return() -> None:
    """Make the return of the month that is over, once all its days are closed; a month that has one is left alone."""
    at = timezone.now()
    try:
        returns.make_return(month=returns.month_due(on=timezone.localdate(at)), at=at)
    except DomainError as refusal:
        logger.info("no return to the bureaux yet: %s", refusal.code)
    send_bureau_files()


@shared_task
def send_bureau_files() -> None:
    """Hand over what is due; a bureau that is down keeps no other from its file."""
    for file_id in return_sending.files_due(at=timezone.now()):
        return_sending.send_file(file_id=file_id, at=timezone.now())
