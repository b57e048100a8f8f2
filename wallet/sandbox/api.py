"""Paystack's endpoints, with its statuses and bodies, and the faults that strike them."""

import functools
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from core.actors import acting_as_service, outside_transaction
from wallet.sandbox import faults, payloads, services
from wallet.sandbox.faults import Kind
from wallet.sandbox.forms import FaultForm
from wallet.sandbox.models import Fault, SandboxCharge

LEAST = {"NGN": 5000}
MOST = 1_000_000_000
_REFERENCE = re.compile(r"[A-Za-z0-9.=-]{1,100}")
_KNOWN = re.compile(r"[A-Za-z0-9.=_-]{1,100}")

Body = dict[str, Any]


class Refusal(Exception):
    """An error envelope of Paystack."""

    def __init__(self, status: int, message: str, *, code: str = "", kind: str = "validation_error") -> None:
        super().__init__(message)
        body: Body = {"status": False, "message": message}
        if code:
            body |= {"meta": {"nextStep": "Check the request and try again"}, "type": kind, "code": code}
        self.response = JsonResponse(body, status=status)


def endpoint(method: str, *, suffers_faults: bool = True) -> Callable[[Callable[..., HttpResponse]], Any]:
    """An API call: key and method checked, its work one transaction of its own, faults round it."""

    def decorate(view: Callable[..., HttpResponse]) -> Any:
        @functools.wraps(view)
        def call(request: HttpRequest, reference: str = "") -> HttpResponse:
            try:
                _check_key(request)
                if request.method != method:
                    raise Refusal(404, "Resource not found")
                body = _body(request) if method == "POST" else {}
                reference = reference or str(body.get("reference") or "")
                work = functools.partial(_work, view, request, reference, body)
                known = reference if _KNOWN.fullmatch(reference) else ""
                return _suffer(work, known, call_name=view.__name__) if suffers_faults else work()
            except Refusal as refusal:
                return refusal.response

        return csrf_exempt(login_not_required(outside_transaction(call)))

    return decorate


def _work(
    view: Callable[..., HttpResponse], request: HttpRequest, reference: str, body: Body
) -> HttpResponse:
    with acting_as_service():
        return view(request, reference, body)


def _suffer(work: Callable[[], HttpResponse], reference: str, *, call_name: str) -> HttpResponse:
    with acting_as_service():
        taken = faults.take(faults.ON_CALL, reference=reference, endpoint=call_name)
    if Kind.TOO_MANY in taken:
        headers = {"Retry-After": str(taken.number(Kind.TOO_MANY, 1))}
        return JsonResponse({"status": False, "message": "Too many requests"}, status=429, headers=headers)
    if Kind.HTML_503 in taken:
        return HttpResponse(
            "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>", status=503
        )
    if Kind.BAD_GATEWAY_BEFORE in taken:
        return _bad_gateway()
    if Kind.WRONG_SHAPE in taken:
        return answer("OK", ["nonsense", {"account_name": None}])
    response = work()
    if Kind.DELAY in taken:
        time.sleep(min(taken.number(Kind.DELAY, 1), faults.SLOWEST_ANSWER))
    return _bad_gateway() if Kind.BAD_GATEWAY_AFTER in taken else response


def _bad_gateway() -> HttpResponse:
    return HttpResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", status=502)


@endpoint("POST")
def initialize(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    _check_required(body)
    amount = _checked_amount(body)
    if reference and not _REFERENCE.fullmatch(reference):
        raise Refusal(400, "Reference may hold only letters, digits, and - . =", code="invalid_params")
    try:
        charge = services.open_charge(
            reference=reference,
            amount=amount,
            currency=body.get("currency") or "NGN",
            email=str(body["email"]),
            callback_url=_checked_callback(body),
            metadata=_checked_metadata(body),
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
        SandboxCharge.objects.filter(reference=reference).first() if _REFERENCE.fullmatch(reference) else None
    )
    if charge is None:
        raise Refusal(400, "Transaction reference not found.", code="transaction_not_found")
    return answer("Verification successful", payloads.verification(charge))


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


def answer(message: str, data: Any) -> HttpResponse:
    return JsonResponse({"status": True, "message": message, "data": data})


def _check_key(request: HttpRequest) -> None:
    expected = f"Bearer {settings.PAYSTACK_SANDBOX_SECRET_KEY}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "Invalid key", code="invalid_Key")


def _body(request: HttpRequest) -> Body:
    body = _loads(request.body, what="JSON")
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON", code="invalid_params")
    return body


def _loads(raw: str | bytes, *, what: str) -> Any:
    """JSON that PostgreSQL can store as well: no NaN, no NUL, no lone surrogate."""
    try:
        value = json.loads(raw)
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
        plain.encode()
        if "\\u0000" in plain:
            raise ValueError("NUL")
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"Invalid {what}", code="invalid_params") from error
    return value


def _check_required(body: Body) -> None:
    for name in ("email", "amount"):
        if body.get(name) in (None, ""):
            raise Refusal(400, f"{name} is required", code="missing_params")
    try:
        validate_email(str(body["email"]))
    except ValidationError as error:
        raise Refusal(400, "Invalid Email Address Passed", code="invalid_params") from error


def _checked_amount(body: Body) -> int:
    amount, currency = body["amount"], body.get("currency") or "NGN"
    if not isinstance(currency, str) or currency not in LEAST:
        raise Refusal(400, "Currency not supported by merchant", code="unsupported_currency")
    if isinstance(amount, str) and re.fullmatch(r"[0-9]{1,18}", amount):
        amount = int(amount)
    if not isinstance(amount, int) or isinstance(amount, bool) or not LEAST[currency] <= amount <= MOST:
        raise Refusal(400, "Invalid Amount Sent", code="invalid_params")
    return amount


def _checked_callback(body: Body) -> str:
    url = body.get("callback_url") or ""
    if not isinstance(url, str) or len(url) > 500 or (url and not re.match(r"https?://[^\s/]+", url)):
        raise Refusal(400, "Invalid callback_url", code="invalid_params")
    return url


def _checked_metadata(body: Body) -> Any:
    metadata = body.get("metadata")
    if isinstance(metadata, str) and metadata:
        metadata = _loads(metadata, what="metadata")
    return metadata or None
