"""The ends an app talks to. Beyond allauth's: PKCE by S256 from everyone, no silent consent, a second factor before an
app may move money, a code and a refresh token good for one exchange, and what is used twice shuts the app out.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.idp.oidc import views
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.internal.oauthlib.utils import respond_html_error
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from accounts import step_up
from accounts.requests import PersonRequest
from accounts.services import apps
from core.api.ratelimit import count
from core.api.scopes import moves_money
from core.middleware import client_ip

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
CODE_REMEMBERED = 3600
LIMIT = "600/5minutes"
GRANTS = {Client.GrantType.AUTHORIZATION_CODE.value, Client.GrantType.REFRESH_TOKEN.value}


@require_GET
@login_not_required
def configuration(request: HttpRequest) -> HttpResponse:
    site = settings.SITE_URL
    data: dict[str, Any] = {
        "issuer": get_adapter().get_issuer(),
        "authorization_endpoint": site + reverse("idp:oidc:authorization"),
        "token_endpoint": site + reverse("idp:oidc:token"),
        "userinfo_endpoint": site + reverse("idp:oidc:userinfo"),
        "revocation_endpoint": site + reverse("idp:oidc:revoke"),
        "jwks_uri": site + reverse("idp:oidc:jwks"),
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    }
    get_adapter().populate_server_metadata(data)
    return JsonResponse(data, headers={"Access-Control-Allow-Origin": "*"})


class AuthorizationView(views.AuthorizationView):
    """The page on which a person lets an app in."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer: HttpResponse
        if problem := _unsafe(request):
            answer = respond_html_error(request, error=problem)
        else:
            answer = super().get(request, *args, **kwargs)
        if isinstance(answer, TemplateResponse):
            return _proof_first(request, self._scopes) or answer
        if answer.status_code == 200:
            answer.status_code = 400  # an error page of allauth's
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _is_silent(request):
            raise BadRequest("prompt=none is not supported")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        if proof := _proof_first(self.request, form.cleaned_data["scopes"]):
            return proof
        response: HttpResponse = super().form_valid(form)
        client = Client.objects.get(pk=self._request_info["client_id"])
        words = apps_words(form.cleaned_data["scopes"])
        get_account_adapter(self.request).send_notification_mail(
            "idp/email/app_let_in", self.request.user, context={"app": client.name, "scopes": words}
        )
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "goes_to": urlsplit(self._request_info["redirect_uri"]).netloc}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Let the form lead to the app: a page's policy judges the redirect that answers it too."""
        response: HttpResponse = super().render_to_response(context, **kwargs)
        back = urlsplit(self._request_info["redirect_uri"])
        origin = f"{back.scheme}://{back.netloc}" if back.scheme in ("http", "https") else f"{back.scheme}:"
        response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]
        return response


class TokenView(views.TokenView):
    def post(self, request: HttpRequest) -> HttpResponse:
        hit = count("app-token", LIMIT, f"ip:{client_ip(request)}")
        if hit is not None and not hit.allowed:
            wait = {"Retry-After": str(hit.resets_in)}
            return JsonResponse({"error": "temporarily_unavailable"}, status=429, headers=wait)
        grant = request.POST.get("grant_type", "")
        if grant not in GRANTS:
            return _refused("unsupported_grant_type")
        answer = self._by_code(request) if "code" in request.POST else self._by_refresh_token(request)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _by_code(self, request: HttpRequest) -> HttpResponse:
        mark = "app-code:" + hashlib.sha256(request.POST["code"].encode()).hexdigest()
        if not cache.add(mark, (), CODE_REMEMBERED):
            for user_id, client_id in cache.get(mark) or ():
                _shut_out(user_id, client_id, "code_reused")
            return _refused("invalid_grant")
        answer: HttpResponse = super().post(request)
        if answer.status_code == 200:
            token = Token.objects.lookup(Token.Type.ACCESS_TOKEN, json.loads(answer.content)["access_token"])
            apps.let_in(
                user_id=token.user_id,
                client_id=token.client_id,
                scopes=token.get_scopes(),
                at=timezone.now(),
            )
            cache.set(mark, ((token.user_id, token.client_id),), CODE_REMEMBERED)
        return answer

    def _by_refresh_token(self, request: HttpRequest) -> HttpResponse:
        digest = get_adapter().hash_token(request.POST.get("refresh_token", ""))
        at = timezone.now()
        held = (
            Token.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(type=Token.Type.REFRESH_TOKEN, hash=digest)
            .first()
        )
        if held is None or held.user.is_barred(at):
            if lost := apps.refuse_spent(digest=digest, at=at):
                get_account_adapter(request).send_notification_mail(
                    "idp/email/app_shut_out", lost.user, context={"app": lost.client.name}
                )
            return _refused("invalid_grant")
        answer: HttpResponse = super().post(request)
        if answer.status_code == 200:
            apps.spend(digest=digest, user_id=held.user_id, client_id=held.client_id, at=at)
        return answer


def apps_words(scopes: list[str]) -> list[str]:
    words = get_adapter().scope_display
    return [str(words.get(scope, scope)) for scope in scopes]


def _unsafe(request: HttpRequest) -> InvalidRequestError | None:
    """What we want beyond allauth. A silent answer would take one app's consent for another's."""
    if _is_silent(request):
        return InvalidRequestError("prompt=none is not supported")
    challenge = request.GET.get("code_challenge", "")
    if request.GET.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        return InvalidRequestError("PKCE with S256 is required")
    return None


def _is_silent(request: HttpRequest) -> bool:
    return "none" in request.GET.get("prompt", "").split()


def _proof_first(request: HttpRequest, scopes: Iterable[str]) -> HttpResponse | None:
    """Where a person goes who would let an app move money without a fresh proof; they come back to the page."""
    if not request.user.is_authenticated or not any(moves_money(scope) for scope in scopes):
        return None
    return cast(HttpResponse | None, step_up.way_to_proof(cast(PersonRequest, request), keep=False))


def _shut_out(user_id: Any, client_id: str, reason: str) -> None:
    try:
        apps.shut_out(user_id=user_id, client_id=client_id, reason=reason, at=timezone.now())
    except apps.AppNotFound:
        return


def _refused(error: str) -> HttpResponse:
    return JsonResponse({"error": error}, status=400, headers={"Cache-Control": "no-store"})


authorization = AuthorizationView.as_view()
token = TokenView.as_view()
