"""Errors as problem documents (RFC 9457): one body for every refusal and every fault under /api/."""

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signals import got_request_exception
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.encoding import iri_to_uri
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.settings import api_settings

from core.answers import AnswerMiddleware
from core.errors import DomainError, Kind

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
SECONDS_BEFORE_RETRY = 1

STATUS_OF_KIND: dict[Kind, int] = {
    "invalid": 422,
    "conflict": 409,
    "forbidden": 403,
    "not_found": 404,
    "limited": 429,
    "unavailable": 503,
}

# What a status is called when nothing more exact is known of it.
CODES: dict[int, tuple[str, Promise]] = {
    400: ("bad_request", _("The request is not valid.")),
    401: ("not_authenticated", _("Sign-in or a key is needed.")),
    403: ("permission_denied", _("This is not allowed.")),
    404: ("not_found", _("Nothing was found here.")),
    405: ("method_not_allowed", _("This method is not offered here.")),
    406: ("not_acceptable", _("The requested format is not offered.")),
    409: ("conflict", _("This conflicts with the present state.")),
    412: ("precondition_failed", _("This has changed since it was read.")),
    413: ("body_too_large", _("The request body is too large.")),
    415: ("unsupported_media_type", _("The request body's format is not understood.")),
    422: ("refused", _("The request was understood and refused.")),
    429: ("throttled", _("Too many requests.")),
    500: ("internal_error", _("Something went wrong on our side.")),
    503: ("unavailable", _("This is not available at the moment.")),
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
_BODILESS = ("GET", "HEAD", "OPTIONS", "DELETE")

logger = logging.getLogger(__name__)


def problem_response(
    request: HttpRequest | Request,
    code: str,
    status: int,
    title: str | Promise = "",
    detail: str | Promise = "",
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return a problem document. `title` belongs to the code, `detail` to this case; both may be left out."""
    title = title or CODES.get(status, CODES[500])[1]
    body: dict[str, Any] = {
        "type": f"{settings.SITE_URL}/api/errors/{code}",
        "title": str(title),
        "status": status,
        "detail": str(detail or title),
        "instance": iri_to_uri(request.path),
        "code": code,
        "request_id": getattr(request, "request_id", ""),
        "errors": list(errors),
    }
    if data:
        body["data"] = dict(data)
    content = json.dumps(body, cls=DjangoJSONEncoder)
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception of an API view. A fault is logged with the request's id and tells the caller nothing."""
    request = context["request"]
    if isinstance(exc, DomainError):
        return _refused(request, exc)
    known = _as_api_exception(exc)
    if known is None:
        return _failed(request, exc)
    return _answered(request, known)


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    match exc:
        case exceptions.APIException():
            return exc
        case Http404():
            return exceptions.NotFound()
        case DjangoPermissionDenied():
            return exceptions.PermissionDenied()
        case DjangoValidationError():
            return exceptions.ValidationError(get_error_detail(exc))
        case RequestDataTooBig():
            return BodyTooLarge()
        case SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return exceptions.ParseError()
    return None


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The request body may not exceed 1 MB.")


def _refused(request: Request, error: DomainError) -> HttpResponse:
    wait = error.data.get("retry_after")
    return problem_response(
        request,
        error.code,
        STATUS_OF_KIND[error.kind],
        type(error).message,
        str(error),
        data=error.public_data,
        headers={} if wait is None else {"Retry-After": str(math.ceil(wait))},
    )


def _answered(request: Request, exc: exceptions.APIException) -> HttpResponse:
    headers = {}
    status = exc.status_code
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        # REST framework turns this into 403 where no scheme has a challenge; it stays what it is here.
        status = 401
        headers["WWW-Authenticate"] = getattr(exc, "auth_header", None) or 'Bearer realm="api"'
    if getattr(exc, "wait", None) is not None:
        headers["Retry-After"] = str(math.ceil(exc.wait))  # type: ignore[attr-defined]
    if isinstance(exc.detail, str):
        code = getattr(exc.detail, "code", None) or exc.default_code
        return problem_response(request, code, status, detail=exc.detail, headers=headers)
    in_body = request.method not in _BODILESS and not getattr(exc, "in_address", False)
    errors = list(_listed(exc.detail, (), in_body=in_body))
    detail = errors[0]["detail"] if len(errors) == 1 else _("Some of what was sent is not valid.")
    return problem_response(request, exc.default_code, status, detail=detail, errors=errors, headers=headers)


def _listed(detail: Any, path: tuple[str, ...], *, in_body: bool) -> Iterator[dict[str, str]]:
    """Walk REST framework's nested errors: each leaf with its JSON pointer, or its query parameter."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            own = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from _listed(inner, path if own else (*path, str(key)), in_body=in_body)
    elif isinstance(detail, list | tuple):
        for place, inner in enumerate(detail):
            leaf = isinstance(inner, str)
            yield from _listed(inner, path if leaf else (*path, str(place)), in_body=in_body)
    else:
        where = {"pointer": pointer(path)} if in_body else {"parameter": ".".join(path)}
        yield {**where, "code": getattr(detail, "code", None) or "invalid", "detail": str(detail)}


def pointer(path: Sequence[str]) -> str:
    """Return a JSON pointer (RFC 6901) to a place in the request's body."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def _failed(request: Request, exc: Exception) -> HttpResponse:
    if connection.in_atomic_block:
        connection.set_rollback(True)
    logger.error("request %s failed", getattr(request, "request_id", ""), exc_info=exc)
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    # The database was busy or away (a timeout, a deadlock, a restart): the same request may succeed.
    status = 503 if isinstance(exc, OperationalError) else 500
    headers = {"Retry-After": str(SECONDS_BEFORE_RETRY)} if status == 503 else {}
    return problem_response(request, CODES[status][0], status, headers=headers)


class ProblemMiddleware(AnswerMiddleware):
    """Turns the errors that Django itself answers under /api/ (unknown path, bad host) into problems."""

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return as_problem(request, response)


def as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response itself, or a problem in its place when it is an API error that is not one yet."""
    if response.status_code < 400 or not request.path.startswith(API_PREFIX):
        return response
    if response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
        return response
    status = response.status_code
    code = CODES.get(status, CODES[500 if status >= 500 else 400])[0]
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return problem_response(request, code, status, headers=kept)
