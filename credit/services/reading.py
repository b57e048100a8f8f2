"""A loan as its borrower reads it on a day: rows with what was paid of them, what is due, what is left.

It is worked out from the loan's events, so a day that is over reads as it was. Minor units (kobo).

Being late is counted in days that are over, without those of a pause, as the daily close counts it for staff: on the
day after its due day an instalment is late, and no day late yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from credit.delinquency import DAY, Pause, days_late
from credit.models import DelinquencyPause, Loan, LoanTransaction
from credit.replay import happen, quote
from credit.schedule import plan, roll
from credit.services.folding import event_of
from credit.standing import Row, Standing, begin
from credit.terms_data import terms_of


class Status(TextChoices):
    PAID = "PAID", _("Paid")
    LATE = "LATE", _("Late")
    DUE = "DUE", _("Due today")
    COMING = "COMING", _("To come")


@dataclass(frozen=True)
class ScheduleRow:
    """One instalment: what it asks, and what was paid of it so far. `days_late` counts days that are over."""

    number: int
    start: date
    due: date
    opening: int
    interest: int
    principal: int
    paid_interest: int
    paid_principal: int
    status: Status
    days_late: int = 0

    @property
    def is_late(self) -> bool:
        return self.status == Status.LATE

    @property
    def payment(self) -> int:
        return self.interest + self.principal

    @property
    def paid(self) -> int:
        return self.paid_interest + self.paid_principal

    @property
    def unpaid(self) -> int:
        return self.payment - self.paid

    @property
    def closing(self) -> int:
        return self.opening - self.principal


@dataclass(frozen=True)
class Outstanding:
    """What would pay the loan off on the day, in parts. `due` is what of it is asked for already."""

    principal: int
    interest: int
    fees: int
    penalties: int
    due_interest: int
    due_principal: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties

    @property
    def due(self) -> int:
        return self.due_interest + self.due_principal + self.fees + self.penalties


@dataclass(frozen=True)
class Reading:
    """A loan on a day. `next_row` is the first instalment after it that still asks for something."""

    on: date
    rate: str
    rows: tuple[ScheduleRow, ...]
    outstanding: Outstanding
    paid: int
    paid_principal: int
    paid_interest: int
    overpaid: int

    @property
    def next_row(self) -> ScheduleRow | None:
        return next((row for row in self.rows if row.due > self.on and row.unpaid > 0), None)

    @property
    def is_late(self) -> bool:
        return any(row.is_late for row in self.rows)

    @property
    def days_late(self) -> int:
        return max((row.days_late for row in self.rows), default=0)

    @property
    def to_pay(self) -> int:
        """What is due now, or else the next instalment."""
        return self.outstanding.due or (self.next_row.unpaid if self.next_row else 0)

    @property
    def is_over(self) -> bool:
        return self.outstanding.total == 0


def read_loan(loan: Loan, *, on: date) -> Reading:
    """Read a loan as it stood at the end of a day, by what is known of that day now.

    The caller may see the loan. A day before it was paid out reads as the day on which it was.
    """
    events = transactions_of(loan)
    on = max(on, loan.opened_on)
    standing = standing_on(loan, events, on=on)
    left = quote(standing, on)
    live = [row for row in events if row.on <= on and row.kind in PAYMENTS]
    return Reading(
        on=on,
        rate=f"{standing.rate:f}",
        rows=rows_of(standing, on=on, pauses=pauses_of(loan)),
        outstanding=Outstanding(
            left.principal,
            left.interest,
            left.fees,
            left.penalties,
            standing.overdue_interest,
            standing.overdue_principal,
        ),
        paid=sum(row.amount - row.overpaid for row in live),
        paid_principal=sum(row.principal for row in live),
        paid_interest=sum(row.interest for row in live),
        overpaid=standing.overpaid,
    )


def transactions_of(loan: Loan) -> list[LoanTransaction]:
    """Return all that happened to a loan's schedule and was not taken back, in order."""
    rows = LoanTransaction.objects.filter(loan=loan, kind__in=LoanTransaction.FOLDED, reversed_by=None)
    return list(rows.order_by("number"))


def standing_on(loan: Loan, transactions: Sequence[LoanTransaction], *, on: date) -> Standing:
    """Return where a loan stood on a day, by its transactions up to then."""
    standing = begin(terms_of(loan.terms))
    for row in transactions:
        if row.on <= on:
            standing = happen(standing, event_of(row))
    return roll(standing, on)


def pauses_of(loan: Loan) -> list[Pause]:
    """Return the days in which being late did not count."""
    return list(DelinquencyPause.objects.filter(loan=loan).values_list("since", "until"))


def rows_of(standing: Standing, *, on: date, pauses: Sequence[Pause] = ()) -> tuple[ScheduleRow, ...]:
    """Return the rows that are due, and those to come if all that is overdue were paid on that day."""
    return tuple(_read_row(row, on, pauses) for row in plan(standing, on) if row.payment or row.number <= 1)


def _read_row(row: Row, on: date, pauses: Sequence[Pause]) -> ScheduleRow:
    unpaid = row.unpaid_interest + row.unpaid_principal
    if unpaid <= 0:
        status = Status.PAID
    elif row.due < on:
        status = Status.LATE
    else:
        status = Status.DUE if row.due == on else Status.COMING
    return ScheduleRow(
        number=row.number,
        start=row.start,
        due=row.due,
        opening=row.opening,
        interest=row.interest - row.capitalised,
        principal=max(row.principal, 0),
        paid_interest=row.paid_interest,
        paid_principal=row.paid_principal,
        status=status,
        days_late=days_late(row.due, day=on - DAY, pauses=pauses) if status == Status.LATE else 0,
    )


PAYMENTS = (LoanTransaction.Kind.REPAYMENT, LoanTransaction.Kind.PAY_OFF)
