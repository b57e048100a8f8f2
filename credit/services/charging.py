"""Late charges are written down: for all loans of a close at once, in as many queries as for one."""

from collections.abc import Iterable
from datetime import date

from credit.models import LoanTransaction
from credit.notices import closing as notices
from credit.services.falling import Folded
from credit.services.folding import Kind
from credit.services.noting import write_rows


def write_charges(folded: Iterable[Folded], on: date) -> None:
    """Write the charges (kobo) that the standings of these loans have in them since this day, and tell the borrowers.

    The caller holds the loans. Raises IntegrityError where a loan's transactions are not counted right.
    """
    rows, told = [], []
    for one in folded:
        first = one.data["transactions"] - len(one.charges) + 1
        for number, (row, amount) in enumerate(one.charges, start=first):
            data = {"row": row.number}
            rows.append(LoanTransaction(loan=one.loan, number=number, on=on, amount=amount, data=data))
            told.append((one.loan, row, amount))
    if rows:
        write_rows(rows, kind=Kind.PENALTY)
        notices.charged(told)
