"""What an earlier return to the bureaux told wrong: lines of those months, told again by the next return.

A line was missing where a loan was parked when its month ended, and closed later. It was wrong where something of that
month was taken back since: the loan is worked out again as of the month's end, without it. Loans that were given up by
then stay as they were told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Min

from credit.delinquency import days_late
from credit.models import BureauReturn, DelinquencyPause, Loan, LoanTransaction, ReportedLoan, loan_day_id
from credit.replay import happen
from credit.schedule import roll
from credit.services.folding import numbered_events
from credit.services.portfolio import month_after
from credit.standing import begin
from credit.terms_data import terms_of

DAY = timedelta(days=1)
# So many returns back are put right; what is older than a year is told by hand.
BACK = 12
Kind, Status = LoanTransaction.Kind, ReportedLoan.Status
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Stood:
    """Where a loan stood when a day ended, as far as is known now; minor units."""

    status: str
    balance: int
    overdue: int
    days_late: int


def add_corrections(key: UUID, month: date) -> None:
    """Write, for the return `key` of a month, the lines of earlier months that were missing or told wrong."""
    earlier = list(BureauReturn.objects.filter(month__lt=month).order_by("-month")[:BACK])
    if not earlier:
        return
    for one in earlier:
        _add_missing(key, one.month)
    months = sorted(one.month for one in earlier)
    ReportedLoan.objects.bulk_create(_changed(key, months, earlier[0]))


def stood(loan: Loan, on: date) -> Stood | None:
    """Return where a loan stood when a day ended, without what was taken back since; None before it was paid out."""
    standing = begin(terms_of(loan.terms))
    for _number, event in numbered_events(loan):
        if event.on <= on:
            standing = happen(standing, event)
    if not standing.lent:
        return None
    standing = roll(standing, on) if on > standing.day else standing
    overdue = standing.overdue_interest + standing.overdue_principal
    if standing.is_over and not overdue:
        return Stood(Status.CLOSED, 0, 0, 0)
    unpaid = (row.due for row in standing.rows if row.unpaid_interest or row.unpaid_principal)
    pauses = DelinquencyPause.objects.filter(loan=loan).values_list("since", "until")
    late = days_late(min(unpaid, default=None), day=on, pauses=list(pauses))
    return Stood(Status.OPEN, standing.balance, overdue, late)


def _changed(key: UUID, months: Sequence[date], last: BureauReturn) -> Iterator[ReportedLoan]:
    """Lines of loans of which something was taken back since the last return that had happened before it."""
    taken_back = LoanTransaction.objects.filter(
        kind=Kind.REVERSAL, made_at__gt=last.made_at, reverses__on__lte=last_day_of(last.month)
    )
    since = dict(taken_back.values_list("loan").annotate(Min("reverses__on")))
    for loan in Loan.objects.filter(pk__in=since).order_by("pk"):
        told = {row.month: row for row in ReportedLoan.objects.filter(loan=loan).order_by("pk")}
        for month in months:
            on, before = last_day_of(month), told.get(month)
            if on < since[loan.pk] or (before and before.of_return_id == key) or _given_up(loan, on):
                continue
            now = stood(loan, on)
            if now is not None and now != _as_told(before):
                yield ReportedLoan(
                    of_return_id=key,
                    loan=loan,
                    month=month,
                    status=now.status,
                    balance=now.balance,
                    overdue=now.overdue,
                    days_late=now.days_late,
                )


def last_day_of(month: date) -> date:
    return month_after(month, 1) - DAY


def _as_told(line: ReportedLoan | None) -> Stood | None:
    return Stood(line.status, line.balance, line.overdue, line.days_late) if line else None


def _given_up(loan: Loan, on: date) -> bool:
    kinds = (Kind.CHARGE_OFF, Kind.WRITE_OFF)
    return LoanTransaction.objects.filter(loan=loan, kind__in=kinds, on__lte=on).exists()


def _add_missing(key: UUID, month: date) -> None:
    last = last_day_of(month)
    facts: dict[str, Any] = {
        "key": key,
        "month": month,
        "first": loan_day_id(FIRST, last),
        "last": loan_day_id(LAST, last),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, facts)


_MISSING = """
insert into credit_reportedloan (of_return_id, loan_id, month, status, balance, overdue, days_late)
select %(key)s, d.loan_id, %(month)s, 'OPEN', d.principal, d.overdue, d.overdue_days
from credit_loanday d join credit_application a on a.id = d.loan_id and a.state not in ('CANCELLED', 'SIGNED')
where d.id >= %(first)s and d.id <= %(last)s
    and not exists (select from credit_reportedloan r where r.loan_id = d.loan_id and r.month = %(month)s)
"""
