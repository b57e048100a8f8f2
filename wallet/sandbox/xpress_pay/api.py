"""XpressPay's two calls."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from wallet.sandbox.models import SandboxXpressPayment
from wallet.sandbox.xpress_pay import payments
from wallet.sandbox.xpress_pay.wire import ID, Body, Refusal, answer, endpoint

_AMOUNT = re.compile(r"[0-9]{1,10}\.[0-9]{2}")


@endpoint("xpress_initialize")
def initialize(request: HttpRequest, body: Body) -> HttpResponse:
    number = body.get("transactionId")
    if not isinstance(number, str) or not ID.fullmatch(number):
        raise Refusal(400, "transactionId must have 6 to 30 characters")
    if body.get("currency") != "NGN":
        raise Refusal(400, "Currency is not supported")
    if body.get("mode") not in ("Debug", "Live"):
        raise Refusal(400, "mode must be Debug or Live")
    try:
        payment = payments.open_payment(
            number=number,
            amount=_checked_amount(body),
            email=_checked_email(body),
            callback_url=_checked_callback(body),
            metadata=_checked_metadata(body),
            at=timezone.now(),
        )
    except payments.NumberTaken as error:
        raise Refusal(400, str(error.message), code="94") from error
    page = request.build_absolute_uri(reverse("sandbox_xpress_pay:checkout", args=[payment.access_code]))
    return answer("Authorization URL created", {"paymentUrl": page, "accessCode": payment.access_code})


@endpoint("xpress_verify")
def verify(request: HttpRequest, body: Body) -> HttpResponse:
    number = body.get("transactionId")
    found = isinstance(number, str) and SandboxXpressPayment.objects.filter(transaction_id=number).first()
    if not found:
        raise Refusal(404, "Transaction not found", code="25")
    return answer("Transaction retrieved successfully", payments.told(found))


def _checked_amount(body: Body) -> int:
    """Naira with two places, in kobo."""
    amount = body.get("amount")
    if not isinstance(amount, str) or not amount.isascii() or not _AMOUNT.fullmatch(amount):
        raise Refusal(400, "amount must be a number with two decimal places")
    kobo = int(Decimal(amount) * 100)
    if kobo <= 0:
        raise Refusal(400, "amount must be more than 0")
    return kobo


def _checked_email(body: Body) -> str:
    try:
        validate_email(str(body.get("email") or ""))
    except ValidationError as error:
        raise Refusal(400, "email is not valid") from error
    return str(body["email"])


def _checked_callback(body: Body) -> str:
    url = body.get("callBackUrl") or ""
    if not isinstance(url, str) or len(url) > 500 or (url and not re.match(r"https?://[^\s/]+", url)):
        raise Refusal(400, "callBackUrl is not valid")
    return url


def _checked_metadata(body: Body) -> list[Body]:
    rows = body.get("metadata") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
        raise Refusal(400, "metadata is not valid")
    return rows
