"""Holding a loan: its position is locked before anything else, so that nobody writes to it at the same time."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from credit.models import Loan, LoanStanding
from credit.refusals import LoanNotFound, LoanParked
from credit.services.closing import close_loan
from credit.services.folding import kept
from credit.services.held import Held
from credit.services.locking import lock_application

__all__ = ["CLOCKS_DIFFER", "Held", "effective", "hold"]

# No two clocks are so far apart.
CLOCKS_DIFFER = timedelta(hours=1)


def hold(loan_id: UUID, *, user_id: UUID | None, at: datetime) -> Held:
    """Lock a loan and close its days that are over. `user_id` None is a task or staff.

    Needs a transaction, as the service. Raises LoanNotFound, LoanParked.
    """
    today = timezone.localdate(at)
    owned = Loan.objects.filter(pk=loan_id)
    if user_id is not None:
        owned = owned.filter(user_id=user_id)
    loan = owned.select_related("contract").first()
    if loan is None:
        raise LoanNotFound
    position = close_loan(loan_id=loan_id, until=today)
    if position.parked_at is not None:
        raise LoanParked
    application = lock_application(loan_id)
    record = LoanStanding.objects.get(pk=loan_id)
    return Held(loan, application, position, record, kept(record, loan), today, at)


def effective(at: datetime) -> datetime | None:
    """Return when the ledger is told that it happened: a moment that is over, or None for its own now."""
    return at if at < timezone.now() - CLOCKS_DIFFER else None
