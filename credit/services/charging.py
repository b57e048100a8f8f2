"""Late charges are written down: for all loans of a close at once, in as many queries as for one."""

from collections.abc import Iterable
from datetime import date

from credit.models import Loan, LoanTransaction
from credit.notices import closing as notices
from credit.services.falling import Folded
from credit.services.folding import Kind
from credit.services.noting import write_rows


def write_charges(folded: Iterable[Folded], on: date) -> None:
    """Write the charges (kobo) that the standings of these loans have in them since this day, and tell the borrowers.

    The caller holds the loans. Raises IntegrityError where a loan's transactions are not counted right.
    """
    charged = [one for one in folded if one.charges]
    if not charged:
        return
    loans = Loan.objects.in_bulk([one.loan_id for one in charged])
    rows, told = [], []
    for one in charged:
        loan = loans[one.loan_id]
        first = one.data["transactions"] - len(one.charges) + 1
        for number, (row, amount) in enumerate(one.charges, start=first):
            data = {"row": row.number}
            rows.append(LoanTransaction(loan=loan, number=number, on=on, amount=amount, data=data))
            told.append((loan, row, amount))
    write_rows(rows, kind=Kind.PENALTY)
    notices.charged(told)
