from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.services import account_life


class Command(BaseCommand):
    help = "End every session of every member of staff, in browsers and apps, at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="Kept in the audit trail.")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = account_life.end_staff_sessions(by=None, reason=options["reason"], at=timezone.now())
        self.stdout.write(f"{ended} ended.")
