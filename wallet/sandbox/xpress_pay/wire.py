"""How XpressPay's endpoints are spoken to here: the public key, JSON both ways, its envelopes, and faults round all."""

import functools
import hmac
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from core.actors import acting_as_service, outside_transaction
from wallet.sandbox import wire

ID = re.compile(r"[A-Za-z0-9-]{6,30}")

Body = dict[str, Any]
View = Callable[[HttpRequest, Body], HttpResponse]


class Refusal(Exception):
    """A bad answer, in XpressPay's form."""

    def __init__(self, status: int, message: str, *, code: str = "99") -> None:
        super().__init__(message)
        body = {"$id": "1", "responseCode": code, "responseMessage": message, "data": None}
        self.response = JsonResponse(body, status=status)


def endpoint(name: str) -> Callable[[View], Any]:
    """A call: key checked, its work one transaction of its own, faults round it, which know it by `name`."""

    def decorate(view: View) -> Any:
        @functools.wraps(view)
        def call(request: HttpRequest) -> HttpResponseBase:
            try:
                _check_key(request)
                if request.method != "POST":
                    raise Refusal(404, "Resource not found")
                body = _body(request)
                about = str(body.get("transactionId") or "")
                known = about if ID.fullmatch(about) else ""
                return wire.suffer(
                    request, functools.partial(_work, view, request, body), known, call_name=name
                )
            except Refusal as refusal:
                return refusal.response

        return csrf_exempt(login_not_required(outside_transaction(call)))

    return decorate


def answer(message: str, data: Body) -> HttpResponse:
    return JsonResponse({"$id": "1", "responseCode": "00", "responseMessage": message, "data": data})


def _work(view: View, request: HttpRequest, body: Body) -> HttpResponse:
    """The answer to a call, be it a refusal: what it meets on its way out, both do."""
    try:
        with acting_as_service():
            return view(request, body)
    except Refusal as refusal:
        return refusal.response


def _check_key(request: HttpRequest) -> None:
    expected = f"Bearer {settings.XPRESS_PAY_SANDBOX_PUBLIC_KEY}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "Invalid public key")


def _body(request: HttpRequest) -> Body:
    try:
        body = wire.loads(request.body, what="JSON")
    except wire.Refusal as refusal:
        raise Refusal(400, "Invalid JSON") from refusal
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON")
    return body
