"""Account numbers of customers at the sandbox, and money paid into them."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from core.errors import DomainError
from wallet.sandbox import announcing, direct_charges, faults, services
from wallet.sandbox.announcing import announce
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxAccount, SandboxCharge, SandboxCustomer, SandboxDelivery

PROVIDERS = {
    "test-bank": ("Test Bank", 24),
    "titan-paystack": ("Paystack-Titan", 629),
    "wema-bank": ("Wema Bank", 20),
}
CHANNEL = "dedicated_nuban"
REQUERY_EVERY = timedelta(minutes=10)
# A number that was given to nobody.
NOBODYS = "9999999999"
STRANGER = "stranger@paystack.test"


class TooSoon(DomainError):
    code = "too_soon"
    kind = "limited"
    message = "You can only requery a transfer once every 10 minutes"


def open_account(*, customer: SandboxCustomer, provider: str, at: datetime) -> SandboxAccount:
    """Give out a number; asked twice, Paystack gives two."""
    name = f"ALAJO/{customer.first_name} {customer.last_name}".strip().upper()
    number = f"9{secrets.randbelow(10**9):09d}"
    return SandboxAccount.objects.create(
        customer=customer, number=number, name=name, provider=provider, created_at=at
    )


@transaction.atomic
def assign(*, customer: SandboxCustomer, provider: str, identified: bool, at: datetime) -> None:
    """Give out a number and tell of it by webhook only, or of why not."""
    account = open_account(customer=customer, provider=provider, at=at) if identified else None
    data = {
        "customer": _customer(customer),
        "dedicated_account": shape(account) if account else None,
        "identification": {"status": "success" if identified else "failed"},
    }
    event = f"dedicatedaccount.assign.{'success' if identified else 'failed'}"
    announce(event=event, data=data, about=customer.code, at=at)


@transaction.atomic
def deposit(
    *, number: str, amount: int, sender_name: str, narration: str, at: datetime
) -> SandboxCharge | None:
    """Pay into an account number, which may be one that nobody was given: such money comes all the same.

    A number that was given out for one charge takes just its amount. None when the bank turns the money back.
    """
    sender = {
        "bank": "Guaranty Trust Bank",
        "number": "XXXXXX7896",
        "name": sender_name,
        "narration": narration,
    }
    awaited = direct_charges.waiting_for(number)
    if awaited is not None:
        return direct_charges.take_transfer(awaited, amount=amount, sender=sender, at=at)
    taken = faults.take(faults.ON_DEPOSIT, reference=number)
    if Kind.UNKNOWN_ACCOUNT in taken:
        number = NOBODYS
    account = SandboxAccount.objects.select_related("customer").filter(number=number).first()
    if account and Kind.DEPOSIT_REJECTED in taken:
        direct_charges.reject(amount=amount, customer=_customer(account.customer), at=at)
        return None
    charge = services.open_charge(
        reference="",
        amount=amount,
        currency="NGN",
        email=account.customer.email if account else STRANGER,
        metadata=None,
        at=at,
        channel=CHANNEL,
        sender={
            **sender,
            "receiver": number,
            "receiver_bank": PROVIDERS[account.provider][0] if account else "Test Bank",
        },
    )
    charge.gateway_response = "Approved"
    return services.succeed(charge, fee=deposit_fee, at=at)


def deposit_fee(amount: int) -> int:
    """Paystack's fee for a deposit into an account number, in kobo: 1 %, at most ₦300."""
    return min((amount + 50) // 100, 30_000)


@transaction.atomic
def look_again(*, account: SandboxAccount, on: date, at: datetime) -> None:
    """Tell once more of a day's deposits of which nobody was told. Raises TooSoon."""
    if account.asked_about_at and at - account.asked_about_at < REQUERY_EVERY:
        raise TooSoon
    SandboxAccount.objects.filter(pk=account.pk).update(asked_about_at=at)
    paid = SandboxCharge.objects.filter(channel=CHANNEL, sender__receiver=account.number, paid_at__date=on)
    lost = SandboxDelivery.objects.filter(about__in=paid.values("reference"))
    for delivery in lost.exclude(state=SandboxDelivery.State.DELIVERED):
        announcing.resend(delivery=delivery)


def shape(account: SandboxAccount) -> dict[str, Any]:
    """`data` of POST /dedicated_account."""
    bank, bank_id = PROVIDERS[account.provider]
    return {
        "bank": {"name": bank, "id": bank_id, "slug": account.provider},
        "account_name": account.name,
        "account_number": account.number,
        "assigned": account.active,
        "currency": "NGN",
        "metadata": None,
        "active": account.active,
        "id": FIRST_ID + account.pk,
        "created_at": iso(account.created_at),
        "updated_at": iso(account.created_at),
        "assignment": {
            "integration": INTEGRATION,
            "assignee_id": FIRST_ID + account.customer_id,
            "assignee_type": "Customer",
            "expired": not account.active,
            "account_type": "PAY-WITH-TRANSFER-RECURRING",
            "assigned_at": iso(account.created_at),
            "expired_at": None,
        },
        "customer": _customer(account.customer),
    }


def _customer(customer: SandboxCustomer) -> dict[str, Any]:
    return {
        "id": FIRST_ID + customer.pk,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "customer_code": customer.code,
        "phone": customer.phone or None,
        "risk_action": "default",
    }
