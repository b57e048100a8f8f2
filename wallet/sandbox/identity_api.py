"""Paystack's endpoints about who people are."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from wallet.sandbox import identities
from wallet.sandbox.api import Body, Refusal, answer, endpoint
from wallet.sandbox.models import SandboxCustomer

NEEDED = ("country", "type", "account_number", "bvn", "bank_code", "first_name", "last_name")


@endpoint("GET")
def bank(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = [
        {
            "id": number,
            "name": name,
            "slug": name.lower().replace(" ", "-"),
            "code": code,
            "longcode": "",
            "gateway": None,
            "pay_with_bank": False,
            "supports_transfer": True,
            "active": True,
            "country": "Nigeria",
            "currency": "NGN",
            "type": "nuban",
            "is_deleted": False,
        }
        for number, (code, name) in enumerate(identities.BANKS, start=1)
    ]
    return answer("Banks retrieved", rows)


@endpoint("GET")
def resolve(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    account = request.GET.get("bank_code", ""), request.GET.get("account_number", "")
    name = identities.ACCOUNTS.get(account)
    if name is None:
        raise Refusal(422, "Could not resolve account name. Check parameters or try again.")
    data = {"account_number": account[1], "account_name": name, "bank_id": 9}
    return answer("Account number resolved", data)


@endpoint("POST")
def customer(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    email = _text(body, "email", 254)
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refusal(400, "Invalid Email Address Passed", code="invalid_params") from error
    made = identities.open_customer(
        email=email,
        first_name=_text(body, "first_name", 100, needed=False),
        last_name=_text(body, "last_name", 100, needed=False),
        at=timezone.now(),
    )
    return answer("Customer created", identities.shape(made))


@endpoint("POST")
def identify(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    known = SandboxCustomer.objects.filter(code=reference).first()
    if known is None:
        raise Refusal(404, "Customer not found", code="customer_not_found")
    asked = {name: _text(body, name, 100) for name in NEEDED}
    if (asked["country"], asked["type"]) != ("NG", "bank_account"):
        raise Refusal(400, "Identification type is not supported", code="invalid_params")
    if not re.fullmatch(r"[0-9]{11,12}", asked["bvn"]) or not re.fullmatch(
        r"[0-9]{10}", asked["account_number"]
    ):
        raise Refusal(400, "BVN or account number is invalid", code="invalid_params")
    identities.identify(customer=known, asked=asked, at=timezone.now())
    return JsonResponse({"status": True, "message": "Customer Identification in progress"}, status=202)


def _text(body: Body, name: str, longest: int, *, needed: bool = True) -> str:
    value: Any = body.get(name)
    if value in (None, "") and not needed:
        return ""
    if not isinstance(value, str) or not value or len(value) > longest:
        raise Refusal(400, f"{name} is required", code="missing_params")
    return value
