"""What a measure costs the lenders of a loan, or earns them, is kept with the schedule that it made. Minor units.

It is the lenders' own figure: their loans are no assets of ours, so nothing is posted for it.
"""

from django.db.models import Sum

from core.money import split
from credit.models import Loan, LoanModification, LoanTransaction, ScheduleVersion
from credit.modification import modification
from credit.services.held import Held
from credit.services.sharing import holdings_of, shares_of
from credit.standing import Standing


def keep_modification(held: Held, before: Standing, row: LoanTransaction) -> list[LoanModification]:
    """Write down what a change came to for each share, in the proportion of what each is owed.

    `before` is where the loan stood when `row` was entered; the caller holds the loan.
    """
    loan = held.loan
    found = modification(before, held.standing, on=row.on, effective_rate=loan.effective_rate)
    shares = shares_of(loan)
    owed = [one.owed for one in holdings_of(shares, balance=before.balance)]
    weights = owed if any(owed) else [share.amount for share in shares]
    version = ScheduleVersion.objects.get(transaction=row)
    return LoanModification.objects.bulk_create(
        LoanModification(
            loan=loan,
            transaction=row,
            share=share,
            version=version,
            on=row.on,
            effective_rate=loan.effective_rate,
            carrying=carrying,
            present=present,
            gain=present - carrying,
        )
        for share, carrying, present in zip(
            shares, split(found.carrying, weights), split(found.present, weights), strict=True
        )
    )


def gain_of(loan: Loan, number: int) -> int | None:
    """Return what the loan's transaction of this number came to for all its lenders; None where it changed nothing."""
    found = LoanModification.objects.filter(loan=loan, transaction__number=number)
    gain: int | None = found.aggregate(sum=Sum("gain"))["sum"]
    return gain
