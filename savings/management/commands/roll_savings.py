"""`manage.py roll_savings`: close the days that are over for every saving, and watch it happen."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from core.management.rolling import add_date, roll_by_hand
from savings.services import SAVINGS


class Command(BaseCommand):
    help = (
        "Close the days up to --date (yesterday) for every saving. May run many times at once, and be killed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_date(parser)

    def handle(self, *, date: date | None, **options: Any) -> None:
        roll_by_hand(SAVINGS, until=date, out=self.stdout)
