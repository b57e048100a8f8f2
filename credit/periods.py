"""The periods of a loan: when its instalments are due, and what each period is of a year.

Pure. A calendar is anchored as a rhythm is (`wallet/rhythm.py`): what is wanted on the 31st falls on the last day of a
shorter month and on the 31st again after it.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache

from core.daycount import ADDITIVE, CONVENTIONS, year_fraction
from credit.apr import interval
from wallet import rhythm
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

# Beside the conventions of days there are three in which a period is worth what it is called. A month is a twelfth of a
# year however long it is, and a part of it is its days of the period's days. The EU's (SWD(2012) 128) has, for an odd
# first period, whole months and days of their year; without it a first instalment put off by a month costs nothing.
# And a week is a 52nd of a year.
MONTH_12 = "MONTH/12"
MONTH_12_EU = "MONTH/12-EU"
ACT_364 = "ACT/364"
DAY_COUNTS = frozenset(CONVENTIONS) | {MONTH_12, MONTH_12_EU, ACT_364}


@dataclass(frozen=True)
class Period:
    """One row's time: its first day counts, the day it is due does not. `years` is what all of it is of a year."""

    number: int
    start: date
    due: date
    years: Fraction


@dataclass(frozen=True)
class Calendar:
    """Due days, from row `first` on: each `every` steps of the rhythm from the anchor, which is `start` if not given.

    The first period begins with `start` wherever the anchor lies, so it may be shorter or longer than the others. Where
    `first_due` is given, the others follow from it.
    """

    start: date
    anchor: date | None = None
    first_due: date | None = None
    every: int = 1
    rhythm: str = MONTHLY
    day_count: str = MONTH_12_EU
    first: int = 1

    def __post_init__(self) -> None:
        if self.day_count not in DAY_COUNTS:
            raise ValueError(f"No day count convention is called {self.day_count!r}.")
        if self.rhythm not in (DAILY, WEEKLY, MONTHLY) or self.every < 1:
            raise ValueError("Instalments come every so many days, weeks or months.")
        if self.day_count in (MONTH_12, MONTH_12_EU) and self.rhythm != MONTHLY:
            raise ValueError(f"{self.day_count} is for months.")
        if self.due(self.first) <= self.start:
            raise ValueError("The first instalment is due after the loan begins.")

    def due(self, number: int) -> date:
        """Return the day on which a row is due."""
        if self.first_due is not None:
            found = rhythm.nth(self.rhythm, self.first_due, (number - self.first) * self.every)
        else:
            found = rhythm.nth(self.rhythm, self.anchor or self.start, (number - self.first + 1) * self.every)
        if found is None:  # only a rhythm that happens once ends, and a calendar has none
            raise ValueError("The calendar has no such day.")
        return found

    @cached_property
    def _periods(self) -> dict[int, Period]:
        return _periods(self)

    @property
    def is_regular(self) -> bool:
        """Whether the first period is as long as the others."""
        return self.start == _regular_start(self)

    def period(self, number: int) -> Period:
        """Return the period of a row."""
        if number not in self._periods:
            self._periods[number] = _period(self, number)
        return self._periods[number]

    def years(self, period: Period, start: date, end: date) -> Fraction:
        """Return what the days from `start` to `end`, which lie within the period, are of a year."""
        if self.day_count in ADDITIVE:
            return year_fraction(self.day_count, start, end)
        if self.day_count == ACT_364:
            return Fraction((end - start).days, 364)
        if start == period.start and end == period.due:
            return period.years
        # Where days do not add up, a part is its days of the period's days, so that all parts are the whole.
        return period.years * Fraction((end - start).days, (period.due - period.start).days)


@lru_cache(maxsize=64)
def _periods(calendar: Calendar) -> dict[int, Period]:
    """The periods that were worked out so far, one dictionary for all calendars that are equal."""
    return {}


def _period(calendar: Calendar, number: int) -> Period:
    start = calendar.start if number == calendar.first else calendar.due(number - 1)
    due = calendar.due(number)
    return Period(number, start, due, _whole(calendar, number, start, due))


def _whole(calendar: Calendar, number: int, start: date, due: date) -> Fraction:
    """What a whole period is of a year."""
    if calendar.day_count in CONVENTIONS:
        return year_fraction(calendar.day_count, start, due)
    if calendar.day_count == ACT_364:
        return Fraction((due - start).days, 364)
    months = Fraction(calendar.every, 12)
    if number != calendar.first:
        return months
    if calendar.day_count == MONTH_12_EU and not calendar.is_regular:
        return interval(start, due, "month")
    regular = _regular_start(calendar)
    if start > regular:
        return months * Fraction((due - start).days, (due - regular).days)
    return months


def _regular_start(calendar: Calendar) -> date:
    """Where the first period would begin if it were as long as the others."""
    if calendar.first_due is None:
        return calendar.anchor or calendar.start
    return rhythm.nth(calendar.rhythm, calendar.first_due, -calendar.every) or calendar.start
