"""Paystack's endpoints about who people are."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from wallet.sandbox import identities
from wallet.sandbox.models import SandboxCustomer
from wallet.sandbox.wire import Body, Refusal, answer, checked_email, checked_text, endpoint

NEEDED = ("country", "type", "account_number", "bvn", "bank_code", "first_name", "last_name")


@endpoint("POST")
def customer(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    made = identities.open_customer(
        email=checked_email(body),
        first_name=checked_text(body, "first_name", 100, needed=False),
        last_name=checked_text(body, "last_name", 100, needed=False),
        phone=checked_text(body, "phone", 30, needed=False),
        at=timezone.now(),
    )
    return answer("Customer created", identities.shape(made))


@endpoint("POST")
def identify(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    known = SandboxCustomer.objects.filter(code=reference).first()
    if known is None:
        raise Refusal(404, "Customer not found", code="customer_not_found")
    asked = {name: checked_text(body, name, 100) for name in NEEDED}
    if (asked["country"], asked["type"]) != ("NG", "bank_account"):
        raise Refusal(400, "Identification type is not supported", code="invalid_params")
    if not re.fullmatch(r"[0-9]{11,12}", asked["bvn"]) or not re.fullmatch(
        r"[0-9]{10}", asked["account_number"]
    ):
        raise Refusal(400, "BVN or account number is invalid", code="invalid_params")
    identities.identify(customer=known, asked=asked, at=timezone.now())
    return JsonResponse({"status": True, "message": "Customer Identification in progress"}, status=202)
