"""Disputes at the sandbox: the customer's bank asks for money back, we give in or contest, the bank decides."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from core.errors import DomainError
from wallet.sandbox import ledger
from wallet.sandbox.announcing import announce
from wallet.sandbox.codes import FIRST_ID, iso
from wallet.sandbox.models import SandboxCharge, SandboxDispute

Status = SandboxDispute.Status
ACCEPTED, DECLINED = "merchant-accepted", "declined"
ANSWER_WITHIN = timedelta(days=2)
_WORDS = {
    Status.AWAITING_MERCHANT: "awaiting-merchant-feedback",
    Status.AWAITING_BANK: "awaiting-bank-feedback",
    Status.RESOLVED: "resolved",
}


class DisputeOver(DomainError):
    code = "invalid_params"
    kind = "conflict"
    message = "Dispute is already resolved"


@transaction.atomic
def raise_dispute(*, charge: SandboxCharge, amount: int, at: datetime) -> SandboxDispute:
    """Ask for the money of a charge back, and tell of it."""
    dispute = SandboxDispute.objects.create(
        charge=charge, amount=amount, due_at=at + ANSWER_WITHIN, created_at=at, updated_at=at
    )
    _tell(dispute, "create", at=at)
    return dispute


def remind(*, dispute: SandboxDispute, at: datetime) -> None:
    _tell(dispute, "remind", at=at)


@transaction.atomic
def answer(*, dispute_id: int, resolution: str, amount: int, message: str, at: datetime) -> SandboxDispute:
    """Take our answer: giving in ends it, contesting leaves it to the bank. Raises DisputeOver."""
    dispute = _open(dispute_id)
    dispute.message = message
    if resolution == ACCEPTED:
        return _resolve(dispute, ACCEPTED, amount=min(amount or dispute.amount, dispute.amount), at=at)
    dispute.status, dispute.updated_at = Status.AWAITING_BANK, at
    dispute.save(update_fields=["status", "updated_at", "message"])
    return dispute


@transaction.atomic
def decide(*, dispute_id: int, lost: bool, at: datetime) -> SandboxDispute:
    """The bank decides, whatever we answered. Raises DisputeOver."""
    dispute = _open(dispute_id)
    return _resolve(dispute, "auto-accepted" if lost else DECLINED, amount=dispute.amount, at=at)


def _open(dispute_id: int) -> SandboxDispute:
    held = SandboxDispute.objects.select_for_update(of=("self",))
    dispute = held.select_related("charge__customer", "charge__card").get(pk=dispute_id)
    if dispute.status == Status.RESOLVED:
        raise DisputeOver
    return dispute


def _resolve(dispute: SandboxDispute, resolution: str, *, amount: int, at: datetime) -> SandboxDispute:
    dispute.status, dispute.resolution, dispute.updated_at = Status.RESOLVED, resolution, at
    if resolution != DECLINED:
        dispute.amount = amount
        ledger.move(
            currency=dispute.charge.currency,
            difference=-amount,
            reason="Chargeback",
            model="Dispute",
            row=FIRST_ID + dispute.pk,
            at=at,
            may_overdraw=True,
        )
    dispute.save(update_fields=["status", "resolution", "updated_at", "message", "amount"])
    _tell(dispute, "resolve", at=at)
    return dispute


def _tell(dispute: SandboxDispute, what: str, *, at: datetime) -> None:
    event = f"charge.dispute.{what}"
    announce(event=event, data=shape(dispute), about=dispute.charge.reference, at=at)


def shape(dispute: SandboxDispute) -> dict[str, Any]:
    """`data` of GET /dispute/{id}, and of the webhooks."""
    charge, number = dispute.charge, dispute.charge.card.number if dispute.charge.card else ""
    return {
        "id": FIRST_ID + dispute.pk,
        "refund_amount": dispute.amount,
        "currency": charge.currency,
        "status": _WORDS[Status(dispute.status)],
        "resolution": dispute.resolution or None,
        "domain": "test",
        "transaction": {
            "id": FIRST_ID + charge.pk,
            "domain": "test",
            "status": charge.status.lower(),
            "reference": charge.reference,
            "amount": charge.amount,
            "currency": charge.currency,
            "channel": charge.channel,
            "paid_at": iso(charge.paid_at),
            "created_at": iso(charge.created_at),
        },
        "transaction_reference": None,
        "category": dispute.category,
        "customer": {
            "id": FIRST_ID + (charge.customer_id or 0),
            "email": charge.email,
            "customer_code": charge.customer.code if charge.customer else None,
        },
        "bin": number[:6] or None,
        "last4": number[-4:] or None,
        "dueAt": iso(dispute.due_at),
        "resolvedAt": iso(dispute.updated_at) if dispute.status == Status.RESOLVED else None,
        "evidence": None,
        "attachments": None,
        "note": None,
        "history": [
            {
                "status": _WORDS[Status(dispute.status)],
                "by": charge.email,
                "createdAt": iso(dispute.updated_at),
            }
        ],
        "messages": [{"sender": charge.email, "body": dispute.message or "Customer complained"}],
        "createdAt": iso(dispute.created_at),
        "updatedAt": iso(dispute.updated_at),
    }
