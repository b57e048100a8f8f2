"""What a payment pays: first what is due, in the order that was agreed, then what is not due yet.

Pure. Amounts are minor units (kobo). Each kobo goes to one place, and `Paid` says where.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from credit.schedule import work_out_anew
from credit.standing import Row, Standing, earn_anew, interest_by
from credit.terms import Bucket, Effect

OF_ROWS = (Bucket.INTEREST, Bucket.PRINCIPAL)


@dataclass(frozen=True)
class Paid:
    """Where a payment went. `ahead` is the part of interest and principal that was not due yet."""

    interest: int = 0
    principal: int = 0
    fees: int = 0
    penalties: int = 0
    ahead: int = 0
    overpaid: int = 0

    @property
    def charges(self) -> int:
        return self.fees + self.penalties

    @property
    def total(self) -> int:
        return self.interest + self.principal + self.fees + self.penalties + self.overpaid


def allocate(standing: Standing, on: date, amount: int) -> tuple[Standing, Paid]:
    """Return the loan after a payment of so much (minor units) on this day, and where it went."""
    standing, paid, rest = _pay_due(standing, on, amount)
    standing = earn_anew(standing, on)
    if standing.terms.paying.accrued_first:
        standing, paid, rest = _pay_accrued(standing, on, paid, rest)
    standing, paid, rest = _pay_ahead(standing, on, paid, rest)
    if standing.balance == 0:
        standing, paid, rest = _pay_accrued(standing, on, paid, rest)
    return replace(standing, overpaid=standing.overpaid + rest), replace(paid, overpaid=rest)


def _claims(standing: Standing) -> Iterator[tuple[Bucket, int]]:
    """Yield what is due in the order in which it is paid: a bucket, and the place of a row in it."""
    order = standing.terms.paying.order
    due = [place for place, row in enumerate(standing.rows) if row.unpaid_interest or row.unpaid_principal]
    if not standing.terms.paying.row_by_row:
        for bucket in order:
            yield from ((bucket, place) for place in (due if bucket in OF_ROWS else [0]))
        return
    of_rows = [bucket for bucket in order if bucket in OF_ROWS]
    for bucket in order:
        if bucket not in OF_ROWS:
            yield bucket, 0
        elif bucket is of_rows[0]:
            yield from ((bucket, place) for place in due for bucket in of_rows)


def _pay_due(standing: Standing, on: date, rest: int) -> tuple[Standing, Paid, int]:
    paid, rows = Paid(), list(standing.rows)
    fees, penalties = standing.fees, standing.penalties
    for bucket, place in list(_claims(standing)):
        if bucket is Bucket.FEE:
            part = min(rest, fees)
            fees, paid = fees - part, replace(paid, fees=part)
        elif bucket is Bucket.PENALTY:
            part = min(rest, penalties)
            penalties, paid = penalties - part, replace(paid, penalties=part)
        elif bucket is Bucket.INTEREST:
            part = min(rest, rows[place].unpaid_interest)
            rows[place] = _mark(rows[place], on, interest=part)
            paid = replace(paid, interest=paid.interest + part)
        else:
            part = min(rest, rows[place].unpaid_principal)
            rows[place] = _mark(rows[place], on, principal=part)
            paid = replace(paid, principal=paid.principal + part)
        rest -= part
    settled = replace(
        standing,
        rows=tuple(rows),
        fees=fees,
        penalties=penalties,
        balance=standing.balance - paid.principal,
    )
    return settled, paid, rest


def _mark(row: Row, on: date, interest: int = 0, principal: int = 0) -> Row:
    late = interest + principal if on > row.due else 0
    return row._replace(
        paid_interest=row.paid_interest + interest,
        paid_principal=row.paid_principal + principal,
        paid_late=row.paid_late + late,
    )


def _pay_accrued(standing: Standing, on: date, paid: Paid, rest: int) -> tuple[Standing, Paid, int]:
    """Pay interest that was earned but is not due yet."""
    part = min(rest, interest_by(standing, on))
    standing = replace(standing, ahead_interest=standing.ahead_interest + part)
    return standing, replace(paid, interest=paid.interest + part, ahead=paid.ahead + part), rest - part


def _pay_ahead(standing: Standing, on: date, paid: Paid, rest: int) -> tuple[Standing, Paid, int]:
    """Pay principal ahead of its day. On a due day it goes into the row that is due, unless rows are postponed.

    Nor does it where that row asked for less than its interest: it has no principal that could be more.
    """
    part = min(rest, standing.balance)
    if part <= 0:
        return standing, paid, rest
    paid = replace(paid, principal=paid.principal + part, ahead=paid.ahead + part)
    standing = replace(standing, balance=standing.balance - part)
    rows = standing.rows
    into_due = standing.effect is not Effect.POSTPONED and rows and rows[-1].principal >= 0
    if into_due and on == standing.start == rows[-1].due:
        last = rows[-1]._replace(
            principal=rows[-1].principal + part,
            paid_principal=rows[-1].paid_principal + part,
        )
        standing = replace(standing, rows=(*rows[:-1], last), opening=standing.opening - part)
        standing = earn_anew(standing, on)
        if standing.effect is Effect.SMALLER and standing.left:
            standing = work_out_anew(standing)
    else:
        standing = earn_anew(replace(standing, ahead_principal=standing.ahead_principal + part), on)
    return standing, paid, rest - part
