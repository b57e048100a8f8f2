"""Using a code: typed into an app, or by the link in the mail.

Mail scanners open links. So the link shows a page, and its button does the deed; the way on is to the app that asked,
with a session in the fragment, or with a code for the one who holds the secret of the challenge (PKCE).
"""

from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.code_letters import LETTERS
from accounts.models import OneTimeCode
from accounts.redirects import allowed, source_of
from accounts.services import addresses, codes, pkce
from accounts.services.codes import Purpose
from accounts.wire.base import WireView, count_hit, refuse_if_barred
from accounts.wire.codes import mail_only
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.sign_in import email_of, signed_in
from core.errors import DomainError
from core.middleware import client_ip

HALF = _("Confirmation link accepted. Please proceed to confirm link sent to the other email")
METHODS = {
    Purpose.SIGNUP: "email/signup",
    Purpose.MAGICLINK: "magiclink",
    Purpose.RECOVERY: "recovery",
    Purpose.INVITE: "invite",
    Purpose.EMAIL_CHANGE_CURRENT: "email_change",
    Purpose.EMAIL_CHANGE_NEW: "email_change",
}


class Verify(WireView):
    """`POST /verify`: a code with its address, or the token of a link."""

    limit = "code"

    def post(self, request: Request) -> Response:
        at = timezone.now()
        body = mail_only(self.body())
        kind, token, link = (self.text(body, name) for name in ("type", "token", "token_hash"))
        if kind not in codes.TYPES:
            raise validation_failed("Verify requires a verification type")
        if bool(token) == bool(link):
            raise validation_failed("Verify requires either a token or a token hash")
        if link:
            code = codes.use_link(token=link, kind=kind, at=at)
        else:
            email = email_of(self.text(body, "email"))
            self.count("account", f"verify:{email}")
            code = codes.use_code(email=email, code=token, kind=kind, at=at)
        refuse_if_barred(code.user)
        if not addresses.settle(code=code, at=at):
            return Response({"msg": str(HALF), "code": "200"})
        return Response(signed_in(code.user, method=_method(code, typed=bool(token))))


@csrf_exempt
@login_not_required
def verify(request: HttpRequest) -> HttpResponse:
    """The one address that browsers open and apps post to."""
    if request.method in ("GET", "HEAD"):
        return _page(request)
    answer: HttpResponse = _post(request)
    return answer


_post = Verify.as_view()


@require_safe
def _page(request: HttpRequest) -> HttpResponse:
    """What a link leads to: a button. Nothing is changed."""
    link = _Link(request.GET)
    try:
        count_hit("default", f"ip:{client_ip(request)}")
        code = codes.find_link(token=link.token, kind=link.kind, at=timezone.now())
    except (DomainError, WireError) as error:
        return _refused(request, link, error)
    facts = {"link": link, "letter": LETTERS[Purpose(code.purpose)], "code": code}
    return _private(render(request, "wire/verify.html", facts), link.target)


@require_POST
@login_not_required
def press(request: HttpRequest) -> HttpResponse:
    """The button on that page."""
    link, at = _Link(request.POST), timezone.now()
    try:
        count_hit("code", f"ip:{client_ip(request)}")
        code = codes.use_link(token=link.token, kind=link.kind, at=at)
        refuse_if_barred(code.user)
        whole = addresses.settle(code=code, at=at)
    except (DomainError, WireError) as error:
        return _refused(request, link, error)
    if not whole:
        return _onward(link.target, fragment={"message": str(HALF)})
    if not code.code_challenge:
        return _onward(link.target, fragment=_as_fragment(signed_in(code.user, method=_method(code)), link))
    flow = pkce.open_flow(
        code_challenge=code.code_challenge,
        code_challenge_method=code.code_challenge_method,
        redirect_to=link.target,
        purpose=code.purpose,
        at=at,
    )
    granted = pkce.grant(flow=flow, user=code.user, method=_method(code), provider="", at=at)
    return _onward(link.target, query={"code": granted})


class _Link:
    """What a link says of itself."""

    def __init__(self, parts: QueryDict) -> None:
        self.token = parts.get("token", "") or parts.get("token_hash", "")
        self.kind = parts.get("type", "")
        self.target = allowed(parts.get("redirect_to", ""))
        if self.kind not in codes.TYPES:
            self.kind, self.token = "email", ""


def _method(code: OneTimeCode, *, typed: bool = False) -> str:
    method = METHODS[Purpose(code.purpose)]
    return "otp" if typed and method == "magiclink" else method


def _as_fragment(session: dict[str, Any], link: _Link) -> dict[str, str]:
    names = ("access_token", "expires_at", "expires_in", "refresh_token", "token_type")
    return {**{name: str(session[name]) for name in names}, "type": link.kind}


def _refused(request: HttpRequest, link: _Link, error: DomainError | WireError) -> HttpResponse:
    """Tell the app why; a link to no app tells the person, on a page of ours."""
    if link.target == settings.SITE_URL:
        return _private(render(request, "wire/verify_refused.html", status=422), link.target)
    told = {"error": "access_denied", "error_code": error.code, "error_description": str(error)}
    return _onward(link.target, query=told if link.token.startswith("pkce_") else {}, fragment=told)


def _onward(
    target: str, *, query: dict[str, str] | None = None, fragment: dict[str, str] | None = None
) -> HttpResponse:
    parts = urlsplit(target)
    joined = "&".join(part for part in (parts.query, urlencode(query or {})) if part)
    answer = HttpResponse(status=303)
    answer["Location"] = urlunsplit(parts._replace(query=joined, fragment=urlencode(fragment or {})))
    return _private(answer, target)


def _private(answer: HttpResponse, target: str) -> HttpResponse:
    """Never stored; and its form may lead to the app, which browsers hold against `form-action` too."""
    answer["Cache-Control"] = "no-store"
    answer._csp_update = {"form-action": [source_of(target)]}  # type: ignore[attr-defined]
    return answer
