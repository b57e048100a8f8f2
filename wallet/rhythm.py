"""The days of what is done again and again: arithmetic alone, without database and clock.

A rhythm is anchored on its first day. Every month means the same day of the month, or the last one where a month is
shorter: what began on the 31st falls on 28 February and on 31 March again.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

ONCE, DAILY, WEEKLY, MONTHLY = "ONCE", "DAILY", "WEEKLY", "MONTHLY"
_STEPS = {DAILY: timedelta(days=1), WEEKLY: timedelta(days=7)}


def nth(rhythm: str, first: date, n: int) -> date | None:
    """Return the n-th day, counted from 0; None where there is no such day."""
    if n == 0:
        return first
    if rhythm == MONTHLY:
        year, month = divmod(first.year * 12 + first.month - 1 + n, 12)
        return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
    return first + n * _STEPS[rhythm] if rhythm in _STEPS else None


def following(rhythm: str, first: date, after: date) -> date | None:
    """Return the earliest day that is later than `after`."""
    n = 0
    if after >= first:
        if rhythm == MONTHLY:
            n = (after.year - first.year) * 12 + after.month - first.month
        elif rhythm in _STEPS:
            n = (after - first) // _STEPS[rhythm]
    found = nth(rhythm, first, n)
    while found is not None and found <= after:
        n += 1
        found = nth(rhythm, first, n)
    return found


def days(rhythm: str, first: date, *, since: date, until: date) -> Iterator[date]:
    """Yield the days from `since` to `until`, both included."""
    found = following(rhythm, first, since - timedelta(days=1))
    while found is not None and found <= until:
        yield found
        found = following(rhythm, first, found)
