"""A worker of the daily roll: `python -m bench.interest_work DAY` prints how many savings it closed, its most memory
(MB), and how long that took (seconds)."""

import resource
import sys
import time
from datetime import date

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from core.actors import acting_as_service  # noqa: E402
from savings import services  # noqa: E402


def work(day: date) -> int:
    with acting_as_service():
        services.start_roll(day=day)
    closed = 0
    while result := services.close_next_chunk(day=day):
        closed += result.closed
    with acting_as_service():
        services.finish_roll(day=day)
    return closed


if __name__ == "__main__":
    begun = time.perf_counter()
    closed = work(date.fromisoformat(sys.argv[1]))
    took = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(closed, memory, f"{took:.3f}")
