"""What ending a saving comes to. Pure: amounts are minor units (kobo), rates and penalties percent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from savings import interest
from savings.interest import Rounding, Terms


@dataclass(frozen=True)
class Ending:
    """What ending a saving comes to; the names are those of `ClosingQuote`."""

    balance: int
    earned: int
    interest: int
    tax: int
    taken_back: int
    tax_back: int
    penalty: int

    @property
    def pays_out(self) -> int:
        return self.balance + self.interest - self.tax - self.taken_back + self.tax_back - self.penalty


def lowered(terms: Terms, points: Decimal) -> Terms:
    """Return the terms with each rate less so many percent points, none below zero."""
    bands = (replace(band, rate=max(band.rate - points, Decimal(0))) for band in terms.bands)
    return replace(terms, bands=tuple(bands))


def earned_at(terms: Mapping[date, Terms], *, start: date, end: date, moves: Mapping[date, int]) -> Decimal:
    """Return all interest of the days from `start` on, before `end`, paid or not, as if these terms had always held."""
    standing, rows = interest.close_days(terms, start=start, end=end, moves=moves)
    return standing.carry + sum(row.paid for row in rows)


def settle(
    *,
    balance: int,
    earned: Decimal,
    allowed: Decimal,
    paid: int,
    withheld: int,
    tax: Decimal,
    rounding: Rounding,
    lost: int,
) -> Ending:
    """Settle what of all that was `earned` is `allowed` against what was paid (each before tax) and the tax withheld.

    What was paid too much is taken back, with its tax, and what is `lost` of the balance goes, as far as there is any.
    """
    due, gross, taken_back, tax_back = max(interest.whole(allowed, rounding), 0), 0, 0, 0
    if due >= paid:
        gross = due - paid
    else:
        tax_back = max(withheld - interest.tax_on(due, tax), 0)
        taken_back = min(paid - due, balance + tax_back)
    return Ending(
        balance=balance,
        earned=max(interest.whole(earned, rounding), 0),
        interest=gross,
        tax=interest.tax_on(gross, tax),
        taken_back=taken_back,
        tax_back=tax_back,
        penalty=min(lost, balance - taken_back + tax_back),
    )


def share(balance: int, percent: Decimal) -> int:
    """Return so many percent of a balance, half up."""
    return interest.whole(Decimal(balance) * percent / 100, Rounding.HALF_UP)
