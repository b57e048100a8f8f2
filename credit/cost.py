"""What a loan costs, as it is shown before it is signed: what is received, what is paid, and the yearly rate of both.

Pure. Amounts are minor units (kobo). The rate is the EU's (`credit/apr.py`), worked out from the real amounts of the
schedule, so that every rounding and every fee is in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from credit.apr import Flow, aprc, interval
from credit.periods import Calendar
from credit.standing import Row
from wallet.rhythm import DAILY, MONTHLY


@dataclass(frozen=True)
class Cost:
    """`received` is what the advances leave after the fees of the first day, `payable` all that is paid after it."""

    received: int
    interest: int
    fees: int
    payable: int
    aprc: Decimal


def cost(
    rows: Sequence[Row],
    calendar: Calendar,
    advances: Iterable[tuple[date, int]],
    fees: Iterable[tuple[date, int]] = (),
) -> Cost:
    """Return what a schedule costs. `fees` are paid by the borrower on their days, apart from the instalments.

    Raises NoRate where no rate makes it even: a fee as large as the loan.
    """
    advances, fees = sorted(advances), sorted(fees)
    first = advances[0][0]
    taken_off = sum(amount for on, amount in fees if on == first)
    flows = [Flow(Decimal(amount), years_to(calendar, first, on)) for on, amount in advances]
    flows += [Flow(Decimal(-amount), years_to(calendar, first, on)) for on, amount in fees]
    years = years_to_rows(calendar, first, [row.number for row in rows])
    flows += [Flow(Decimal(-row.payment), after) for row, after in zip(rows, years, strict=True)]
    all_fees = sum(amount for _on, amount in fees)
    return Cost(
        received=sum(amount for _on, amount in advances) - taken_off,
        interest=sum(row.interest for row in rows),
        fees=all_fees,
        payable=sum(row.payment for row in rows) + all_fees - taken_off,
        aprc=aprc(flows),
    )


def years_to_row(calendar: Calendar, first: date, number: int) -> Fraction:
    """Return the years from the first advance to a row's due day."""
    [years] = years_to_rows(calendar, first, [number])
    return years


def years_to_rows(calendar: Calendar, first: date, numbers: Sequence[int]) -> list[Fraction]:
    """Return the years from the first advance to the due days of rows.

    The rows are as far from one another as their rhythm says, whatever days their months end on.
    """
    if calendar.rhythm == DAILY:
        return [interval(first, calendar.due(number), "year") for number in numbers]
    begins, since = 0, Fraction(0)
    if first != calendar.start or not calendar.is_regular:
        # The first row that is due after the money came, counted by its days; the others follow from it.
        begins = calendar.first
        while calendar.due(begins) <= first:
            begins += 1
        since = years_to(calendar, first, calendar.due(begins))
    whole = 12 if calendar.rhythm == MONTHLY else 52
    above, step, below = (
        since.numerator * whole,
        since.denominator * calendar.every,
        since.denominator * whole,
    )
    return [Fraction(above + (number - begins) * step, below) for number in numbers]


def years_to(calendar: Calendar, first: date, on: date) -> Fraction:
    """Return the years from the first advance to a day: whole periods of the loan's rhythm, and the days left."""
    kind = {MONTHLY: "month", DAILY: "year"}.get(calendar.rhythm, "week")
    return interval(first, on, kind)
