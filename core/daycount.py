"""Day count conventions: how much of a year lies between two days.

A convention is asked by its name, as contracts print it. Days are plain dates of the operator's zone; the first day
counts, the last does not. Sources: the 2006 ISDA Definitions, section 4.16 (ACT/ACT-ISDA, ACT/365F, ACT/360, the three
30/360), ICMA rule 251 (ACT/ACT-ICMA), and for 30/360-US the February rule of the SIFMA Standard Formulas.
"""

from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction


def year_fraction(convention: str, start: date, end: date) -> Fraction:
    """Return the years from `start` to `end`, exact; negative when `end` comes first.

    Raises ValueError for a name that is not in `CONVENTIONS`.
    """
    try:
        count = CONVENTIONS[convention]
    except KeyError:
        raise ValueError(f"No day count convention is called {convention!r}.") from None
    return count(start, end)


def actual_actual_icma(start: date, end: date, *, period_start: date, period_end: date) -> Fraction:
    """Return the years from `start` to `end` within a regular period of whole months, by ICMA rule 251.

    Raises ValueError when the period is not a whole number of months that divides a year.
    """
    months = (period_end.year - period_start.year) * 12 + period_end.month - period_start.month
    if months <= 0 or 12 % months:
        raise ValueError("The period must have 1, 2, 3, 4, 6 or 12 months.")
    return Fraction((end - start).days, (period_end - period_start).days) * Fraction(months, 12)


def thirty_e_360_isda(start: date, end: date, *, termination: date) -> Fraction:
    """Return the years by 30E/360 (ISDA): the last day of February is a 30th, except on the termination date."""
    first = 30 if _ends_month(start) else start.day
    last = 30 if _ends_month(end) and not (end.month == 2 and end == termination) else end.day
    return _thirty_days(start, end, min(first, 30), min(last, 30))


def _actual_365(start: date, end: date) -> Fraction:
    return Fraction((end - start).days, 365)


def _actual_360(start: date, end: date) -> Fraction:
    return Fraction((end - start).days, 360)


def _actual_actual_isda(start: date, end: date) -> Fraction:
    """Each day at the length of its own year, so that a period splits at 1 January."""
    if end < start:
        return -_actual_actual_isda(end, start)
    if start.year == end.year:
        return Fraction((end - start).days, _days_in(start.year))
    first = Fraction((date(start.year + 1, 1, 1) - start).days, _days_in(start.year))
    last = Fraction((end - date(end.year, 1, 1)).days, _days_in(end.year))
    return first + last + end.year - start.year - 1


def _actual_actual_afb(start: date, end: date) -> Fraction:
    """Whole years counted back from the end; the rest over 366 where it holds a 29 February, else over 365."""
    if end < start:
        return -_actual_actual_afb(end, start)
    years = 0
    anchor = end
    while (earlier := _years_back(end, years + 1)) >= start:
        years, anchor = years + 1, earlier
    return years + Fraction((anchor - start).days, 366 if _holds_leap_day(start, anchor) else 365)


def _bond_basis(start: date, end: date) -> Fraction:
    first = min(start.day, 30)
    return _thirty_days(start, end, first, 30 if end.day == 31 and first == 30 else end.day)


def _thirty_e_360(start: date, end: date) -> Fraction:
    return _thirty_days(start, end, min(start.day, 30), min(end.day, 30))


def _thirty_us(start: date, end: date) -> Fraction:
    first, last = start.day, end.day
    if _ends_february(start):
        last = 30 if _ends_february(end) else last
        first = 30
    if last == 31 and first >= 30:
        last = 30
    return _thirty_days(start, end, min(first, 30), last)


def _thirty_days(start: date, end: date, first: int, last: int) -> Fraction:
    months = (end.year - start.year) * 12 + end.month - start.month
    return Fraction(months * 30 + last - first, 360)


def _days_in(year: int) -> int:
    return 366 if isleap(year) else 365


def _ends_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def _ends_february(day: date) -> bool:
    return day.month == 2 and _ends_month(day)


def _years_back(day: date, years: int) -> date:
    """The same day earlier; the last day of February stays the last."""
    year = day.year - years
    if _ends_february(day):
        return date(year, 2, monthrange(year, 2)[1])
    return day.replace(year=year)


def _holds_leap_day(start: date, end: date) -> bool:
    """Whether a 29 February is among the days from `start` on, before `end`."""
    return any(isleap(year) and start <= date(year, 2, 29) < end for year in range(start.year, end.year + 1))


CONVENTIONS: dict[str, Callable[[date, date], Fraction]] = {
    "ACT/365F": _actual_365,
    "ACT/360": _actual_360,
    "ACT/ACT-ISDA": _actual_actual_isda,
    "ACT/ACT-AFB": _actual_actual_afb,
    "30/360": _bond_basis,
    "30E/360": _thirty_e_360,
    "30/360-US": _thirty_us,
}

# Where the years of two neighbouring stretches add up to those of both together: what accrues day by day may use these.
ADDITIVE = frozenset({"ACT/365F", "ACT/360", "ACT/ACT-ISDA", "30E/360"})


def day_fraction(convention: str, day: date) -> Fraction:
    """Return what one day is of a year. Raises ValueError where days do not add up (see `ADDITIVE`)."""
    if convention not in ADDITIVE:
        raise ValueError(f"Interest cannot accrue day by day under {convention}.")
    return year_fraction(convention, day, day + timedelta(days=1))
