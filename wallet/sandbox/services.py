"""What can happen to a charge at the sandbox: it is opened, paid, declined."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import DomainError
from wallet.sandbox import faults, identities, ledger, payloads
from wallet.sandbox.announcing import announce
from wallet.sandbox.cards import GOOD_CARD, TestCard
from wallet.sandbox.codes import FIRST_ID, code
from wallet.sandbox.faults import Kind, Taken
from wallet.sandbox.models import SandboxCard, SandboxCharge, SandboxCustomer

EXPIRY = (12, 2030)


class ReferenceTaken(DomainError):
    """A charge of this reference exists."""

    code = "duplicate_reference"
    kind = "conflict"
    message = "Duplicate Transaction Reference"


@transaction.atomic
def open_charge(
    *,
    reference: str,
    amount: int,
    currency: str,
    email: str,
    metadata: Any,
    at: datetime,
    callback_url: str = "",
    **more: Any,
) -> SandboxCharge:
    """Remember a charge that may now be paid; an empty reference gets one. Raises `ReferenceTaken`."""
    customer = identities.open_customer(email=email, at=at)
    try:
        with transaction.atomic():
            return SandboxCharge.objects.create(
                reference=reference or code(),
                access_code=code(),
                email=email,
                customer=customer,
                currency=currency,
                requested_amount=amount,
                amount=amount,
                callback_url=callback_url,
                metadata=metadata,
                created_at=at,
                **more,
            )
    except IntegrityError as error:
        raise ReferenceTaken() from error


@transaction.atomic
def pay(
    *, access_code: str, at: datetime, card: TestCard = GOOD_CARD, expiry: tuple[int, int] = EXPIRY
) -> SandboxCharge:
    """Try to pay with this card: an approved one settles the charge and sends `charge.success`, once.

    A declined charge sends nothing and may be tried again. Raises `SandboxCharge.DoesNotExist`.
    """
    charge = SandboxCharge.objects.select_for_update().get(access_code=access_code)
    if charge.is_paid:
        return charge
    charge.card = card_of(charge.customer, card, expiry) if charge.customer else None
    charge.gateway_response, charge.steps = card.response, []
    if not card.approved:
        return decline(charge)
    return succeed(charge, fee=card_fee, at=at)


def decline(charge: SandboxCharge) -> SandboxCharge:
    charge.status = SandboxCharge.Status.FAILED
    charge.save()
    return charge


def succeed(charge: SandboxCharge, *, fee: Callable[[int], int], at: datetime) -> SandboxCharge:
    """Settle a charge as the faults that wait would have it, add it to our balance, and tell of it."""
    taken = faults.take(faults.ON_PAYMENT, reference=charge.reference)
    _settle(charge, taken, fee=fee, at=at)
    charge.save()
    ledger.move(
        currency=charge.currency,
        difference=charge.amount - (charge.fees or 0),
        reason="Transaction settled",
        model="Transaction",
        row=FIRST_ID + charge.pk,
        at=at,
        may_overdraw=True,
    )
    announce(event="charge.success", data=payloads.webhook(charge), about=charge.reference, at=at)
    return charge


def card_of(customer: SandboxCustomer, card: TestCard, expiry: tuple[int, int]) -> SandboxCard:
    """Return the card as this customer's: its code is another for everybody who pays by it.

    So is its signature here, for all the world pays by the same few test cards.
    """
    facts = {
        "code": f"AUTH_{code(10)}",
        "signature": f"SIG_{code(20)}",
        "expires_month": expiry[0],
        "expires_year": expiry[1],
        "reusable": card.reusable,
    }
    return SandboxCard.objects.get_or_create(customer=customer, number=card.number, defaults=facts)[0]


def card_fee(amount: int) -> int:
    """Paystack's fee for a Nigerian card, in kobo: 1.5 % + ₦100 (waived under ₦2,500), at most ₦2,000."""
    flat = 10_000 if amount >= 250_000 else 0
    return min((amount * 15 + 500) // 1000 + flat, 200_000)


def _settle(charge: SandboxCharge, taken: Taken, *, fee: Callable[[int], int], at: datetime) -> None:
    charge.status = SandboxCharge.Status.SUCCESS
    charge.paid_at = at
    charge.quirks = sorted(taken.values)
    if Kind.WRONG_AMOUNT in taken:
        charge.requested_amount = taken.number(Kind.WRONG_AMOUNT, charge.requested_amount - 100)
    charge.amount = charge.requested_amount
    if Kind.UNDERPAID in taken:
        charge.amount = taken.number(Kind.UNDERPAID, charge.requested_amount - 100)
    if Kind.WRONG_CURRENCY in taken:
        charge.currency = taken.values[Kind.WRONG_CURRENCY] or "USD"
    charge.fees = fee(charge.amount)
    if Kind.CUSTOMER_BEARS_FEE in taken:
        charge.amount += charge.fees
