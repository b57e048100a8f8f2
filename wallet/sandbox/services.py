"""What can happen to a charge at the sandbox: it is opened, paid, declined."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import DomainError
from wallet.sandbox import faults, ledger, payloads
from wallet.sandbox.announcing import announce
from wallet.sandbox.cards import GOOD_CARD, TestCard
from wallet.sandbox.codes import FIRST_ID, code
from wallet.sandbox.faults import Kind, Taken
from wallet.sandbox.models import SandboxCharge


class ReferenceTaken(DomainError):
    """A charge of this reference exists."""

    code = "duplicate_reference"
    kind = "conflict"
    message = "Duplicate Transaction Reference"


def open_charge(
    *, reference: str, amount: int, currency: str, email: str, callback_url: str, metadata: Any, at: datetime
) -> SandboxCharge:
    """Remember a charge that may now be paid; an empty reference gets one. Raises `ReferenceTaken`."""
    try:
        with transaction.atomic():
            return SandboxCharge.objects.create(
                reference=reference or code(),
                access_code=code(),
                email=email,
                currency=currency,
                requested_amount=amount,
                amount=amount,
                callback_url=callback_url,
                metadata=metadata,
                created_at=at,
            )
    except IntegrityError as error:
        raise ReferenceTaken() from error


@transaction.atomic
def pay(*, access_code: str, at: datetime, card: TestCard = GOOD_CARD) -> SandboxCharge:
    """Try to pay with this card: an approved one settles the charge and sends `charge.success`, once.

    A declined charge sends nothing and may be tried again. Raises `SandboxCharge.DoesNotExist`.
    """
    charge = SandboxCharge.objects.select_for_update().get(access_code=access_code)
    if charge.is_paid:
        return charge
    charge.card_number = card.number
    charge.gateway_response = card.response
    if not card.approved:
        charge.status = SandboxCharge.Status.FAILED
        charge.save(update_fields=["card_number", "gateway_response", "status"])
        return charge
    taken = faults.take(faults.ON_PAYMENT, reference=charge.reference)
    _settle(charge, taken, at=at)
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


def card_fee(amount: int) -> int:
    """Paystack's fee for a Nigerian card, in kobo: 1.5 % + ₦100 (waived under ₦2,500), at most ₦2,000."""
    flat = 10_000 if amount >= 250_000 else 0
    return min((amount * 15 + 500) // 1000 + flat, 200_000)


def _settle(charge: SandboxCharge, taken: Taken, *, at: datetime) -> None:
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
    charge.fees = card_fee(charge.amount)
    if Kind.CUSTOMER_BEARS_FEE in taken:
        charge.amount += charge.fees
