"""Signing in by app with an account elsewhere: to the provider, back, and on to the app; linking and letting go.

An attempt lives ten minutes in Valkey under the state's name, serves once, and comes back to the browser that began it:
`authorize` leaves it a cookie. Linking begins with a call of the app, which can leave the browser none: there the way
back brings a code alone, and the account is linked when the app changes it by the secret of its challenge. So a link or
a way back that is slipped to somebody else links nothing. The calls to the provider run outside any transaction.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import Provider, ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import QueryDict
from django.utils import timezone
from requests import RequestException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Session
from accounts.redirects import allowed
from accounts.services import identities, pkce
from accounts.social import OpenId, check_nonce
from accounts.views.identities import tell_unlinked
from accounts.wire.base import WireView, as_uuid, refuse_if_barred
from accounts.wire.elsewhere import (
    person_of,
    provider_of,
    require_second_factor,
    session_gone,
    set_aside,
)
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.shapes import identity_shape
from accounts.wire.sign_in import signed_in
from core.actors import acting_as_service, outside_transaction
from core.errors import DomainError

LIFE = 600
COOKIE = "alajo-sign-in"
CALLBACK = "/auth/v1/callback"
_SALT = "accounts.wire.social"


@dataclass(frozen=True)
class Attempt:
    """What must be known when the person comes back."""

    provider: str
    redirect_to: str
    code_challenge: str
    code_challenge_method: str
    verifier: str
    nonce: str
    # The cookie of the browser that began it; or the session of the app that asked to link.
    browser: str = ""
    linking: str = ""


class Authorize(WireView):
    """`GET /authorize`: a browser on its way to the provider. Scopes beyond our own are not asked for."""

    limit = "code"
    needs_key = False

    def get(self, request: Request) -> Response:
        browser = _browser_of(request) or secrets.token_urlsafe(24)
        response = _to(_begin(request, browser=browser))
        response.set_cookie(
            COOKIE,
            browser,
            max_age=LIFE,
            path=CALLBACK.rpartition("/")[0],
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response


class Link(WireView):
    """`GET /user/identities/authorize`: the same for somebody who is signed in, to link what they come back with."""

    def get(self, request: Request) -> Response:
        session = self._session()
        if not _challenge(request.query_params)[0]:
            raise validation_failed("Linking an identity needs a code_challenge: set flowType to pkce")
        url = _begin(request, linking=str(session.pk))
        if request.query_params.get("skip_http_redirect") == "true":
            return Response({"url": url})
        return _to(url)

    def _session(self) -> Session:
        with acting_as_service():
            user, session = self.person()
            require_second_factor(user, session)
        return session


class Callback(WireView):
    """`GET` or `POST /callback`: back from the provider, with a code or a refusal."""

    limit = "code"
    needs_key = False

    def get(self, request: Request) -> Response:
        return self._finish(request, request.query_params.dict())

    def post(self, request: Request) -> Response:
        return self._finish(request, request._request.POST.dict())

    def _finish(self, request: Request, told: dict[str, str]) -> Response:
        attempt = _recall(request, told.get("state", ""))
        if attempt is None:
            return _refused(settings.SITE_URL, WireError(400, "bad_oauth_state", "OAuth state is invalid"))
        try:
            if "code" not in told:
                raise WireError(400, "access_denied", _refusal_of(told))
            return self._come_in(request, attempt, told["code"])
        except WireError as error:
            return _refused(attempt.redirect_to, error, in_query=bool(attempt.code_challenge))
        except DomainError as error:
            refusal = WireError(400, error.code, str(error))
            return _refused(attempt.redirect_to, refusal, in_query=bool(attempt.code_challenge))

    def _come_in(self, request: Request, attempt: Attempt, code: str) -> Response:
        login = _fetch(request, attempt, code)
        at = timezone.now()
        with acting_as_service():
            linking = None
            if attempt.linking:
                session = Session.objects.live().select_related("user").filter(pk=attempt.linking).first()
                if session is None:
                    raise session_gone()
                user, linking = session.user, set_aside(login, session)
            else:
                user = person_of(request, login)
            refuse_if_barred(user)
            if attempt.code_challenge:
                flow = pkce.open_flow(
                    code_challenge=attempt.code_challenge,
                    code_challenge_method=attempt.code_challenge_method,
                    redirect_to=attempt.redirect_to,
                    purpose="oauth",
                    at=at,
                    linking=linking,
                )
                granted = pkce.grant(flow=flow, user=user, method="oauth", provider=attempt.provider, at=at)
                return _to(_with(attempt.redirect_to, query={"code": granted}))
            begun = signed_in(user, method="oauth", provider=attempt.provider)
        names = ("access_token", "expires_at", "expires_in", "refresh_token", "token_type")
        return _to(_with(attempt.redirect_to, fragment={name: str(begun[name]) for name in names}))


class Identity(WireView):
    """`DELETE /user/identities/{identity_id}`: let go of a linked account, never of the last way in."""

    def delete(self, request: Request, identity_id: str) -> Response:
        user, session = self.person()
        require_second_factor(user, session)
        wanted = str(as_uuid(identity_id))
        for account in SocialAccount.objects.filter(user=user):
            if identity_shape(account, user)["identity_id"] == wanted:
                identities.unlink(user=user, account_id=account.pk)
                name = identities.offered().get(account.provider, account.provider)
                tell_unlinked(request._request, user, name)
                return Response({})
        raise WireError(404, "identity_not_found", "Identity not found")


def _begin(request: Request, *, browser: str = "", linking: str = "") -> str:
    """Keep an attempt and return the provider's address for it. Raises WireError."""
    asked = request.query_params
    provider = provider_of(request, asked.get("provider", ""))
    challenge, method = _challenge(asked)
    protection = provider.get_pkce_params()
    verifier = protection.pop("code_verifier", "")
    params = {**provider.get_auth_params(), **protection}
    nonce = ""
    if isinstance(provider, OpenId) and provider.app.settings.get("nonce", True):
        nonce = params["nonce"] = secrets.token_urlsafe(24)
    key = secrets.token_urlsafe(24)
    attempt = Attempt(
        provider=provider.sub_id,
        redirect_to=allowed(asked.get("redirect_to", "")),
        code_challenge=challenge,
        code_challenge_method=method,
        verifier=verifier,
        nonce=nonce,
        browser=browser,
        linking=linking,
    )
    cache.set(f"sign-in-elsewhere:{key}", asdict(attempt), LIFE)
    try:
        client, oauth = _client(request, provider)
        client.state = signing.dumps(key, salt=_SALT)
        return str(client.get_redirect_url(oauth.authorize_url, provider.get_scope(), params))
    except (RequestException, KeyError):
        raise WireError(500, "unexpected_failure", "Unable to reach the provider") from None


