"""`manage.py roll_loans`: close the days that are over for every loan, and watch it happen."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from core.management.rolling import add_date, roll_by_hand
from credit.services.closing import LOANS


class Command(BaseCommand):
    help = (
        "Close the days up to --date (yesterday) for every loan. May run many times at once, and be killed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_date(parser)

    def handle(self, *, date: date | None, **options: Any) -> None:
        roll_by_hand(LOANS, until=date, out=self.stdout)
