"""What a loan's position says, taken from its standing: what is due, what a day earns, when to look again. Pure.

Amounts are minor units (kobo).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from credit.penalties import LateCharge
from credit.schedule import as_if_paid, changed, close
from credit.standing import NOTHING, Row, Standing, stretches_until

DAY = timedelta(days=1)
# Where a day is not always the same part of a year: it changes at New Year, or with the end of any month.
BY_YEAR, BY_MONTH = "ACT/ACT-ISDA", frozenset({"30E/360"})
PLACES = Decimal("1e-10")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Facts:
    """`accrued` is all that the loan has earned before `on`, `charged` the part of it that rows have asked for."""

    on: date
    next_event_on: date | None
    per_day: Decimal
    accrued: Decimal
    charged: int
    principal: int
    due_interest: int
    due_principal: int
    fees: int
    penalties: int
    overpaid: int
    next_due_on: date | None
    next_due_amount: int
    due_since: date | None

    @property
    def owed(self) -> int:
        """All but interest that is on its way."""
        return self.principal + self.due_interest + self.fees + self.penalties


def facts_of(standing: Standing, *, on: date, charged: int, late: LateCharge, charged_row: int) -> Facts:
    """Return what a position says on a day to which the standing has been rolled.

    `charged` is the interest of all rows that are due, `charged_row` the last one looked at for a late charge.
    """
    following, running = _following(standing, on), _running(standing, on)
    unpaid = [row for row in standing.rows if row.unpaid_interest or row.unpaid_principal]
    return Facts(
        on=on,
        next_event_on=next_event(standing, on=on, late=late, charged_row=charged_row),
        per_day=_per_day(standing, on, running),
        accrued=decimal_of(charged + running),
        charged=charged,
        principal=standing.balance,
        due_interest=standing.overdue_interest,
        due_principal=standing.overdue_principal,
        fees=standing.fees,
        penalties=standing.penalties,
        overpaid=standing.overpaid,
        next_due_on=following.due if following else None,
        next_due_amount=following.payment - following.paid_ahead if following else 0,
        due_since=min((row.due for row in unpaid), default=None),
    )


def _per_day(standing: Standing, on: date, running: Fraction) -> Decimal:
    """What the loan earns on this day, to ten places: `stretches_until` for one day."""
    tomorrow = standing.period.due if standing.period.due == on else on + DAY
    return decimal_of(_running(standing, tomorrow) - running)


def next_event(standing: Standing, *, on: date, late: LateCharge, charged_row: int) -> date | None:
    """Return the next day on which a day earns something else or something is to be done; None once it is over."""
    if standing.is_over and not standing.overdue_principal and not standing.overdue_interest:
        return None
    days = [standing.period.due]
    if standing.calendar.day_count == BY_YEAR:
        days.append(date(on.year + 1, 1, 1))
    elif standing.calendar.day_count in BY_MONTH:
        days.append(on + DAY)
    # Where a late charge waits for the end of a pause, it is looked at day by day.
    days += [max(day, on + DAY) for day in late_days(standing.rows, late, charged_row)]
    return min(days)


def late_days(rows: Iterable[Row], late: LateCharge, charged_row: int) -> list[date]:
    """Return when rows that are unpaid and were not charged for yet become late enough for it."""
    if not late.percent:
        return []
    return [
        row.due + (late.days_free + 1) * DAY
        for row in rows
        if row.number > charged_row and (row.unpaid_interest or row.unpaid_principal)
    ]


def decimal_of(amount: Fraction | int) -> Decimal:
    """Round to ten places, half to even."""
    return EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator)).quantize(
        PLACES, context=EXACT
    )


def _running(standing: Standing, on: date) -> Fraction:
    """What the running row has earned before a day."""
    stretches = stretches_until(standing, on)
    if len(stretches) == 1:
        return stretches[0].interest
    return sum((one.interest for one in stretches), NOTHING)


def _following(standing: Standing, on: date) -> Row | None:
    """The next row that asks for anything, were all that is overdue paid today: one before may be paid ahead."""
    planned = as_if_paid(changed(standing, planned=True), on)
    while not planned.is_over:
        planned = close(planned)
        if planned.rows[-1].payment > planned.rows[-1].paid_ahead:
            return planned.rows[-1]
    return None
