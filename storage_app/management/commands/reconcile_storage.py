"""`manage.py reconcile_storage`: prove that rows and blobs are in step, and name what is not."""

import sys
from argparse import ArgumentParser
from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from storage_app.services.reconcile import CHECKS, SETTLED, Fault, reconcile

SHOWN = 5


class Command(BaseCommand):
    """Safe beside running servers; exits 1 when anything is wrong, or with `--repair` when anything still is."""

    help = "Prove that rows and blobs of files are in step. Exits 1 on any fault that was not repaired."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="Mend what can be without losing anything.")
        parser.add_argument("--contents", action="store_true", help="Read every byte, and check its SHA-256.")
        parser.add_argument(
            "--settled",
            type=int,
            default=int(SETTLED.total_seconds()),
            metavar="SECONDS",
            help="Blobs younger than this may be on their way to a row. 0 only while no server runs.",
        )

    def handle(self, *, repair: bool, contents: bool, settled: int, **options: Any) -> None:
        faults = reconcile(
            at=timezone.now(), repair=repair, contents=contents, settled=timedelta(seconds=settled)
        )
        by_check: defaultdict[str, list[Fault]] = defaultdict(list)
        for fault in faults:
            by_check[fault.check].append(fault)
        for check, proven in CHECKS.items():
            if check != "content" or contents:
                self._say(f"{check:<8} {proven}", by_check[check])
        left = sum(not fault.repaired for fault in faults)
        self.stdout.write(f"{len(faults)} faults, {len(faults) - left} repaired.")
        if left:
            sys.exit(1)

    def _say(self, label: str, faults: list[Fault]) -> None:
        if not faults:
            self.stdout.write(f"{self.style.SUCCESS('ok')}       {label}")
            return
        repaired = all(fault.repaired for fault in faults)
        word = self.style.WARNING("REPAIRED") if repaired else self.style.ERROR("FAULT   ")
        self.stdout.write(f"{word} {label}")
        for fault in faults[:SHOWN]:
            self.stdout.write(f"         {fault.row}  {fault.detail}".rstrip())
        if len(faults) > SHOWN:
            self.stdout.write(f"         and {len(faults) - SHOWN} more")
