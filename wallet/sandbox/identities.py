"""Who people are, at the sandbox: customers, and identification that is answered by webhook."""

from datetime import datetime
from typing import Any

from wallet.sandbox.announcing import announce
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, code
from wallet.sandbox.models import SandboxCustomer, SandboxDelivery

# Paystack's test value has twelve digits, one more than a BVN has: the other is for forms that count.
GOOD_BVNS = frozenset({"222222222221", "22222222221"})
# How long the real one thinks about it.
ANSWER_AFTER = 2


def open_customer(
    *, email: str, at: datetime, first_name: str = "", last_name: str = "", phone: str = ""
) -> SandboxCustomer:
    """Remember a customer; the same address again is the same customer, of whom more may be known now."""
    facts = {"first_name": first_name, "last_name": last_name, "phone": phone}
    made = {**facts, "code": f"CUS_{code()}", "created_at": at}
    customer, is_new = SandboxCustomer.objects.get_or_create(email=email, defaults=made)
    more = {name: value for name, value in facts.items() if value and getattr(customer, name) != value}
    if more and not is_new:
        for name, value in more.items():
            setattr(customer, name, value)
        customer.save(update_fields=list(more))
    return customer


def shape(customer: SandboxCustomer) -> dict[str, Any]:
    """`data` of POST /customer."""
    return {
        "email": customer.email,
        "integration": INTEGRATION,
        "domain": "test",
        "customer_code": customer.code,
        "id": FIRST_ID + customer.pk,
        "first_name": customer.first_name or None,
        "last_name": customer.last_name or None,
        "phone": customer.phone or None,
        "identified": False,
        "identifications": None,
        "createdAt": customer.created_at.isoformat(),
        "updatedAt": customer.created_at.isoformat(),
    }


def identify(*, customer: SandboxCustomer, asked: dict[str, str], at: datetime) -> SandboxDelivery:
    """Decide on an identification, and tell it by webhook."""
    account = (asked["bank_code"], asked["account_number"])
    good = account == ("007", "0111111111") and asked["bvn"] in GOOD_BVNS
    return announce(
        event=f"customeridentification.{'success' if good else 'failed'}",
        data=_told(customer, asked, good),
        about=customer.code,
        at=at,
        delay=ANSWER_AFTER,
    )


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
