"""A loan's days that are over: what became due on them, closed before anybody writes to the loan."""

from datetime import date
from uuid import UUID

from credit.models import Loan, LoanStanding, Position
from credit.schedule import roll
from credit.services.folding import kept, write


def close_loan(*, loan_id: UUID, until: date) -> Position:
    """Close a loan's days before `until`, and return its position under a lock: for whoever writes to it.

    Needs a transaction.
    """
    position = Position.objects.select_for_update(no_key=True).get(pk=loan_id)
    if position.parked_at is not None or position.next_day is None or position.next_day >= until:
        return position
    loan, record = Loan.objects.get(pk=loan_id), LoanStanding.objects.get(pk=loan_id)
    before = kept(record, loan)
    after = roll(before, until)
    newly = [row for row in after.rows if row.number >= before.number]
    write(position, record, loan, after, charged=position.charged + sum(row.charged for row in newly))
    position.next_day = until
    position.save(update_fields=["next_day"])
    return position
