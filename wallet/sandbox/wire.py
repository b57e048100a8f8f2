"""How Paystack's endpoints are spoken to here: the key, JSON both ways, its error envelopes, and faults round all."""

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
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from core.actors import acting_as_service, outside_transaction
from wallet.sandbox import faults
from wallet.sandbox.faults import Kind
from wallet.sandbox.hanging_up import hang_up

LEAST = {"NGN": 5000}
MOST = 1_000_000_000
PAGE, LARGEST_PAGE = 50, 100
_KNOWN = re.compile(r"[A-Za-z0-9.=_-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,18}")

Body = dict[str, Any]
View = Callable[..., HttpResponse]


class Refusal(Exception):
    """An error envelope of Paystack."""

    def __init__(self, status: int, message: str, *, code: str = "", kind: str = "validation_error") -> None:
        super().__init__(message)
        body: Body = {"status": False, "message": message}
        if code:
            body |= {"meta": {"nextStep": "Check the request and try again"}, "type": kind, "code": code}
        self.response = JsonResponse(body, status=status)


def endpoint(method: str, *, suffers_faults: bool = True, name: str = "") -> Callable[[View], Any]:
    """An API call: key and method checked, its work one transaction of its own, faults round it.

    Faults know it by the view's name, or by `name`.
    """

    def decorate(view: View) -> Any:
        @functools.wraps(view)
        def call(request: HttpRequest, reference: str = "") -> HttpResponseBase:
            try:
                _check_key(request)
                if request.method != method:
                    raise Refusal(404, "Resource not found")
                body = _body(request) if method in ("POST", "PUT") else {}
                reference = reference or str(body.get("reference") or "")
                work = functools.partial(_work, view, request, reference, body)
                known = reference if _KNOWN.fullmatch(reference) else ""
                return (
                    suffer(request, work, known, call_name=name or view.__name__)
                    if suffers_faults
                    else work()
                )
            except Refusal as refusal:
                return refusal.response

        return csrf_exempt(login_not_required(outside_transaction(call)))

    return decorate


def by_method(**views: View) -> Any:
    """One address of several calls, told apart by their method."""

    def choose(request: HttpRequest, reference: str = "") -> HttpResponse:
        view = views.get(str(request.method), next(iter(views.values())))
        return view(request, reference)

    return csrf_exempt(login_not_required(outside_transaction(choose)))


def _work(view: View, request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    """The answer to a call, be it a refusal: what it meets on its way out, both do."""
    try:
        with acting_as_service():
            return view(request, reference, body)
    except Refusal as refusal:
        return refusal.response


def suffer(
    request: HttpRequest, work: Callable[[], HttpResponse], reference: str, *, call_name: str
) -> HttpResponseBase:
    """Do the work of a call as the faults that wait would have it."""
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
    if Kind.DROP_REPLY in taken:
        return hang_up(request)
    return _bad_gateway() if Kind.BAD_GATEWAY_AFTER in taken else response


def _bad_gateway() -> HttpResponse:
    return HttpResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", status=502)


def answer(message: str, data: Any, *, status: int = 200, meta: Body | None = None) -> HttpResponse:
    body = {"status": True, "message": message, "data": data}
    return JsonResponse(body | ({"meta": meta} if meta else {}), status=status)


def page_of(request: HttpRequest, rows: Any, shape: Callable[[Any], Body], message: str) -> HttpResponse:
    """One page of a list, newest first, by number or, when asked with `use_cursor`, by cursor."""
    size = min(_number(request, "perPage", PAGE) or PAGE, LARGEST_PAGE)
    if request.GET.get("use_cursor") == "true":
        after = _number(request, "next", 0)
        found = list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[: size + 1])
        following = str(found[size - 1].pk) if len(found) > size else None
        meta: Body = {"next": following, "previous": None, "perPage": size}
        return answer(message, [shape(row) for row in found[:size]], meta=meta)
    number, total = _number(request, "page", 1) or 1, rows.count()
    first = (number - 1) * size
    # The real one writes the size of a page as a string, too.
    meta = {"total": total, "skipped": first, "perPage": str(size), "page": number}
    meta["pageCount"] = -(-total // size)
    return answer(message, [shape(row) for row in rows.order_by("-pk")[first : first + size]], meta=meta)


def _number(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and _NUMBER.fullmatch(value) else default


def _check_key(request: HttpRequest) -> None:
    expected = f"Bearer {settings.PAYSTACK_SANDBOX_SECRET_KEY}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "Invalid key", code="invalid_Key")


def _body(request: HttpRequest) -> Body:
    body = loads(request.body, what="JSON")
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON", code="invalid_params")
    return body


def loads(raw: str | bytes, *, what: str) -> Any:
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


def checked_text(body: Body, name: str, longest: int, *, needed: bool = True) -> str:
    value: Any = body.get(name)
    if value in (None, "") and not needed:
        return ""
    if not isinstance(value, str) or not value or len(value) > longest:
        raise Refusal(400, f"{name} is required", code="missing_params")
    return value


def checked_email(body: Body) -> str:
    if body.get("email") in (None, ""):
        raise Refusal(400, "email is required", code="missing_params")
    try:
        validate_email(str(body["email"]))
    except ValidationError as error:
        raise Refusal(400, "Invalid Email Address Passed", code="invalid_params") from error
    return str(body["email"])


def checked_currency(body: Body) -> str:
    currency = body.get("currency") or "NGN"
    if not isinstance(currency, str) or currency not in LEAST:
        raise Refusal(400, "Currency not supported by merchant", code="unsupported_currency")
    return currency


def checked_amount(body: Body, *, least: int) -> int:
    """Kobo, as a number or as digits."""
    amount = body.get("amount")
    if amount in (None, ""):
        raise Refusal(400, "amount is required", code="missing_params")
    if isinstance(amount, str) and _NUMBER.fullmatch(amount) and amount.isascii():
        amount = int(amount)
    if not isinstance(amount, int) or isinstance(amount, bool) or not least <= amount <= MOST:
        raise Refusal(400, "Invalid Amount Sent", code="invalid_params")
    return amount
