"""The base of every view under `/auth/v1`: which app asks (`apikey`), for whom (the bearer), and how often."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access_tokens
from accounts.models import Session, User
from accounts.services import sessions
from accounts.wire.errors import (
    VERSION,
    VERSION_HEADER,
    WireError,
    exception_handler,
    too_many,
    validation_failed,
)
from accounts.wire.reading import everything_of, with_everything
from core.actors import work_for
from core.api.parsers import StrictJSONParser
from core.api.ratelimit import count
from core.middleware import client_ip

# Hits for each address in a window, by the name a view gives; and for each account where one is named.
LIMITS = {
    "default": "600/minute",
    "token": "150/5minutes",
    "code": "30/5minutes",
    "mail": "60/hour",
    "factor": "15/minute",
    "account": "10/5minutes",
    "address": "1/minute",
    "send": "1/minute",
}


class AnyBody(StrictJSONParser):
    """Apps send JSON, some of them without saying so."""

    media_type = "*/*"


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class WireView(APIView):
    """Runs as the service, in the transaction that the middleware opens for its path; asks no cookie.

    `limit` names what the caller's address is counted against.
    """

    authentication_classes = ()
    permission_classes = ()
    parser_classes: tuple[type[BaseParser], ...] = (AnyBody,)
    schema = None
    limit = "default"
    needs_key = True
    request: Request

    def get_exception_handler(self) -> Any:
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.count(self.limit, f"ip:{client_ip(request._request)}")
        if self.needs_key:
            self.app_role(request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.headers.get(VERSION_HEADER) == VERSION:
            response.headers[VERSION_HEADER] = VERSION
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def count(self, limit: str, caller: str, *, code: str = "over_request_rate_limit") -> None:
        """Count a hit of this caller; raises WireError 429 when there is no room left."""
        count_hit(limit, caller, code=code)

    def count_mail(self, email: str) -> None:
        """Count a mail that this request will send, for its sender and for who gets it. Raises WireError 429."""
        code = "over_email_send_rate_limit"
        self.count("mail", f"ip:{client_ip(self.request._request)}", code=code)
        self.count("address", f"email:{email}", code=code)

    def app_role(self, request: Request) -> str:
        """The role of the app's key: `anon` or `service_role`. Raises WireError."""
        key = request.headers.get("apikey") or _bearer(request) or ""
        try:
            return str(access_tokens.read(key)["role"])
        except access_tokens.BadToken:
            raise WireError(
                401, "no_authorization", "No API key found in request, or it is not valid"
            ) from None

    def claims(self) -> dict[str, Any]:
        """The claims of the person's access token, whose session lives. Raises WireError."""
        token = _bearer(self.request)
        if token is None:
            raise WireError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        try:
            claims = access_tokens.read(token)
        except access_tokens.BadToken as error:
            raise WireError(403, "bad_jwt", f"invalid JWT: {error.reason}") from None
        if "sub" not in claims:
            raise WireError(403, "bad_jwt", "invalid claim: missing sub claim")
        if sessions.is_ended(claims["session_id"]):
            raise WireError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
        return claims

    def person(self) -> tuple[User, Session]:
        """Who asks, and by which session, of the database. Raises WireError."""
        claims = self.claims()
        session = with_everything(
            Session.objects.live().filter(pk=claims["session_id"], user=claims["sub"])
        ).first()
        if session is None:
            raise WireError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
        user = everything_of(session)
        refuse_if_barred(user)
        if self.request.method not in SAFE_METHODS:
            work_for(user)
        return user, session

    def body(self) -> dict[str, Any]:
        """The request's JSON object, with what is null left out. Raises WireError."""
        data = self.request.data or {}
        if not isinstance(data, dict):
            raise WireError(400, "bad_json", "Could not parse request body as JSON: an object is expected")
        return {name: value for name, value in data.items() if value is not None}

    def text(self, body: dict[str, Any], name: str, default: str = "") -> str:
        """A field that must be text. Raises WireError."""
        value = body.get(name, default)
        if not isinstance(value, str):
            raise validation_failed(f"{name} must be a string")
        return value


def count_hit(limit: str, caller: str, *, code: str = "over_request_rate_limit") -> None:
    """Count a hit against one of `LIMITS`, as the settings have it; raises WireError 429 when it is used up."""
    limits = {**LIMITS, **getattr(settings, "AUTH_RATE_LIMITS", {})}
    hit = count(f"auth:{limit}", limits[limit], caller)
    if hit is not None and not hit.allowed:
        raise too_many(min(hit.resets_in, hit.limit.get_expiry()), code)


def refuse_if_barred(user: User, *, status: int = 403) -> None:
    """Refuse somebody who was removed or is banned. Raises WireError."""
    try:
        sessions.refuse_barred(user=user, at=timezone.now())
    except (sessions.AccountGone, sessions.SignInBarred) as error:
        raise WireError(status, error.code, str(error)) from None


def _bearer(request: Request) -> str | None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
