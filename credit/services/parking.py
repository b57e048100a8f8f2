"""A loan that could not be closed, looked at by staff: its cause mended, its days are closed again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Loan, Position
from credit.refusals import LoanNotFound
from credit.services.closing import close_loan


class NotParked(DomainError):
    code = "loan_not_parked"
    kind = "conflict"
    message = _("This loan is not parked: its days are closed as all others are.")


def close_again(*, loan_id: UUID, reason: str, at: datetime) -> bool:
    """Close the days of a parked loan up to yesterday, and return whether that went well.

    Where it did not, it is parked again with what is in the way now. Raises LoanNotFound, NotParked.
    """
    with acting_as_service(), transaction.atomic():
        position = Position.objects.select_for_update(no_key=True).filter(pk=loan_id).first()
        if position is None:
            raise LoanNotFound
        if position.parked_at is None:
            raise NotParked
        was = position.error
        Position.objects.filter(pk=loan_id).update(parked_at=None, error="")
        done = close_loan(loan_id=loan_id, until=timezone.localdate(at)).parked_at is None
        audit.record(
            action="credit.loan.closed_again", target=Loan(pk=loan_id), reason=reason, error=was, done=done
        )
    return done
