"""Errors of `/auth/v1` in the two shapes that clients know: by the dated header, or the older one without it."""

import logging
import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.services.passwords import WeakPassword
from core.errors import DomainError

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION = "2024-01-01"

logger = logging.getLogger(__name__)


class WireError(Exception):
    """A refusal as the protocol names it: HTTP status, code and words."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.extra = status, code, message, extra
        self.retry_after: int | None = None


def validation_failed(message: str) -> WireError:
    return WireError(400, "validation_failed", message)


def too_many(seconds: float, code: str = "over_request_rate_limit") -> WireError:
    wait = max(1, math.ceil(seconds))
    error = WireError(429, code, f"For security purposes, you can only request this after {wait} seconds.")
    error.retry_after = wait
    return error


# Refusals of our services -> what the protocol calls them, where status or words differ from their own.
STATUS: dict[str, int] = {
    "refresh_token_not_found": 400,
    "refresh_token_already_used": 400,
    "session_expired": 400,
    "validation_failed": 400,
    "bad_jwt": 400,
    "unexpected_audience": 400,
    "unexpected_failure": 503,
    "session_not_found": 403,
    "conflict": 409,
    "user_banned": 400,
    "user_not_found": 400,
    "otp_expired": 403,
    "flow_state_not_found": 404,
    "bad_code_verifier": 400,
    "mfa_factor_not_found": 404,
    "step_up_required": 403,
    "mfa_enrolment_required": 403,
}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer every exception of a view. Refusals commit what the view wrote (counters, the trail); faults roll back."""
    return respond(context["request"], _as_wire_error(exc, context))


def respond(request: Any, error: WireError) -> Response:
    body, headers = written(request, error)
    return Response(body, status=error.status, headers=headers)


def written(request: Any, error: WireError) -> tuple[dict[str, Any], dict[str, str]]:
    """The body and headers of a refusal, in the shape that this client reads."""
    dated = request.headers.get(VERSION_HEADER) == VERSION
    if dated:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
    else:
        body = {"code": error.status, "error_code": error.code, "msg": error.message}
    headers = {"x-sb-error-code": error.code}
    if dated:
        headers[VERSION_HEADER] = VERSION
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return {**body, **error.extra}, headers


def _as_wire_error(exc: Exception, context: Mapping[str, Any]) -> WireError:
    match exc:
        case WireError():
            return exc
        case WeakPassword():
            return WireError(422, exc.code, str(exc), weak_password={"reasons": exc.data["reasons"]})
        case DomainError() if exc.kind == "limited":
            return too_many(exc.data.get("retry_after", 1), exc.code)
        case DomainError():
            return WireError(STATUS.get(exc.code, 422), exc.code, str(exc))
        case Http404():
            return WireError(404, "not_found", "Not found")
        case exceptions.ParseError() | exceptions.UnsupportedMediaType() | UnreadablePostError():
            return WireError(400, "bad_json", "Could not parse request body as JSON")
        case RequestDataTooBig():
            return WireError(413, "request_too_large", "Request body is too large")
        case exceptions.APIException():
            code = "request_too_large" if exc.status_code == 413 else str(exc.default_code)
            return WireError(exc.status_code, code, str(exc.detail))
    if connection.in_atomic_block:
        connection.set_rollback(True)
    logger.error("request %s failed", getattr(context["request"], "request_id", ""), exc_info=exc)
    # A busy database may answer the same request a moment later; clients repeat a 503.
    status = 503 if isinstance(exc, OperationalError) else 500
    return WireError(
        status, "unexpected_failure", "Unexpected failure, please check server logs for more information"
    )
