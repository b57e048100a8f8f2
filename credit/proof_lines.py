"""How a proof is written out for whoever reads it: each row's stretches, rounded once, and where each payment went.

Pure. Amounts are minor units (kobo); what is not rounded yet is text, in naira.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from credit.positions import decimal_of
from credit.standing import Row, Standing, Stretch, charged, stretches_until


@dataclass(frozen=True)
class Line:
    """What earned, from when to when, at which rate, for what of a year: multiplied, that is `earned`."""

    start: date
    end: date
    days: int
    earning: int
    rate: Decimal
    years: str
    interest: str
    earned: Fraction


@dataclass(frozen=True)
class Period:
    """One instalment's period: its lines, and what they come to, rounded to a kobo once.

    `asked` is the interest that its instalment asked for: another sum where some waits for a later one, or waited.
    """

    number: int
    start: date
    due: date
    lines: tuple[Line, ...]
    exact: str
    earned: Fraction
    charged: int
    asked: int
    is_running: bool = False


def periods_of(standing: Standing) -> list[Period]:
    """Return the periods that are over, and the one that runs, as of the standing's day."""
    found = [_period(row) for row in standing.rows if row.stretches]
    running = stretches_until(standing, standing.day)
    if running:
        found.append(
            Period(
                standing.number,
                standing.start,
                standing.period.due,
                _lines(running),
                exact(_sum(running)),
                _sum(running),
                charged(standing, running),
                charged(standing, running),
                is_running=True,
            )
        )
    return found


def _period(row: Row) -> Period:
    earned = _sum(row.stretches)
    return Period(
        row.number,
        row.start,
        row.due,
        _lines(row.stretches),
        exact(earned),
        earned,
        row.charged,
        row.interest,
    )


def _lines(stretches: Sequence[Stretch]) -> tuple[Line, ...]:
    return tuple(
        Line(
            one.start,
            one.end,
            (one.end - one.start).days,
            one.earning,
            one.rate,
            f"{one.years.numerator}/{one.years.denominator}",
            exact(one.interest),
            one.interest,
        )
        for one in stretches
    )


def _sum(stretches: Sequence[Stretch]) -> Fraction:
    return sum((one.interest for one in stretches), Fraction(0))


def exact(amount: Fraction) -> str:
    """Minor units as naira, to six places."""
    return f"₦{decimal_of(amount / 100):,.6f}"
