"""What the commands of a daily roll do (`core/rolling.py`): days are closed here and now, and somebody watches it."""

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from core.actors import acting_as_service
from core.rolling import CHUNK, DAY, Closed, Rolled, close_next_chunk, days_to_close, finish_roll, start_roll

WAIT = 0.2  # seconds


def add_date(parser: ArgumentParser) -> None:
    parser.add_argument("--date", type=date.fromisoformat, help="the last day to close, as 2027-01-31")


def roll_by_hand(rolled: Rolled, *, until: date | None, out: OutputWrapper, size: int = CHUNK) -> None:
    """Close the days up to `until` (yesterday) for all, and say how far it is. Raises CommandError."""
    yesterday = timezone.localdate() - DAY
    until = until or yesterday
    if until > yesterday:
        raise CommandError(f"{until} is not over yet.")
    with acting_as_service():
        days = days_to_close(rolled, until=until)
    for day in days:
        _roll(rolled, day, size, out)
    with acting_as_service():
        parked = rolled.positions.objects.exclude(parked_at=None).count()
    out.write(f"Closed to {until}. {parked} parked." if parked else f"Closed to {until}.")


def _roll(rolled: Rolled, day: date, size: int, out: OutputWrapper) -> None:
    with acting_as_service():
        roll = start_roll(rolled, day=day, size=size)
    total = Closed()
    begun = time.monotonic()
    while not _finished(rolled, day):
        result = close_next_chunk(rolled, day=day)
        if result is None or not result.closed:
            time.sleep(WAIT)
        if result is not None:
            total.add(result)
            out.write(_so_far(rolled, roll, total.closed, time.monotonic() - begun), ending="")
    out.write("")


def _finished(rolled: Rolled, day: date) -> bool:
    with acting_as_service():
        return finish_roll(rolled, day=day)


def _so_far(rolled: Rolled, roll: Any, closed: int, seconds: float) -> str:
    of = getattr(roll, rolled.total)
    share, rate = 100 * closed // max(of, 1), closed / max(seconds, 0.001)
    return f"\r{roll.day}  {closed:,} of {of:,} ({share} %)  {rate:,.0f}/s"
