"""Paying our balance at Paystack into our bank account, and what it is made of."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from core.errors import DomainError
from wallet.sandbox import ledger
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.models import SandboxCharge, SandboxSettlement

Status = SandboxSettlement.Status
CURRENCY = "NGN"


class NothingToSettle(DomainError):
    code = "nothing_to_settle"
    kind = "conflict"
    message = "There is nothing to settle"


@transaction.atomic
def settle(*, at: datetime) -> SandboxSettlement:
    """Send what was charged since the last time on its way to the bank, as far as our balance has it.

    Raises NothingToSettle.
    """
    book = ledger.book_of(CURRENCY, at=at)
    waiting = SandboxCharge.objects.exclude(paid_at=None).filter(currency=CURRENCY, settlement=None)
    charges = list(waiting.select_for_update().values_list("pk", flat=True))
    sums = SandboxCharge.objects.filter(pk__in=charges).aggregate(
        processed=Coalesce(Sum("amount"), 0), fees=Coalesce(Sum("fees"), 0)
    )
    amount = min(sums["processed"] - sums["fees"], book.balance)
    if amount <= 0:
        raise NothingToSettle
    made = SandboxSettlement.objects.create(
        currency=CURRENCY,
        amount=amount,
        deducted=sums["processed"] - sums["fees"] - amount,
        settles_on=at.date(),
        created_at=at,
        updated_at=at,
        **sums,
    )
    SandboxCharge.objects.filter(pk__in=charges).update(settlement=made)
    _book(made, -amount, "Settlement", at=at)
    return made


@transaction.atomic
def decide(*, settlement_id: int, status: str, at: datetime) -> SandboxSettlement:
    """Have one arrive at the bank or fail; what fails is in our balance again."""
    made = SandboxSettlement.objects.select_for_update().get(pk=settlement_id)
    if made.status != Status.PENDING:
        return made
    made.status, made.updated_at = Status(status), at
    made.save(update_fields=["status", "updated_at"])
    if made.status == Status.FAILED:
        SandboxCharge.objects.filter(settlement=made).update(settlement=None)
        _book(made, made.amount, "Settlement returned", at=at)
    return made


def shape(made: SandboxSettlement) -> dict[str, Any]:
    """One of `data` of GET /settlement."""
    return {
        "id": FIRST_ID + made.pk,
        "domain": "test",
        "status": made.status.lower(),
        "currency": made.currency,
        "integration": INTEGRATION,
        "total_amount": made.amount,
        "effective_amount": made.amount,
        "total_fees": made.fees,
        "total_processed": made.processed,
        "deductions": made.deducted or None,
        "settlement_date": f"{made.settles_on}T00:00:00.000Z",
        "settled_by": None,
        "createdAt": iso(made.created_at),
        "updatedAt": iso(made.updated_at),
    }


def _book(made: SandboxSettlement, difference: int, reason: str, *, at: datetime) -> None:
    row = FIRST_ID + made.pk
    ledger.move(
        currency=made.currency, difference=difference, reason=reason, model="Settlement", row=row, at=at
    )
