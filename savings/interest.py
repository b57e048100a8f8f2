"""What a balance earns: day by day, to ten places of a kobo, rounded to a kobo once, when it is paid.

Pure: no database and no clock. Amounts are minor units (kobo), an `int` where they are money and a `Decimal` where they
are interest on its way; rates are percent a year. `savings/sql/interest.sql` states the same rules set-wise, and a test
holds both to the same figures.

Three facts are kept apart. Interest *accrues* at the end of each day. It is *capitalised* when it starts to earn
itself, and *paid* when it reaches the balance; what is paid earns from the next day on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from core.daycount import day_fraction

PLACES = 10
ZERO = Decimal(0)
HIGHEST = Decimal(1000)  # percent a year
DAY = timedelta(days=1)


class Every(StrEnum):
    """How often: at the end of each calendar day, month, quarter, half-year or year, or only when the saving ends."""

    DAY = "DAY"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"
    END = "END"


class Method(StrEnum):
    """What a band's rate is earned on: the whole balance, or only the part of it that lies in the band."""

    WHOLE = "WHOLE"
    MARGINAL = "MARGINAL"


class Rounding(StrEnum):
    HALF_EVEN = "HALF_EVEN"
    HALF_UP = "HALF_UP"
    DOWN = "DOWN"


_MODES = {
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.DOWN: ROUND_DOWN,
}
_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


@dataclass(frozen=True)
class Band:
    """From `floor` (minor units, itself included) up to the next band's floor: `rate` percent a year."""

    floor: int
    rate: Decimal


@dataclass(frozen=True)
class Rate:
    """One cell of a product's rate table: from this term on, and from this amount on (minor units), percent a year."""

    term: int
    floor: int
    rate: Decimal


def bands_of(table: Sequence[Rate], term: int) -> tuple[Band, ...]:
    """Return the bands by amount of those cells that hold for a term, which is in the unit of the table's terms.

    Raises ValueError for a term below the first of the table.
    """
    starts = [cell.term for cell in table if cell.term <= term]
    if not starts:
        raise ValueError(f"No rate holds for a term of {term}.")
    row = [cell for cell in table if cell.term == max(starts)]
    return tuple(Band(cell.floor, cell.rate) for cell in sorted(row, key=lambda cell: cell.floor))


@dataclass(frozen=True)
class Terms:
    """How a saving earns from some day on. The first band starts at 0, and each starts above the one before."""

    bands: tuple[Band, ...]
    method: Method = Method.WHOLE
    day_count: str = "ACT/365F"
    capitalised: Every = Every.END
    paid: Every = Every.MONTH
    rounding: Rounding = Rounding.HALF_EVEN
    tax: Decimal = Decimal(0)
    places: int = PLACES

    def __post_init__(self) -> None:
        floors = [band.floor for band in self.bands]
        if floors[:1] != [0] or floors != sorted(set(floors)):
            raise ValueError("Bands start at 0, each above the one before.")
        if any(not 0 <= band.rate <= HIGHEST for band in self.bands):
            raise ValueError("A rate is between 0 and 1,000 percent a year.")


@dataclass(frozen=True)
class Standing:
    """A saving at the end of a day: its balance, what it earned and was not paid yet, and how much of that earns."""

    balance: int
    carry: Decimal = Decimal(0)
    capital: Decimal = Decimal(0)


@dataclass(frozen=True)
class Day:
    """One day's row: the balance at its end, the interest it earned, and what was paid of all that was earned."""

    day: date
    balance: int
    accrued: Decimal
    carry: Decimal
    paid: int = 0
    tax: int = 0


def ends_on(every: Every, day: date) -> bool:
    """Whether a period of the calendar ends with this day."""
    if every is Every.DAY:
        return True
    months = _MONTHS.get(every)
    return months is not None and day.month % months == 0 and (day + DAY).month != day.month


def rate_of(bands: Sequence[Band], balance: int) -> Decimal:
    """Return the percent a year of the band that a balance (minor units) lies in."""
    return next(band.rate for band in reversed(bands) if band.floor <= balance)


def accrual(terms: Terms, balance: int, day: date, *, capital: Decimal = ZERO) -> Decimal:
    """Return what a balance and the interest capitalised on it earn in one day, half-even to `terms.places`.

    The balance alone decides the band; capitalised interest earns at the rate of the band that the balance reaches.
    A balance below zero earns nothing.
    """
    if balance < 0:
        return ZERO
    year = day_fraction(terms.day_count, day)
    exact = (_of_a_year(terms, balance) + Fraction(capital) * _part(rate_of(terms.bands, balance))) * year
    return Decimal(round(exact * 10**terms.places)).scaleb(-terms.places)


