"""`manage.py disburse_loans`: pay out what is signed and due."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Disbursement
from credit.services import disbursing


class Command(BaseCommand):
    help = "Pay out signed contracts that are due. May run many times at once, and be killed."

    def handle(self, **options: Any) -> None:
        paid = 0
        for application_id in disbursing.due_payouts(at=timezone.now()):
            try:
                paid += disbursing.disburse(application_id=application_id, at=timezone.now())
            except DomainError as refusal:
                self.stderr.write(f"{application_id}: {refusal.code}")
        with acting_as_service():
            waiting = Disbursement.objects.filter(state=Disbursement.State.DUE).count()
        self.stdout.write(f"Paid out {paid}. {waiting} shares wait." if waiting else f"Paid out {paid}.")
