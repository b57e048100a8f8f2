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
        "status": _status(charge),
        "reference": charge.reference,
        "amount": amount,
        "message": None,
        "gateway_response": charge.gateway_response or "The transaction was not completed",
        "paid_at": iso(charge.paid_at),
        "created_at": iso(charge.created_at),
        "channel": charge.channel,
        "currency": charge.currency,
        "ip_address": "127.0.0.1",
        "metadata": metadata,
        "fees": None if Kind.NULL_FEES in charge.quirks else charge.fees,
        "authorization": _authorization(charge),
        "customer": _customer(charge),
        "plan": {},
        "requested_amount": charge.requested_amount,
        "paidAt": iso(charge.paid_at),
    }


def _authorization(charge: SandboxCharge) -> dict[str, Any]:
    if charge.card is not None:
        card = charge.card
        return {
            "authorization_code": card.code,
            "bin": card.number[:6],
            "last4": card.number[-4:],
            "exp_month": f"{card.expires_month:02d}",
            "exp_year": str(card.expires_year),
            "channel": "card",
            "card_type": "visa ",
            "bank": "TEST BANK",
            "country_code": "NG",
            "brand": "visa",
            "reusable": card.reusable,
            "signature": card.signature,
            "account_name": None,
        }
    if not charge.sender or not charge.is_paid:
        return {}
    sender = charge.sender
    return {
        "authorization_code": f"AUTH_{_token(charge, 'authorization')}",
        "bin": "008XXX",
        "last4": "X896",
        "exp_month": "12",
        "exp_year": "2030",
        "channel": charge.channel,
        "card_type": "transfer",
        "bank": sender["bank"],
        "country_code": "NG",
        "brand": "Managed Account",
        "reusable": False,
        "signature": None,
        "account_name": None,
        "sender_bank": sender["bank"],
        "sender_bank_account_number": sender["number"],
        "sender_name": sender["name"],
        "narration": sender["narration"],
        "receiver_bank_account_number": sender["receiver"],
        "receiver_bank": sender["receiver_bank"],
    }


def _customer(charge: SandboxCharge) -> dict[str, Any]:
    customer = charge.customer
    return {
        "id": FIRST_ID + (customer.pk if customer else 0),
        "first_name": (customer.first_name if customer else "") or None,
        "last_name": (customer.last_name if customer else "") or None,
        "email": charge.email,
        "customer_code": customer.code if customer else None,
        "phone": (customer.phone if customer else "") or None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def _token(charge: SandboxCharge, purpose: str) -> str:
    return salted_hmac(f"sandbox.{purpose}", charge.access_code).hexdigest()[:14]


def _status(charge: SandboxCharge) -> str:
    """A charge whose whole amount is on its way back is neither paid nor paid back."""
    going = charge.refunds.filter(status__in=("PENDING", "PROCESSING"), amount=charge.amount)
    return "reversal pending" if charge.is_paid and going.exists() else charge.status.lower()
