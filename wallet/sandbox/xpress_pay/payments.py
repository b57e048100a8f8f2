"""What can happen to a payment at this sandbox, and how it is told of."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from core.errors import DomainError
from wallet.sandbox import faults
from wallet.sandbox.announcing import bring
from wallet.sandbox.codes import code
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxXpressPayment

LAGOS = ZoneInfo("Africa/Lagos")
STATUS = {"PAID": "00", "FAILED": "01", "OPEN": "09"}
WORDS = {"PAID": "Approved", "FAILED": "Declined", "OPEN": "Pending"}


class NumberTaken(DomainError):
    code = "duplicate_transaction"
    kind = "conflict"
    message = "Duplicate transaction id"


@transaction.atomic
def open_payment(
    *, number: str, amount: int, email: str, callback_url: str, metadata: list[Any], at: datetime
) -> SandboxXpressPayment:
    """Remember a payment that may now be made. Raises `NumberTaken`."""
    try:
        with transaction.atomic():
            return SandboxXpressPayment.objects.create(
                transaction_id=number,
                access_code=code(),
                email=email,
                currency="NGN",
                requested_amount=amount,
                amount=amount,
                callback_url=callback_url,
                metadata=metadata,
                created_at=at,
            )
    except IntegrityError as error:
        raise NumberTaken() from error


@transaction.atomic
def pay(*, access_code: str, at: datetime) -> SandboxXpressPayment:
    """Pay, once, as the faults that wait would have it, and tell of it."""
    payment = SandboxXpressPayment.objects.select_for_update().get(access_code=access_code)
    if payment.is_paid:
        return payment
    taken = faults.take(
        (Kind.WRONG_AMOUNT, Kind.UNDERPAID, Kind.WRONG_CURRENCY), reference=payment.transaction_id
    )
    for kind in (Kind.WRONG_AMOUNT, Kind.UNDERPAID):
        if kind in taken:
            payment.amount = taken.number(kind, payment.requested_amount - 100)
    if Kind.WRONG_CURRENCY in taken:
        payment.currency = taken.values[Kind.WRONG_CURRENCY] or "USD"
    payment.status, payment.paid_at = SandboxXpressPayment.Status.PAID, at
    payment.save()
    _announce(payment, at=at)
    return payment


@transaction.atomic
def fail(*, access_code: str, at: datetime) -> SandboxXpressPayment:
    """Decline; it may still be paid afterwards. This one tells of it, too."""
    payment = SandboxXpressPayment.objects.select_for_update().get(access_code=access_code)
    if payment.status == SandboxXpressPayment.Status.OPEN:
        payment.status = SandboxXpressPayment.Status.FAILED
        payment.save()
        _announce(payment, at=at)
    return payment


def told(payment: SandboxXpressPayment) -> dict[str, Any]:
    """`data` of VerifyPayment."""
    return {
        "amount": _naira(payment.amount),
        "paymentType": "Card",
        "currency": payment.currency,
        "status": STATUS[payment.status],
        "isSuccessful": payment.is_paid,
        "gatewayResponse": WORDS[payment.status],
        "transactionId": payment.transaction_id,
        "productId": "",
        "productDescription": "",
        "paymentDate": _american(payment.paid_at),
        "meataData": json.dumps(payment.metadata),
        "callBackUrl": payment.callback_url,
        "paymentReference": f"XP{payment.pk:012d}",
        "recurringID": None,
        "histories": {"$id": "3", "$values": []},
        "merchantId": "00001",
    }


def _announce(payment: SandboxXpressPayment, *, at: datetime) -> None:
    body = {
        "Id": payment.pk,
        "Amount": _naira(payment.amount),
        "PaymentType": "Card",
        "Currency": payment.currency,
        "Status": STATUS[payment.status],
        "IsSuccessful": payment.is_paid,
        "GatewayResponse": WORDS[payment.status],
        "TransactionId": payment.transaction_id,
        "TransactionReference": f"XP{payment.pk:012d}",
        "TransactionDate": _american(payment.paid_at or at),
        "MetaData": json.dumps(payment.metadata),
        "Merchant": "Alajo",
        "WebhookUrl": settings.XPRESS_PAY_WEBHOOK_URL,
    }
    url = settings.XPRESS_PAY_WEBHOOK_URL
    bring(event=f"xpress {payment.status}", body=body, about=payment.transaction_id, at=at, url=url)


def _naira(kobo: int) -> str:
    return f"{kobo // 100}.{kobo % 100:02d}"


def _american(at: datetime | None) -> str | None:
    """Month first, without leading zeros, twelve hours, Lagos time."""
    if at is None:
        return None
    there = at.astimezone(LAGOS)
    hour = there.hour % 12 or 12
    half = "AM" if there.hour < 12 else "PM"
    return f"{there.month}/{there.day}/{there.year} {hour}:{there.minute:02d}:{there.second:02d} {half}"
