"""`manage.py make_bureau_files`: make the return of a month to the credit bureaux, and hand its files over."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import FileDelivery
from credit.services import return_sending, returns


class Command(BaseCommand):
    help = "Make a month's files (the last one that is over) for the credit bureaux, and send what is not taken yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", help="as 2027-01")

    def handle(self, *, month: str | None, **options: Any) -> None:
        at = timezone.now()
        try:
            first = datetime.strptime(month, "%Y-%m").date() if month else None  # noqa: DTZ007 - a month has no zone
            made = returns.make_return(month=first or returns.month_due(on=timezone.localdate(at)), at=at)
        except ValueError:
            raise CommandError("Give the month as 2027-01.") from None
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{made}: {made.rows:,} lines, {made.corrections:,} of them corrections.")
        while self._send():
            pass

    def _send(self) -> bool:
        """Send the oldest file that each bureau waits for; return whether one of them was taken."""
        with acting_as_service():
            waiting = return_sending.files_waiting()
        told = [(file, return_sending.send_file(file_id=file.pk, at=timezone.now())) for file in waiting]
        for file, one in told:
            self.stdout.write(f"{file.bureau}  {file.sha256}  {one.outcome} {one.receipt or one.detail}")
        return any(one.outcome == FileDelivery.Outcome.TAKEN for _file, one in told)
