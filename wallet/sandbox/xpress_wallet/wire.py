"""How Xpress Wallet's endpoints are spoken to here: the secret key, JSON both ways, its envelopes, faults round all."""

import functools
import hmac
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from core.actors import acting_as_service, outside_transaction
from wallet.sandbox import wire

Body = dict[str, Any]
View = Callable[..., HttpResponse]
_KNOWN = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MOST = Decimal(10_000_000)


class Refusal(Exception):
    """A bad answer, in Xpress Wallet's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = JsonResponse({"status": False, "message": message}, status=status)


def endpoint(method: str, name: str) -> Callable[[View], Any]:
    """A call: key and method checked, its work one transaction of its own, faults round it, which know it by `name`."""

    def decorate(view: View) -> Any:
        @functools.wraps(view)
        def call(request: HttpRequest, **parts: str) -> HttpResponseBase:
            try:
                _check_key(request)
                if request.method != method:
                    raise Refusal(404, "Resource not found")
                body = _body(request) if method == "POST" else {}
                work = functools.partial(_work, view, request, body, parts)
                return wire.suffer(request, work, about(body), call_name=name)
            except Refusal as refusal:
                return refusal.response

        return csrf_exempt(login_not_required(outside_transaction(call)))

    return decorate


def answer(message: str = "", **facts: Any) -> HttpResponse:
    return JsonResponse({"status": True, "message": message or "Successful", **facts})


def about(body: Body) -> str:
    """The payout's name of ours that came along with an order, by which faults are narrowed."""
    told = body.get("metadata")
    name = str(told.get("payout") or "") if isinstance(told, dict) else ""
    return name if _KNOWN.fullmatch(name) else ""


def checked_text(body: Body, name: str, longest: int = 200) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > longest:
        raise Refusal(400, f"{name} is required")
    return value


def checked_amount(body: Body) -> Decimal:
    """Naira as a JSON number, of whole kobo."""
    value = body.get("amount")
    amount = (
        Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Decimal(0)
    )
    if not 0 < amount <= _MOST or amount != amount.quantize(Decimal("0.01")):
        raise Refusal(400, "amount is not valid")
    return amount


def number(value: Decimal) -> float:
    """An amount as the real one writes it, binary fraction and all."""
    return float(value)


def _work(view: View, request: HttpRequest, body: Body, parts: dict[str, str]) -> HttpResponse:
    """The answer to a call, be it a refusal: what it meets on its way out, both do."""
    try:
        with acting_as_service():
            return view(request, body, **parts)
    except Refusal as refusal:
        return refusal.response


def _check_key(request: HttpRequest) -> None:
    expected = f"Bearer {settings.XPRESS_WALLET_SANDBOX_SECRET_KEY}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "Unauthorized")


def _body(request: HttpRequest) -> Body:
    try:
        body = wire.loads(request.body, what="JSON")
    except wire.Refusal as refusal:
        raise Refusal(400, "Invalid JSON") from refusal
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON")
    return body
