"""Transfers and recipients in Paystack's words."""

from typing import Any

from wallet.sandbox.banks import NAMES
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxRecipient, SandboxTransfer


def recipient(row: SandboxRecipient) -> dict[str, Any]:
    """`data` of POST /transferrecipient."""
    return {
        "active": not row.deleted,
        "createdAt": iso(row.created_at),
        "currency": row.currency,
        "description": None,
        "domain": "test",
        "email": None,
        "id": FIRST_ID + row.pk,
        "integration": INTEGRATION,
        "metadata": None,
        "name": row.name,
        "recipient_code": row.code,
        "type": "nuban",
        "updatedAt": iso(row.created_at),
        "is_deleted": row.deleted,
        "isDeleted": row.deleted,
        "details": {
            "authorization_code": None,
            "account_number": row.account_number,
            "account_name": row.name,
            "bank_code": row.bank_code,
            "bank_name": NAMES.get(row.bank_code),
        },
    }


def ordered(transfer: SandboxTransfer) -> dict[str, Any]:
    """`data` of POST /transfer."""
    amount = str(transfer.amount) if Kind.AMOUNT_AS_STRING in transfer.quirks else transfer.amount
    return {
        "transfersessionid": [],
        "transfertrials": [],
        "domain": "test",
        "amount": amount,
        "currency": transfer.currency,
        "reference": transfer.reference,
        "source": "balance",
        "source_details": None,
        "reason": transfer.reason,
        "status": transfer.status.lower(),
        "failures": None,
        "transfer_code": transfer.code,
        "titan_code": None,
        "transferred_at": iso(transfer.updated_at) if transfer.session_id else None,
        "id": FIRST_ID + transfer.pk,
        "integration": INTEGRATION,
        "request": FIRST_ID + transfer.pk,
        "recipient": FIRST_ID + transfer.recipient_id,
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
    }


def in_bulk(transfer: SandboxTransfer) -> dict[str, Any]:
    """One row of the `data` of POST /transfer/bulk."""
    return {
        "reference": transfer.reference,
        "recipient": transfer.recipient.code,
        "amount": transfer.amount,
        "transfer_code": transfer.code,
        "currency": transfer.currency,
        "status": transfer.status.lower(),
    }


def verification(transfer: SandboxTransfer) -> dict[str, Any]:
    """`data` of GET /transfer/verify/{reference}."""
    arrived = transfer.session_id or None
    return ordered(transfer) | {
        "recipient": recipient(transfer.recipient),
        "session": {"provider": "nip" if arrived else None, "id": arrived},
        "fee_charged": None if Kind.NULL_FEES in transfer.quirks else transfer.fee,
        "fees_breakdown": None,
        "gateway_response": transfer.said or None,
    }


def webhook(transfer: SandboxTransfer) -> dict[str, Any]:
    """`data` of transfer.success, transfer.failed and transfer.reversed."""
    data = verification(transfer)
    for name in ("transfersessionid", "transfertrials", "createdAt", "updatedAt", "request"):
        del data[name]
    return data | {
        "integration": {"id": INTEGRATION, "is_live": False, "business_name": "Alajo"},
        "created_at": iso(transfer.created_at),
        "updated_at": iso(transfer.updated_at),
    }
