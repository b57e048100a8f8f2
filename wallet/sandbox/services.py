"""What can happen to a charge at the sandbox: it is opened, paid, declined."""

import json
import secrets
import string
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import DomainError
from wallet.sandbox import faults, payloads, tasks
from wallet.sandbox.cards import GOOD_CARD, TestCard
from wallet.sandbox.faults import Kind, Taken
from wallet.sandbox.models import SandboxCharge, SandboxDelivery

_CODE_LETTERS = string.ascii_lowercase + string.digits
MOST_COPIES = 100


class ReferenceTaken(DomainError):
    """A charge of this reference exists."""

    code = "duplicate_reference"
    kind = "conflict"
    message = "Duplicate Transaction Reference"


def code(length: int = 15) -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(length))


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
    _announce(charge, taken, at=at)
    return charge


def resend(*, delivery: SandboxDelivery) -> None:
    """Bring a webhook once more, whatever became of it."""
    SandboxDelivery.objects.filter(pk=delivery.pk).update(state=SandboxDelivery.State.PENDING)
    send_on_commit(delivery)


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


def _announce(charge: SandboxCharge, taken: Taken, *, at: datetime) -> None:
    dropped = Kind.DROP_WEBHOOK in taken
    body = {"event": "charge.success", "data": payloads.webhook(charge)}
    delivery = SandboxDelivery.objects.create(
        charge=charge,
        event="charge.success",
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        copies=min(taken.number(Kind.DUPLICATE_WEBHOOK, 1), MOST_COPIES) or 1,
        state=SandboxDelivery.State.DROPPED if dropped else SandboxDelivery.State.PENDING,
        created_at=at,
    )
    if dropped:
        return
    delay = taken.number(Kind.WEBHOOK_DELAY, 0)
    if delay:
        delivery.next_attempt_at = at + timedelta(seconds=delay)
        delivery.save(update_fields=["next_attempt_at"])
    send_on_commit(delivery, countdown=delay)


def send_on_commit(delivery: SandboxDelivery, *, countdown: int = 0) -> None:
    """Have a webhook brought once this transaction is committed, after `countdown` seconds."""
    send = partial(
        tasks.deliver_webhook.apply_async, kwargs={"delivery_id": delivery.pk}, countdown=countdown
    )
    # robust: a broker that is down must not turn a finished payment into an error page; the wallet polls what
    # is lost.
    transaction.on_commit(send, robust=True)
