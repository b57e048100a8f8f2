"""What a change of what was agreed costs the lender, or earns it: IFRS 9, 5.4.3. Pure.

The cash flows that are still to come are discounted at the loan's original effective rate, as they were agreed before
(the gross carrying amount) and as they are agreed now. The difference is the gain, below zero the loss. Amounts are
minor units (kobo), the rate percent a year, time as the EU's yearly rate counts it (`credit/cost.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from credit.cost import years_to
from credit.schedule import plan, roll
from credit.standing import Standing

PRECISION = 34
NOW = Fraction(0)


@dataclass(frozen=True)
class Modification:
    """`carrying` is what the old cash flows are worth on the day, `present` what the new ones are."""

    carrying: int
    present: int

    @property
    def gain(self) -> int:
        return self.present - self.carrying


def modification(before: Standing, after: Standing, *, on: date, effective_rate: Decimal) -> Modification:
    """Return what a change on a day came to; `before` and `after` are the standings on both sides of it.

    Fees and late charges are on neither side: no change of the schedule touches them. Raises ValueError for a rate of
    -100 % or less.
    """
    return Modification(
        worth(before, on=on, effective_rate=effective_rate),
        worth(after, on=on, effective_rate=effective_rate),
    )


def worth(standing: Standing, *, on: date, effective_rate: Decimal) -> int:
    """Return what the instalments that are due and to come are worth on a day at a yearly rate, to the kobo.

    What is overdue counts in full, as if it was paid on that day; the rest as if it is paid on its days.
    """
    if effective_rate <= -100:
        raise ValueError("A rate is above -100 %.")
    with localcontext(prec=PRECISION, rounding=ROUND_HALF_EVEN):
        force = (1 + effective_rate / 100).ln()
        total = sum(
            (
                amount * (-force * years.numerator / years.denominator).exp()
                for amount, years in _flows(standing, on)
            ),
            Decimal(0),
        )
        return int(total.to_integral_value())


def _flows(standing: Standing, on: date) -> Iterator[tuple[int, Fraction]]:
    now = roll(standing, on)
    yield now.overdue_interest + now.overdue_principal, NOW
    for row in plan(now, on):
        if row.due > on:
            yield row.payment - row.paid_ahead, years_to(now.calendar, on, row.due)
