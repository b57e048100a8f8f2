"""A worker of the daily close of loans: `python -m bench.loans_work DAY` prints how many it closed, and the seconds."""

import sys
import time
from datetime import date

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from core.actors import acting_as_service  # noqa: E402
from credit.services import rolling  # noqa: E402


def work(day: date) -> int:
    with acting_as_service():
        rolling.start_roll(day=day)
    closed = 0
    while result := rolling.close_next_chunk(day=day):
        closed += result.closed
    with acting_as_service():
        rolling.finish_roll(day=day)
    return closed


if __name__ == "__main__":
    begun = time.perf_counter()
    closed = work(date.fromisoformat(sys.argv[1]))
    print(closed, f"{time.perf_counter() - begun:.3f}")
