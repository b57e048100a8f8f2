"""How far a goal is: what is saved of it, whether that is enough by now, when it will be reached. Pure.

Amounts are minor units (kobo). A day counts once it is over: on the day of an instalment nobody is behind with it yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wallet import rhythm

DAY = timedelta(days=1)
# What was saved in so many days, or since the start where that is later, is the present rate.
RECENT = timedelta(days=91)
FURTHEST = 36_525
RHYTHMS = (rhythm.DAILY, rhythm.WEEKLY, rhythm.MONTHLY)


@dataclass(frozen=True)
class Pace:
    """What is saved by itself: `amount` on each day of a rhythm that began on `first`, the next time on `next_date`."""

    rhythm: str
    first: date
    next_date: date
    amount: int


@dataclass(frozen=True)
class Progress:
    """How a goal stands. `expected_by_now` is None where it has no day to be reached by.

    `projected_date` is when it will be reached at the present rate; None where it is reached, or never will be so.
    """

    saved: int
    target: int
    expected_by_now: int | None
    projected_date: date | None

    @property
    def percent(self) -> int:
        """Rounded down: 100 is said only once all of it is there."""
        return max(self.saved, 0) * 100 // self.target

    @property
    def ring(self) -> int:
        """As much as a ring can show of it."""
        return min(self.percent, 100)

    @property
    def missing(self) -> int:
        return max(self.target - self.saved, 0)

    @property
    def is_reached(self) -> bool:
        return self.saved >= self.target

    @property
    def behind(self) -> int:
        return max((self.expected_by_now or 0) - self.saved, 0)

    @property
    def is_on_track(self) -> bool:
        return not self.behind


def progress(
    *,
    saved: int,
    target: int,
    moves: Mapping[date, int],
    today: date,
    began: date | None = None,
    ends: date | None = None,
    pace: Pace | None = None,
) -> Progress:
    """Say how a goal stands. `moves` is what came in (out: below zero) by its days, `began` the first of them.

    Without a pace it is expected to grow evenly from its first day to `ends`; with one, by equal steps on its days.
    """
    if target <= 0:
        raise ValueError("a target is above zero")
    expected = None if ends is None else _expected(target, moves, today, began, ends, pace)
    return Progress(saved, target, expected, _projected(target - saved, moves, today, began, pace))


def due_days(named: str, first: date, *, since: date, before: date) -> list[date]:
    """Return the days of a rhythm from `since` on, before the day that everything has to be there."""
    return list(rhythm.days(named, first, since=since, until=before - DAY))


def instalment(missing: int, times: int) -> int:
    """Return what has to be saved each time to have what is missing after so many: rounded up to a kobo.

    With no time left it is all of it.
    """
    return -(-max(missing, 0) // max(times, 1))


def schedule(missing: int, days: Sequence[date]) -> list[tuple[date, int]]:
    """Return what is saved on which day: equal instalments, the last ones as small as they need be. Adds up exactly."""
    each, rows = instalment(missing, len(days)), []
    for day in days:
        amount = min(each, missing)
        if amount <= 0:
            break
        rows.append((day, amount))
        missing -= amount
    return rows


def suggestions(missing: int, *, first: date, before: date) -> dict[str, int]:
    """Return what each day, week and month would have to bring, from `first` on, by the rhythm's name."""
    times = {named: len(due_days(named, first, since=first, before=before)) for named in RHYTHMS}
    return {named: instalment(missing, number) for named, number in times.items() if number}


def _expected(
    target: int, moves: Mapping[date, int], today: date, began: date | None, ends: date, pace: Pace | None
) -> int:
    if began is None or today <= began:
        return 0
    if today >= ends:
        return target
    days = due_days(pace.rhythm, pace.first, since=pace.first, before=ends) if pace else []
    if not days:
        return target * (today - began).days // (ends - began).days
    start = min(max(sum(amount for day, amount in moves.items() if day < days[0]), 0), target)
    over = sum(day < today for day in days)
    return start + (target - start) * over // len(days)


def _projected(
    missing: int, moves: Mapping[date, int], today: date, began: date | None, pace: Pace | None
) -> date | None:
    if missing <= 0:
        return None
    if pace is not None and pace.amount > 0:
        return _by_pace(missing, pace, today)
    return _by_rate(missing, moves, today, began)


def _by_pace(missing: int, pace: Pace, today: date) -> date | None:
    """A day that was to come and is over already is not waited for."""
    coming = rhythm.following(pace.rhythm, pace.first, max(pace.next_date, today) - DAY) or today
    if pace.rhythm == rhythm.MONTHLY:
        number, length = (coming.year - pace.first.year) * 12 + coming.month - pace.first.month, 28
    else:
        length = 7 if pace.rhythm == rhythm.WEEKLY else 1
        number = (coming - pace.first).days // length
    number += instalment(missing, pace.amount) - 1
    return rhythm.nth(pace.rhythm, pace.first, number) if number * length <= FURTHEST else None


def _by_rate(missing: int, moves: Mapping[date, int], today: date, began: date | None) -> date | None:
    """What was put in on the first day is no rate: it does not come again."""
    if began is None or today <= began:
        return None
    since = max(began, today - RECENT)
    recent = sum(amount for day, amount in moves.items() if since < day <= today)
    if recent <= 0:
        return None
    days = -(-missing * (today - since).days // recent)
    return today + days * DAY if days <= FURTHEST else None
