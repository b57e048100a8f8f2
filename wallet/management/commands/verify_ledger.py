"""`manage.py verify_ledger`: prove the books, and name what is wrong with them."""

import sys
from collections import defaultdict
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accounts import audit
from core.actors import acting_as_service
from wallet.models import Seal, Transaction
from wallet.services.books import Fault, verify

SHOWN = 5
CHECKS = {
    "digest": "every row is as it was written",
    "account_missing": "both accounts of every transaction exist",
    "currency": "every transaction is in its accounts' currency",
    "side_kept": "kept accounts have versions, hot ones have none",
    "posting": "every transaction belongs to its posting",
    "version": "versions have no gap",
    "running_balance": "each balance follows from the one before",
    "account_balance": "each account's balance is its last entry's",
    "floor": "no account is below its floor",
    "held": "what is held is the sum of the open holds",
    "counter": "what counts as sent and received today is what the books say",
    "hold_committed": "what holds committed was posted",
    "checkpoint": "checkpoints agree with the rows below them",
    "seal": "the chain of seals holds",
    "conservation": "debits equal credits in every currency",
    "reversal": "every reversal is the only one of its posting",
    "archive": "what was kept of months in the archive is all of them",
    "statement": "every statement is what the books say, and each month begins where the last ended",
    "part_reversal": "parts taken back of a transaction never pass it",
    "reversal_amount": "a reversal takes back all that was not taken back before",
}


class Command(BaseCommand):
    """Check the whole ledger in one read-only snapshot; exits 1 when anything is wrong."""

    help = "Prove the books: prints every check, and the first bad rows by id. Exits 1 on any fault."
    requires_migrations_checks = False

    def handle(self, **options: Any) -> None:
        faults, transactions = in_one_snapshot()
        by_check: defaultdict[str, list[Fault]] = defaultdict(list)
        for fault in faults:
            by_check[fault.check].append(fault)
        for check in [*CHECKS, *(name for name in by_check if name not in CHECKS)]:
            self._say(check, by_check.get(check, []))
        self.stdout.write(f"{transactions} transactions checked, {len(faults)} faults.")
        remember(faults=faults, transactions=transactions)
        if faults:
            sys.exit(1)

    def _say(self, check: str, faults: list[Fault]) -> None:
        label = f"{check:<16} {CHECKS.get(check, '')}".rstrip()
        if not faults:
            self.stdout.write(f"{self.style.SUCCESS('ok')}     {label}")
            return
        self.stdout.write(f"{self.style.ERROR('FAULT')}  {label}")
        for fault in sorted(faults, key=lambda fault: fault.row)[:SHOWN]:
            self.stdout.write(f"         {fault.row}  {fault.detail}")
        if len(faults) > SHOWN:
            self.stdout.write(f"         and {len(faults) - SHOWN} more")


def in_one_snapshot() -> tuple[list[Fault], int]:
    """Return the faults and the number of transactions looked at, both of the same moment; writes nothing."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            # Before the snapshot is taken: no month leaves the books from now until the end.
            cursor.execute("set local role service_role")
            cursor.execute("lock table wallet_transaction in access share mode")
        with acting_as_service():
            return verify(), Transaction.objects.count()


def remember(*, faults: list[Fault], transactions: int) -> None:
    """Leave a line in the audit trail, on the last seal: staff see when the books were last proven."""
    with acting_as_service():
        last = Seal.objects.order_by("-number").first() or Seal(number=0)
        audit.record(
            action="wallet.ledger.verified",
            target=last,
            faults=len(faults),
            transactions=transactions,
            first=[f"{fault.check} {fault.row}" for fault in faults[:SHOWN]],
        )
