"""Refunds in Paystack's words."""

from datetime import timedelta
from typing import Any

from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxRefund

Status = SandboxRefund.Status
EXPECTED_AFTER = timedelta(days=1)


def word(status: str) -> str:
    return status.lower().replace("_", "-")


def shape(refund: SandboxRefund) -> dict[str, Any]:
    """`data` of GET /refund/{id}, where the transaction is told by its number."""
    return {
        "id": FIRST_ID + refund.pk,
        "integration": INTEGRATION,
        "domain": "test",
        "transaction": FIRST_ID + refund.charge_id,
        "dispute": None,
        "amount": refund.amount,
        "deducted_amount": refund.amount,
        "fully_deducted": True,
        "currency": refund.currency,
        "channel": refund.charge.channel,
        "status": word(refund.status),
        "refunded_by": "alajo@paystack.test",
        "refunded_at": iso(refund.updated_at) if refund.status == Status.PROCESSED else None,
        "expected_at": iso(refund.created_at + EXPECTED_AFTER),
        "customer_note": refund.customer_note,
        "merchant_note": refund.merchant_note,
        "bank_reference": None,
        "transaction_reference": refund.charge.reference,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at),
    }


def ordered(refund: SandboxRefund) -> dict[str, Any]:
    """`data` of POST /refund, where the transaction is told at length."""
    charge = refund.charge
    told = {
        "id": FIRST_ID + charge.pk,
        "domain": "test",
        "reference": charge.reference,
        "amount": charge.amount,
        "currency": charge.currency,
        "channel": charge.channel,
    }
    return shape(refund) | {"transaction": told}


def webhook(refund: SandboxRefund) -> dict[str, Any]:
    """`data` of refund.*: the reference is there once it is on its way, and the amount may come as a text."""
    customer = refund.charge.customer
    return {
        "id": FIRST_ID + refund.pk,
        "status": word(refund.status),
        "transaction_reference": refund.charge.reference,
        "refund_reference": None if refund.status == Status.PENDING else refund.reference,
        "amount": str(refund.amount) if Kind.AMOUNT_AS_STRING in refund.quirks else refund.amount,
        "currency": refund.currency,
        "processor": "instant-transfer",
        "customer": {
            "first_name": customer.first_name if customer else None,
            "last_name": customer.last_name if customer else None,
            "email": refund.charge.email,
        },
        "integration": INTEGRATION,
        "domain": "test",
        "customer_note": refund.customer_note,
        "merchant_note": refund.merchant_note,
    }