def _challenge(asked: QueryDict) -> tuple[str, str]:
    try:
        return pkce.checked(
            code_challenge=asked.get("code_challenge", ""),
            code_challenge_method=asked.get("code_challenge_method", ""),
        )
    except pkce.BadChallenge as error:
        raise validation_failed(str(error)) from None


def _recall(request: Request, state: str) -> Attempt | None:
    """The attempt of a state that is ours, in time, not yet used, and begun in this browser."""
    try:
        key = f"sign-in-elsewhere:{signing.loads(state, salt=_SALT, max_age=LIFE)}"
    except signing.BadSignature:
        return None
    found = cache.get(key)
    if found is None:
        return None
    attempt = Attempt(**found)
    if not attempt.linking and not secrets.compare_digest(attempt.browser, _browser_of(request)):
        return None
    return attempt if cache.delete(key) else None


def _fetch(request: Request, attempt: Attempt, code: str) -> SocialLogin:
    """What the provider says of the person, checked against the attempt. Raises WireError."""
    provider = provider_of(request, attempt.provider)
    try:
        client, oauth = _client(request, provider)
        answer = client.get_access_token(code, pkce_code_verifier=attempt.verifier or None)
        oauth.did_fetch_access_token = True
        token = oauth.parse_token(answer)
        login = oauth.complete_login(request._request, provider.app, token, response=answer)
        login.state = {"nonce": attempt.nonce} if attempt.nonce else {}
        check_nonce(login)
    except (OAuth2Error, ProviderException, RequestException, KeyError):
        raise WireError(500, "unexpected_failure", "Unable to exchange external code") from None
    return login


def _client(request: Request, provider: Provider) -> tuple[OAuth2Client, Any]:
    oauth = provider.get_oauth2_adapter(request._request)
    client = oauth.get_client(request._request, provider.app)
    client.callback_url = settings.SITE_URL + CALLBACK
    return client, oauth


def _browser_of(request: Request) -> str:
    value = request.COOKIES.get(COOKIE, "")
    return value if len(value) == 32 and value.isascii() else ""


def _refusal_of(told: dict[str, str]) -> str:
    said = told.get("error_description") or told.get("error") or "no code"
    return said[:200]


def _refused(target: str, error: WireError, *, in_query: bool = False) -> Response:
    told = {
        "error": "server_error" if error.status >= 500 else "access_denied",
        "error_code": error.code,
        "error_description": error.message,
    }
    if error.code == "bad_oauth_state":
        told["error"] = "invalid_request"
    return _to(_with(target, query=told if in_query else {}, fragment=told))


def _with(target: str, *, query: dict[str, str] | None = None, fragment: dict[str, str] | None = None) -> str:
    parts = urlsplit(target)
    joined = "&".join(part for part in (parts.query, urlencode(query or {})) if part)
    return urlunsplit(parts._replace(query=joined, fragment=urlencode(fragment or {})))


def _to(url: str) -> Response:
    return Response(status=302, headers={"Location": url, "Referrer-Policy": "no-referrer"})


authorize = outside_transaction(Authorize.as_view())
callback = outside_transaction(Callback.as_view())
link = outside_transaction(Link.as_view())