def _of_a_year(terms: Terms, balance: int) -> Fraction:
    if terms.method is Method.WHOLE:
        return balance * _part(rate_of(terms.bands, balance))
    return sum((amount * _part(band.rate) for band, amount in parts_of(terms.bands, balance)), Fraction(0))


def parts_of(bands: Sequence[Band], balance: int) -> list[tuple[Band, int]]:
    """Return how much of a balance (minor units) lies in each band, for bands that it reaches."""
    ceilings = [*(band.floor for band in bands[1:]), balance]
    return [
        (band, min(balance, ceiling) - band.floor)
        for band, ceiling in zip(bands, ceilings, strict=True)
        if balance > band.floor
    ]


def _part(percent: Decimal) -> Fraction:
    return Fraction(percent) / 100


def whole(amount: Decimal, rounding: Rounding) -> int:
    """Return whole minor units."""
    return int(amount.quantize(Decimal(1), rounding=_MODES[rounding]))


def tax_on(gross: int, percent: Decimal) -> int:
    """Return the tax withheld from interest that is paid (minor units), half up.

    Source: Deduction of Tax at Source (Withholding) Regulations 2024; the rounding is the operator's.
    """
    return whole(Decimal(gross) * percent / 100, Rounding.HALF_UP)


def close_day(
    terms: Terms, standing: Standing, day: date, *, moved: int = 0, last: bool = False
) -> tuple[Standing, Day]:
    """Close one day: `moved` is what came in less what went out with this value date, minor units.

    `last` is the last day of the saving, when all that was earned is paid.
    """
    balance = standing.balance + moved
    earned = accrual(terms, balance, day, capital=standing.capital)
    carry = standing.carry + earned
    row = Day(day=day, balance=balance, accrued=earned, carry=carry)
    capital = max(carry, ZERO) if ends_on(terms.capitalised, day) else standing.capital
    if not (last or ends_on(terms.paid, day)):
        return Standing(balance, carry, capital), row
    gross = max(whole(carry, terms.rounding), 0)
    tax = tax_on(gross, terms.tax)
    rest = carry - gross
    earning = max(min(capital, rest), ZERO)
    return Standing(balance + gross - tax, rest, earning), replace(row, carry=rest, paid=gross, tax=tax)


def close_days(
    terms: Mapping[date, Terms],
    *,
    start: date,
    end: date,
    moves: Mapping[date, int],
    standing: Standing | None = None,
) -> tuple[Standing, list[Day]]:
    """Close each day from `start` on, before `end`, under the terms in force on it.

    `terms` is by the first day of each version, one of them not after `start`; `moves` is by value date, minor units.
    Nothing but these two decides, so a history in which an entry was there from the beginning and one in which it was
    put in later give the same rows.
    """
    now = standing or Standing(0)
    since = sorted(terms)
    rows = []
    day = start
    while day < end:
        version = terms[max(first for first in since if first <= day)]
        now, row = close_day(version, now, day, moved=moves.get(day, 0))
        rows.append(row)
        day += DAY
    return now, rows


def interest_of_a_year(terms: Terms, balance: int, start: date) -> Decimal:
    """Return what a balance (minor units) earns in 365 days if nothing moves and nothing is taxed: what APY is made of.

    Under `MARGINAL` each part of the balance is taken as a saving of its own, as Regulation DD (12 CFR 1030), Appendix
    A, part I.D method B, has it.
    """
    # What is paid stays and earns from then on, as if it were capitalised then.
    earning = min(terms.capitalised, terms.paid, key=[*Every].index)
    whole_year = replace(terms, capitalised=earning, paid=Every.END, tax=ZERO)
    if terms.method is Method.MARGINAL:
        stacks = [
            (replace(whole_year, bands=(Band(0, band.rate),)), part)
            for band, part in parts_of(terms.bands, balance)
        ]
    else:
        stacks = [(whole_year, balance)]
    end = start + 365 * DAY
    closed = [close_days({start: one}, start=start, end=end, moves={start: part})[0] for one, part in stacks]
    return sum((standing.carry for standing in closed), ZERO)
