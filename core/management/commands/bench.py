"""`manage.py bench <name>`: run one of the benches in `bench/`, print its table and write its figures."""

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bench import report


class Command(BaseCommand):
    """Each bench is a module of `bench/` with `run(say, rounds, seconds) -> list[Figure]`."""

    help = "Measure a part of Alajo against a reference taken in the same run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = sorted(
            path.stem for path in (settings.BASE_DIR / "bench").glob("*.py") if path.stem in BENCHES
        )
        parser.add_argument("name", choices=names)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--seconds", type=int, default=10)

    def handle(self, *, name: str, rounds: int, seconds: int, **options: Any) -> None:
        figures = import_module(f"bench.{name}").run(self.stdout.write, rounds=rounds, seconds=seconds)
        self.stdout.write("\n" + report.table(figures))
        report.write(settings.BASE_DIR / "bench" / "results" / f"{name}.json", figures, rounds=rounds)
        missed = [figure.name for figure in figures if not figure.ok]
        if missed:
            raise CommandError(f"Missed: {', '.join(missed)}")


BENCHES = (
    "auth",
    "before",
    "credit",
    "interest",
    "kyc",
    "ledger",
    "realtime",
    "reconcile",
    "referrals",
    "statements",
    "storage",
)
