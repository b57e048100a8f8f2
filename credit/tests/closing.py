"""What tests of closed days share."""

from datetime import date

from django.db import transaction
from django.db.models import F, Sum

from core.actors import acting_as_service
from credit.models import Loan, LoanDay, Position
from credit.positions import decimal_of
from credit.services.closing import close_loan
from credit.services.folding import Fold
from credit.standing import stretches_until


def closed(loan: Loan, until: date) -> Position:
    with acting_as_service(), transaction.atomic():
        return close_loan(loan_id=loan.pk, until=until)


def days_of(loan: Loan) -> list[LoanDay]:
    with acting_as_service():
        return list(LoanDay.objects.filter(loan=loan).order_by("day"))


def earned(loan: Loan) -> object:
    """What the closed days say that a loan has earned (kobo)."""
    with acting_as_service():
        return LoanDay.objects.filter(loan=loan).aggregate(sum=Sum(F("accrued") + F("adjusted")))["sum"]


def earned_by(folded: Fold, on: date) -> object:
    """What its events say."""
    running = sum(one.interest for one in stretches_until(folded.standing, on))
    return decimal_of(folded.charged + running)
