"""What ending a saving comes to. Pure: amounts are minor units (kobo), rates and penalties percent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from savings import interest
from savings.interest import Rounding, Terms


@dataclass(frozen=True)
class Settled:
    """What is still paid of the interest, or taken back of what was paid already, and the tax of either."""

    interest: int = 0
    tax: int = 0
    taken_back: int = 0
    tax_back: int = 0


def lowered(terms: Terms, points: Decimal) -> Terms:
    """Return the terms with each rate less so many percent points, none below zero."""
    bands = (replace(band, rate=max(band.rate - points, Decimal(0))) for band in terms.bands)
    return replace(terms, bands=tuple(bands))


def earned_at(terms: Mapping[date, Terms], *, start: date, end: date, moves: Mapping[date, int]) -> Decimal:
    """Return all interest of the days from `start` on, before `end`, paid or not, as if these terms had always held."""
    standing, rows = interest.close_days(terms, start=start, end=end, moves=moves)
    return standing.carry + sum(row.paid for row in rows)


def settle(
    *, earned: Decimal, paid: int, withheld: int, tax: Decimal, rounding: Rounding, balance: int
) -> Settled:
    """Settle what was earned against what was paid (both before tax) and the tax withheld of it.

    What was paid too much is taken back, with its tax, as far as the balance goes.
    """
    due = max(interest.whole(earned, rounding), 0)
    if due >= paid:
        gross = due - paid
        return Settled(interest=gross, tax=interest.tax_on(gross, tax))
    tax_back = max(withheld - interest.tax_on(due, tax), 0)
    return Settled(taken_back=min(paid - due, balance + tax_back), tax_back=tax_back)


def share(balance: int, percent: Decimal) -> int:
    """Return so many percent of a balance, half up."""
    return interest.whole(Decimal(balance) * percent / 100, Rounding.HALF_UP)
