"""Background work of contracts: the full search, what is signed is paid out, what nobody signed or asked for lapses.

Any number may run at once, twice, or be killed: the application's lock decides, and what is not done is found again.
"""

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.errors import DomainError
from credit.services import checking, disbursing, lapsing, searching

logger = logging.getLogger(__name__)


@shared_task
def disburse_loan(*, application_id: str) -> None:
    """Pay out one contract."""
    disbursing.disburse(application_id=UUID(application_id), at=timezone.now())


@shared_task
def disburse_loans() -> None:
    """Pay out what is due. One that cannot be is left to staff, and keeps no other from being paid."""
    for application_id in disbursing.due_payouts(at=timezone.now()):
        try:
            disbursing.disburse(application_id=application_id, at=timezone.now())
        except DomainError:
            logger.exception("application %s cannot be paid out", application_id)


@shared_task
def search_fully(*, application_id: str) -> None:
    """Ask the bureaux about somebody who has signed. One that does not answer is asked again by `search_all_fully`."""
    try:
        searching.search_hard(application_id=UUID(application_id), at=timezone.now())
    except DomainError as refusal:
        logger.info("application %s has no full search yet: %s", application_id, refusal.code)


@shared_task
def search_all_fully() -> None:
    """Ask each bureau again that has not answered."""
    for application_id in checking.to_search(at=timezone.now()):
        search_fully(application_id=str(application_id))


@shared_task
def lapse_unsigned() -> None:
    """End what was not signed in time."""
    for application_id in lapsing.unsigned(at=timezone.now()):
        lapsing.lapse(application_id=application_id, at=timezone.now())


@shared_task
def release_undrawn() -> None:
    """Give back to lenders what nobody asked for in time."""
    now = timezone.now()
    for application_id in lapsing.undrawn(today=timezone.localdate(now)):
        lapsing.end_drawing(application_id=application_id, at=now)
