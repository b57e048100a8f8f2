"""Background work of running loans: what was paid too much goes back, new loans pay off old ones, loans are closed.

Any number may run at once, twice, or be killed: the loan's lock decides, and what is not done is found again.
"""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.errors import DomainError
from credit.services import refinancing, refunding, settling
from credit.states import Actor

logger = logging.getLogger(__name__)


@shared_task
def refund_loans() -> None:
    """Give back what was paid too much."""
    _each(
        refunding.to_refund(), lambda pk: refunding.refund(loan_id=pk, user=None, at=_now(), who=Actor.SYSTEM)
    )


@shared_task
def refinance_loans() -> None:
    """Let new loans pay off those that they replace."""
    _each(refinancing.to_refinance(), lambda pk: refinancing.refinance(new_loan_id=pk, at=_now()))


@shared_task
def settle_loans() -> None:
    """Close loans of which nothing is owed and that could not be closed with their last payment."""
    _each(settling.to_settle(), lambda pk: settling.settle_again(loan_id=pk, at=_now()))


def _each(loans: Iterable[UUID], deed: Callable[[UUID], object]) -> None:
    """Do it for each; what stands in the way of one keeps no other from it."""
    for loan_id in loans:
        try:
            deed(loan_id)
        except DomainError as refusal:
            logger.warning("loan %s waits: %s", loan_id, refusal.code)


_now = timezone.now
