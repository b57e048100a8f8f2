"""A worker of the daily close of loans: `python -m bench.loans_work DAY` prints how many it closed, and the seconds."""

import sys
import time
from datetime import date

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from core.rolling import close_whole_day  # noqa: E402
from credit.services.closing import LOANS  # noqa: E402

if __name__ == "__main__":
    begun = time.perf_counter()
    parts = close_whole_day(LOANS, day=date.fromisoformat(sys.argv[1]))
    print(sum(part.closed for part in parts), f"{time.perf_counter() - begun:.3f}")
