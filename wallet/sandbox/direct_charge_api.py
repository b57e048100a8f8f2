"""Paystack's endpoints for charges without its page: begun, continued step by step, asked about."""

import re
from datetime import timedelta
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from wallet.sandbox import card_steps, direct_charges, payloads, saved_cards, services
from wallet.sandbox.api import REFERENCE, checked_metadata
from wallet.sandbox.cards import BANK, OTP, PHONE, PIN
from wallet.sandbox.codes import iso
from wallet.sandbox.direct_charges import BIRTHDAY, TRANSFER, USSD
from wallet.sandbox.models import SandboxCharge
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
)

ATTEMPTED = "Charge attempted"
# kobo: what pay-with-transfer takes at least.
LEAST_TRANSFER = 10_000
# How long a number to pay into lasts, unless said otherwise.
LASTS = timedelta(hours=1)
_WAYS = ("bank", "bank_transfer", "ussd", "authorization_code")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@endpoint("POST")
def charge(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    way, currency = _way(body), checked_currency(body)
    if reference and not REFERENCE.fullmatch(reference):
        raise Refusal(400, "Reference may hold only letters, digits, and - . =", code="invalid_params")
    least = LEAST_TRANSFER if way.channel == "bank_transfer" else LEAST[currency]
    try:
        made = direct_charges.begin(
            way=way,
            reference=reference,
            amount=checked_amount(body, least=least),
            currency=currency,
            email=checked_email(body),
            metadata=checked_metadata(body),
            at=timezone.now(),
        )
    except (
        direct_charges.BankUnknown,
        card_steps.StepRefused,
        saved_cards.CardUnknown,
        saved_cards.EmailDiffers,
        services.ReferenceTaken,
    ) as error:
        raise Refusal(400, str(error.message), code=error.code) from error
    return _told(request, made)


@endpoint("GET", name="charge")
def charge_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = SandboxCharge.objects.filter(reference=reference).first()
    if found is None:
        raise Refusal(400, "Transaction reference not found.", code="transaction_not_found")
    return _told(request, found)


def _submit(request: HttpRequest, reference: str, body: Body, *, step: str, field: str) -> HttpResponse:
    said = checked_text(body, field, 30)
    try:
        made = direct_charges.answer(reference=reference, step=step, said=said, at=timezone.now())
    except (direct_charges.NotWaitedFor, card_steps.StepRefused) as error:
        raise Refusal(400, str(error.message), code=error.code) from error
    return _told(request, made)


_submits = endpoint("POST", name="charge_submit")
submit_pin = _submits(partial(_submit, step=PIN, field="pin"))
submit_otp = _submits(partial(_submit, step=OTP, field="otp"))
submit_phone = _submits(partial(_submit, step=PHONE, field="phone"))
submit_birthday = _submits(partial(_submit, step=BIRTHDAY, field="birthday"))


def _way(body: Body) -> direct_charges.Way:
    given = [name for name in _WAYS if body.get(name)]
    if len(given) != 1:
        raise Refusal(400, "Give one of bank, bank_transfer, ussd, authorization_code", code="missing_params")
    name, value = given[0], body[given[0]]
    if name == "authorization_code":
        pin = checked_text(body, "pin", 8, needed=False)
        return direct_charges.Way("card", authorization=checked_text(body, name, 100), pin=pin)
    if not isinstance(value, dict):
        raise Refusal(400, f"{name} is invalid", code="invalid_params")
    if name == "bank":
        account = checked_text(value, "code", 10), checked_text(value, "account_number", 10)
        return direct_charges.Way("bank", bank=account, birthday=_birthday(body))
    if name == "ussd":
        if value.get("type") not in direct_charges.USSD_BANKS:
            raise Refusal(400, "ussd type is not supported", code="invalid_params")
        return direct_charges.Way("ussd", ussd=str(value["type"]))
    until = checked_text(value, "account_expires_at", 40, needed=False)
    return direct_charges.Way("bank_transfer", expires=until or iso(timezone.now() + LASTS) or "")


def _birthday(body: Body) -> str:
    birthday = checked_text(body, "birthday", 10, needed=False)
    if birthday and not _DAY.fullmatch(birthday):
        raise Refusal(400, "birthday is invalid", code="invalid_params")
    return birthday


def _told(request: HttpRequest, made: SandboxCharge) -> HttpResponse:
    """A charge as it stands: whole when it is over, and what it waits for while it is not."""
    if not made.steps:
        return answer(ATTEMPTED, payloads.verification(made))
    step = made.steps[0]
    data: Body = {"reference": made.reference, "status": direct_charges.STATUS[step]}
    if step == TRANSFER:
        data |= {
            "display_text": "Please make a transfer to the account specified",
            "account_name": "TEST-MANAGED-ACCOUNT",
            "account_number": made.sender["receiver"],
            "bank": {"slug": "test-bank", "name": "Test Bank", "id": 24},
            "account_expires_at": made.sender["expires"],
        }
    elif step == USSD:
        data |= {"display_text": "Please dial the code on your phone", "ussd_code": "*737*33*4*18791#"}
    elif step == BANK:
        data["url"] = request.build_absolute_uri(reverse("sandbox:checkout", args=[made.access_code]))
    else:
        data["display_text"] = f"Please {direct_charges.STATUS[step].replace('_', ' ')}"
    return answer(ATTEMPTED, data)
