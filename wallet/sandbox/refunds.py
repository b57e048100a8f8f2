"""Refunds at the sandbox: they leave our balance when they are ordered, and end as the card they go to decides."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.sandbox import faults, ledger, refund_shapes
from wallet.sandbox.announcing import announce
from wallet.sandbox.cards import CARDS
from wallet.sandbox.codes import FIRST_ID, code
from wallet.sandbox.models import SandboxCharge, SandboxRefund

Status = SandboxRefund.Status


class NotRefundable(DomainError):
    code = "transaction_not_refundable"
    message = "Transaction cannot be refunded"


class RefundTooLarge(DomainError):
    code = "invalid_params"
    message = "Refund amount cannot be greater than what is left of the transaction amount"


class NoAttentionNeeded(DomainError):
    code = "invalid_params"
    message = 'Invalid Refund state, refund status should be "needs-attention"'


@transaction.atomic
def order(
    *,
    charge: SandboxCharge,
    amount: int | None,
    customer_note: str,
    merchant_note: str,
    at: datetime,
) -> SandboxRefund:
    """Take money from our balance to pay a charge back, all that is left of it where no amount is named.

    Raises NotRefundable, RefundTooLarge, ledger.BalanceTooLow.
    """
    charge = SandboxCharge.objects.select_for_update().get(pk=charge.pk)
    if charge.status != SandboxCharge.Status.SUCCESS:
        raise NotRefundable
    live = charge.refunds.exclude(status=Status.FAILED)
    left = charge.amount - (live.aggregate(sum=Sum("amount"))["sum"] or 0)
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise RefundTooLarge
    refund = SandboxRefund.objects.create(
        charge=charge,
        reference=f"RFD_{code(12)}",
        amount=amount,
        currency=charge.currency,
        customer_note=customer_note,
        merchant_note=merchant_note,
        quirks=dict(faults.take(faults.ON_REFUND, reference=charge.reference).values),
        created_at=at,
        updated_at=at,
    )
    _book(refund, -amount, "Refund", at=at)
    _become(refund, Status.PENDING, at=at)
    return refund


@transaction.atomic
def advance(*, refund_id: int, at: datetime) -> SandboxRefund:
    """Let happen to a refund what is due by now."""
    refund = _locked(refund_id)
    if refund.due_at is None or at < refund.due_at:
        return refund
    if refund.status == Status.PENDING:
        _become(refund, Status.PROCESSING, at=at)
    elif refund.status == Status.PROCESSING:
        card = refund.charge.card
        ending = CARDS[card.number].refund if card and not refund.account else Status.PROCESSED
        _become(refund, Status(ending), at=at)
    return refund


@transaction.atomic
def decide(*, refund_id: int, status: str, at: datetime) -> SandboxRefund:
    """Have a refund end in this way now: what the control page and tests ask for."""
    refund = _locked(refund_id)
    if refund.status not in (Status.PROCESSED, Status.FAILED):
        _become(refund, Status(status), at=at)
    return refund


@transaction.atomic
def retry(*, refund_id: int, account: dict[str, Any], at: datetime) -> SandboxRefund:
    """Send a refund that needs attention to an account. Raises NoAttentionNeeded."""
    refund = _locked(refund_id)
    if refund.status != Status.NEEDS_ATTENTION:
        raise NoAttentionNeeded
    refund.account = account
    refund.save(update_fields=["account"])
    _become(refund, Status.PROCESSING, at=at)
    return refund


def _locked(refund_id: int) -> SandboxRefund:
    held = SandboxRefund.objects.select_for_update(of=("self",))
    return held.select_related("charge__customer", "charge__card").get(pk=refund_id)


def _become(refund: SandboxRefund, status: Status, *, at: datetime) -> None:
    refund.status, refund.updated_at, refund.due_at = status, at, None
    if status in (Status.PENDING, Status.PROCESSING):
        refund.due_at = at + timedelta(seconds=settings.SANDBOX_TRANSFER_SECONDS)
        wait = max((refund.due_at - at).total_seconds(), 0)
        again = partial(advance_refund.apply_async, kwargs={"refund_id": refund.pk}, countdown=wait)
        transaction.on_commit(again, robust=True)
    refund.save(update_fields=["status", "updated_at", "due_at"])
    charge = refund.charge
    if status == Status.FAILED:
        _book(refund, refund.amount, "Refund returned", at=at)
    elif status == Status.PROCESSED and refund.amount == charge.amount:
        SandboxCharge.objects.filter(pk=charge.pk).update(status=SandboxCharge.Status.REVERSED)
    event = f"refund.{refund_shapes.word(status)}"
    announce(event=event, data=refund_shapes.webhook(refund), about=charge.reference, at=at)


def _book(refund: SandboxRefund, difference: int, reason: str, *, at: datetime) -> None:
    row = FIRST_ID + refund.pk
    ledger.move(
        currency=refund.currency, difference=difference, reason=reason, model="Refund", row=row, at=at
    )


@shared_task(bind=True, name="wallet.sandbox.tasks.advance_refund")
def advance_refund(self: Task, *, refund_id: int) -> None:
    """Let happen what is due. Run eagerly (in tests) it would always be too early: there asking about it does this."""
    if not self.request.is_eager:
        with acting_as_service():
            advance(refund_id=refund_id, at=timezone.now())
