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

from core.rolling import close_whole_day  # noqa: E402
from savings.services import SAVINGS  # noqa: E402

if __name__ == "__main__":
    begun = time.perf_counter()
    parts = close_whole_day(SAVINGS, day=date.fromisoformat(sys.argv[1]))
    took = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(sum(part.closed for part in parts), memory, f"{took:.3f}")
