"""`manage.py verify_loans`: work every loan out again from its events, and say what is kept otherwise."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from core.actors import acting_as_service
from credit.models import Loan
from credit.services.proving import proof_of


class Command(BaseCommand):
    help = "Compare what is kept of loans with what their events come to. Fails where anything differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numbers", nargs="*", help="loans by number (L-…); all without any")

    def handle(self, *, numbers: list[str], **options: Any) -> None:
        with acting_as_service():
            found = Loan.objects.order_by("pk")
            if numbers:
                found = found.filter(number__in=numbers)
            keys = list(found.values_list("pk", flat=True))
        if numbers and len(keys) < len(set(numbers)):
            raise CommandError(f"{len(set(numbers)) - len(keys)} of these loans are not there.")
        proofs = [self._prove(key) for key in keys]
        if wrong := sum(differences > 0 for _compared, differences in proofs):
            raise CommandError(f"{wrong:,} of {len(keys):,} loans are not what their events come to.")
        figures = sum(compared for compared, _differences in proofs)
        self.stdout.write(f"{len(keys):,} loans, {figures:,} figures: all as their events come to.")

    def _prove(self, key: UUID) -> tuple[int, int]:
        """Each loan in a transaction of its own, so that nobody waits for more than one."""
        with acting_as_service():
            loan = Loan.objects.select_related("application", "contract").get(pk=key)
            proof = proof_of(loan)
        for difference in proof.differences:
            self.stdout.write(f"{loan.number} {difference}")
        return proof.compared, len(proof.differences)
