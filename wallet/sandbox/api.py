"""Paystack's endpoints about charges, and ours for faults."""

import json
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from wallet.sandbox import payloads, saved_cards, services
from wallet.sandbox.forms import FaultForm
from wallet.sandbox.models import Fault, SandboxCharge
from wallet.sandbox.wire import (
    LEAST,
    Body,
    Refusal,
    answer,
    checked_amount,
    checked_currency,
    checked_email,
    checked_text,
    endpoint,
    loads,
)

REFERENCE = re.compile(r"[A-Za-z0-9.=-]{1,100}")


@endpoint("POST")
def initialize(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    email = checked_email(body)
    currency = checked_currency(body)
    amount = checked_amount(body, least=LEAST[currency])
    if reference and not REFERENCE.fullmatch(reference):
        raise Refusal(400, "Reference may hold only letters, digits, and - . =", code="invalid_params")
    try:
        charge = services.open_charge(
            reference=reference,
            amount=amount,
            currency=currency,
            email=email,
            callback_url=_checked_callback(body),
            metadata=checked_metadata(body),
            at=timezone.now(),
        )
    except services.ReferenceTaken as error:
        raise Refusal(400, str(error.message), code=error.code) from error
    page = request.build_absolute_uri(reverse("sandbox:checkout", args=[charge.access_code]))
    data = {"authorization_url": page, "access_code": charge.access_code, "reference": charge.reference}
    return answer("Authorization URL created", data)


@endpoint("GET")
def verify(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    charge = (
        SandboxCharge.objects.filter(reference=reference).first() if REFERENCE.fullmatch(reference) else None
    )
    if charge is None:
        raise Refusal(400, "Transaction reference not found.", code="transaction_not_found")
    return answer("Verification successful", payloads.verification(charge))


@endpoint("POST")
def charge_authorization(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    email, currency = checked_email(body), checked_currency(body)
    amount = checked_amount(body, least=LEAST[currency])
    if reference and not REFERENCE.fullmatch(reference):
        raise Refusal(400, "Reference may hold only letters, digits, and - . =", code="invalid_params")
    try:
        charge = saved_cards.charge(
            authorization=checked_text(body, "authorization_code", 100),
            reference=reference,
            amount=amount,
            currency=currency,
            email=email,
            metadata=checked_metadata(body),
            at=timezone.now(),
        )
    except (saved_cards.CardUnknown, saved_cards.EmailDiffers, services.ReferenceTaken) as error:
        raise Refusal(400, str(error.message), code=error.code) from error
    return answer("Charge attempted", payloads.verification(charge))


@endpoint("POST", suffers_faults=False)
def add_fault(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    """Ours, not Paystack's: make a misbehaviour wait; `{"clear": true}` calls all of them off first."""
    if body.get("clear") is True:
        Fault.objects.all().delete()
    if not body.get("kind"):
        return answer("Faults", _waiting())
    form = FaultForm(body)
    if not form.is_valid():
        raise Refusal(400, json.dumps(form.errors.get_json_data()), code="invalid_params")
    form.save()
    return answer("Faults", _waiting())


def _waiting() -> list[Any]:
    return list(Fault.objects.order_by("pk").values("kind", "value", "remaining", "reference", "endpoint"))


def _checked_callback(body: Body) -> str:
    url = body.get("callback_url") or ""
    if not isinstance(url, str) or len(url) > 500 or (url and not re.match(r"https?://[^\s/]+", url)):
        raise Refusal(400, "Invalid callback_url", code="invalid_params")
    return url


def checked_metadata(body: Body) -> Any:
    metadata = body.get("metadata")
    if isinstance(metadata, str) and metadata:
        metadata = loads(metadata, what="metadata")
    return metadata or None
