"""`manage.py archive_partitions`: take old months out of the big tables, drop them, read them back, bring them back."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from core.models import Archive
from wallet.services.archives import months


class Command(BaseCommand):
    """Without an option: write, verify and take out every month that is due. Killed, it goes on when run again."""

    help = "Moves old months of the books and the audit trail into files of the bucket `archives`, and back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keep-months", type=int, default=settings.ARCHIVE_AFTER_MONTHS)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--list", action="store_true", help="say where each month stands; change nothing")
        what.add_argument(
            "--check", metavar="MONTH", help="read a month's files and compare them with what it held"
        )
        what.add_argument(
            "--restore", metavar="MONTH", help="put a month back, such as wallet_transaction_y2025m01"
        )
        what.add_argument(
            "--drop", action="store_true", help="drop the months that were taken out long enough ago"
        )
        parser.add_argument("--after-days", type=int, default=settings.ARCHIVE_DROP_AFTER_DAYS)

    def handle(self, **options: Any) -> None:
        try:
            self._do(**options)
        except DomainError as refusal:
            raise CommandError(f"{refusal} ({refusal.code} {refusal.data})") from refusal

    def _do(self, **options: Any) -> None:
        at = timezone.now()
        if options["list"]:
            self._list()
        elif options["check"]:
            months.verify(partition=options["check"])
            self.stdout.write(f"{options['check']}: its files hold what it held.")
        elif options["restore"]:
            month = months.restore(partition=options["restore"])
            self.stdout.write(f"{month}: {month.rows} rows are back.")
        elif options["drop"]:
            for name in months.drop_all(at=at, after_days=options["after_days"]):
                self.stdout.write(f"{name} is in the archive only.")
        else:
            for month in months.archive_all(at=at, keep_months=options["keep_months"]):
                self.stdout.write(f"{month}: {month.rows} rows taken out.")

    def _list(self) -> None:
        with acting_as_service():
            for month in Archive.objects.order_by("parent", "since"):
                size = sum(part["bytes"] for part in month.parts)
                self.stdout.write(f"{month}  {month.state}  {month.rows} rows  {size} bytes")
