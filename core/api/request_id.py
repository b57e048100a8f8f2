"""A name for every request: in the reply's `Request-Id` header, in each problem's body, and in the logs."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars, get_contextvars

from core import ids

_SAFE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIdMiddleware:
    """Gives each request its own `request_id`, and keeps the client's, if it sent a sane one, as
    `correlation_id`.

    First in MIDDLEWARE, so that whatever answers, the answer carries the id.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self.answer_later(request)
        with bound_contextvars(**named(request)):
            return marked(self.get_response(request), request)

    async def answer_later(self, request: HttpRequest) -> HttpResponse:
        with bound_contextvars(**named(request)):
            return marked(await self.get_response(request), request)


def named(request: HttpRequest) -> dict[str, str]:
    """Put the ids on the request; return them for the logs."""
    claimed = request.headers.get("Request-Id") or request.headers.get("X-Request-Id") or ""
    request.request_id = f"req_{ids.base62(ids.uuid7())}"  # type: ignore[attr-defined]
    request.correlation_id = claimed if _SAFE.fullmatch(claimed) else ""  # type: ignore[attr-defined]
    names = {"request_id": request.request_id, "correlation_id": request.correlation_id}  # type: ignore[attr-defined]
    return {name: value for name, value in names.items() if value}


def marked(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    response.headers["Request-Id"] = request.request_id  # type: ignore[attr-defined]
    return response


class RequestFilter(logging.Filter):
    """Gives every log line the id of the request it belongs to, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = get_contextvars().get("request_id", "-")
        return True
