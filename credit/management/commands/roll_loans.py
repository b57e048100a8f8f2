"""`manage.py roll_loans`: close the days that are over for every loan, and watch it happen."""

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import acting_as_service
from credit.models import LoanRoll, Position
from credit.services import rolling
from credit.services.closing import Closed

WAIT = 0.2  # seconds


class Command(BaseCommand):
    help = (
        "Close the days up to --date (yesterday) for every loan. May run many times at once, and be killed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, help="the last day to close, as 2027-01-31")

    def handle(self, *, date: date | None, **options: Any) -> None:
        yesterday = timezone.localdate() - timedelta(days=1)
        until = date or yesterday
        if until > yesterday:
            raise CommandError(f"{until} is not over yet.")
        with acting_as_service():
            days = rolling.days_to_close(until=until)
        for day in days:
            self._roll(day)
        with acting_as_service():
            parked = Position.objects.exclude(parked_at=None).count()
        self.stdout.write(f"Closed to {until}. {parked} parked." if parked else f"Closed to {until}.")

    def _roll(self, day: date) -> None:
        with acting_as_service():
            roll = rolling.start_roll(day=day)
        total = Closed()
        begun = time.monotonic()
        while not self._finished(day):
            result = rolling.close_next_chunk(day=day)
            if result is None or not result.closed:
                time.sleep(WAIT)
            if result is not None:
                total.add(result)
                self._say(roll, total, time.monotonic() - begun)
        self.stdout.write("")

    def _finished(self, day: date) -> bool:
        with acting_as_service():
            return rolling.finish_roll(day=day)

    def _say(self, roll: LoanRoll, total: Closed, seconds: float) -> None:
        share = 100 * total.closed // max(roll.loans, 1)
        rate = total.closed / max(seconds, 0.001)
        self.stdout.write(
            f"\r{roll.day}  {total.closed:,} of {roll.loans:,} ({share} %)  {rate:,.0f}/s", ending=""
        )
