"""A charge in Paystack's words."""

from typing import Any

from django.utils.crypto import salted_hmac

from wallet.sandbox.codes import FIRST_ID, iso
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxCharge


def verification(charge: SandboxCharge) -> dict[str, Any]:
    """`data` of GET /transaction/verify/{reference}."""
    data = webhook(charge)
    if Kind.METADATA_ZERO not in charge.quirks:
        data["metadata"] = "" if charge.metadata is None else charge.metadata
    return data | {
        "receipt_number": None,
        "log": None,
        "fees_split": None,
        "plan": None,
        "split": {},
        "order_id": None,
        "createdAt": data["created_at"],
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
        "connect": None,
        "transaction_date": data["created_at"],
        "plan_object": {},
        "subaccount": {},
    }


def webhook(charge: SandboxCharge) -> dict[str, Any]:
    """`data` of charge.success: as verify, with fewer fields."""
    amount: int | str = charge.amount
    if Kind.AMOUNT_AS_STRING in charge.quirks:
        amount = str(amount)
    metadata = charge.metadata
    if Kind.METADATA_ZERO in charge.quirks:
        metadata = 0
    return {
        "id": FIRST_ID + charge.pk,
        "domain": "test",
        "status": charge.status.lower(),
        "reference": charge.reference,
        "amount": amount,
        "message": None,
        "gateway_response": charge.gateway_response or "The transaction was not completed",
        "paid_at": iso(charge.paid_at),
        "created_at": iso(charge.created_at),
        "channel": "card",
        "currency": charge.currency,
        "ip_address": "127.0.0.1",
        "metadata": metadata,
        "fees": None if Kind.NULL_FEES in charge.quirks else charge.fees,
        "authorization": _authorization(charge) if charge.card_number else {},
        "customer": _customer(charge),
        "plan": {},
        "requested_amount": charge.requested_amount,
        "paidAt": iso(charge.paid_at),
    }


def _authorization(charge: SandboxCharge) -> dict[str, Any]:
    return {
        "authorization_code": f"AUTH_{_token(charge, 'authorization')}",
        "bin": charge.card_number[:6],
        "last4": charge.card_number[-4:],
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": "visa ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": "visa",
        "reusable": True,
        "signature": f"SIG_{_token(charge, 'signature')}",
        "account_name": None,
    }


def _customer(charge: SandboxCharge) -> dict[str, Any]:
    return {
        "id": FIRST_ID + charge.pk,
        "first_name": None,
        "last_name": None,
        "email": charge.email,
        "customer_code": f"CUS_{_token(charge, 'customer')}",
        "phone": None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def _token(charge: SandboxCharge, purpose: str) -> str:
    return salted_hmac(f"sandbox.{purpose}", charge.access_code).hexdigest()[:14]
