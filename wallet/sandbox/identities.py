"""Who people are, at the sandbox: invented accounts and their names, and identification that is answered by webhook."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from wallet.sandbox import faults
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxCustomer, SandboxDelivery
from wallet.sandbox.services import MOST_COPIES, code, send_on_commit

FIRST_ID = 180_000_000
BANKS = (
    ("044", "Access Bank"),
    ("007", "Test Bank"),
    ("011", "First Bank of Nigeria"),
    ("033", "United Bank For Africa"),
    ("057", "Zenith Bank"),
    ("058", "Guaranty Trust Bank"),
)
# The bank's code and the account's number, and in whose name it is. The first is Paystack's own test value.
ACCOUNTS = {
    ("007", "0111111111"): "ADA OBI",
    ("011", "0000014579"): "BELLO MUSA",
    ("044", "0000000220"): "OBI ADA GRACE",
    ("058", "0001234567"): "CHIDI EZE",
}
# Paystack's test value has twelve digits, one more than a BVN has: the other is for forms that count.
GOOD_BVNS = frozenset({"222222222221", "22222222221"})
# How long the real one thinks about it.
ANSWER_AFTER = 2


def open_customer(*, email: str, first_name: str, last_name: str, at: datetime) -> SandboxCustomer:
    """Remember a customer; the same address again is the same customer."""
    facts = {"code": f"CUS_{code()}", "first_name": first_name, "last_name": last_name, "created_at": at}
    return SandboxCustomer.objects.get_or_create(email=email, defaults=facts)[0]


def shape(customer: SandboxCustomer) -> dict[str, Any]:
    """`data` of POST /customer."""
    return {
        "email": customer.email,
        "integration": 463433,
        "domain": "test",
        "customer_code": customer.code,
        "id": FIRST_ID + customer.pk,
        "first_name": customer.first_name or None,
        "last_name": customer.last_name or None,
        "phone": None,
        "identified": False,
        "identifications": None,
        "createdAt": customer.created_at.isoformat(),
        "updatedAt": customer.created_at.isoformat(),
    }


@transaction.atomic
def identify(*, customer: SandboxCustomer, asked: dict[str, str], at: datetime) -> SandboxDelivery:
    """Decide on an identification, and tell it by webhook, as the faults that wait would have it."""
    taken = faults.take(faults.ON_PAYMENT, reference=customer.code)
    account = (asked["bank_code"], asked["account_number"])
    good = account == ("007", "0111111111") and asked["bvn"] in GOOD_BVNS
    event = f"customeridentification.{'success' if good else 'failed'}"
    dropped = Kind.DROP_WEBHOOK in taken
    delivery = SandboxDelivery.objects.create(
        customer=customer,
        event=event,
        body=json.dumps({"event": event, "data": _told(customer, asked, good)}, separators=(",", ":")),
        copies=min(taken.number(Kind.DUPLICATE_WEBHOOK, 1), MOST_COPIES) or 1,
        state=SandboxDelivery.State.DROPPED if dropped else SandboxDelivery.State.PENDING,
        created_at=at,
    )
    if not dropped:
        delay = taken.number(Kind.WEBHOOK_DELAY, ANSWER_AFTER)
        delivery.next_attempt_at = at + timedelta(seconds=delay)
        delivery.save(update_fields=["next_attempt_at"])
        send_on_commit(delivery, countdown=delay)
    return delivery


def _told(customer: SandboxCustomer, asked: dict[str, str], good: bool) -> dict[str, Any]:
    bvn = asked["bvn"]
    told: dict[str, Any] = {
        "customer_id": str(FIRST_ID + customer.pk),
        "customer_code": customer.code,
        "email": customer.email,
        "identification": {
            "country": "NG",
            "type": "bank_account",
            "bvn": f"{bvn[:3]}*****{bvn[-3:]}",
            "account_number": f"{asked['account_number'][:2]}*****{asked['account_number'][-4:]}",
            "bank_code": asked["bank_code"],
        },
    }
    return told if good else told | {"reason": "Account number or BVN is incorrect"}
