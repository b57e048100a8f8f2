"""The provider's endpoints and its one page."""

import hmac
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.request import QueryDict, validate_host
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.sandbox import tokens
from accounts.sandbox.people import PEOPLE, Fault
from core.actors import outside_transaction

# Where it sends people back to, at any address of ours.
CALLBACKS = ("/accounts/oidc/sandbox/login/callback/", "/auth/v1/callback")


@require_GET
@login_not_required
@outside_transaction
def configuration(request: HttpRequest) -> HttpResponse:
    names = {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "userinfo_endpoint": "userinfo",
        "jwks_uri": "jwks",
    }
    addresses = {
        key: request.build_absolute_uri(reverse(f"sandbox_id:{name}")) for key, name in names.items()
    }
    return JsonResponse(
        {
            "issuer": _issuer(request),
            **addresses,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
    )


@require_GET
@never_cache
@login_not_required
@outside_transaction
def authorize(request: HttpRequest) -> HttpResponse:
    """The page to choose a person on. All its choices are links: a form's policy would stop the way back."""
    asked = request.GET
    if problem := _problem(asked):
        return render(request, "sandbox/id/authorize.html", {"problem": problem}, status=400)
    state = {"state": asked.get("state", "")}
    if asked.get("choice") == "deny":
        return _back(asked, {"error": "access_denied", **state})
    if asked.get("choice") in PEOPLE:
        authorization = tokens.Authorization(
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            person=asked["choice"],
            challenge=asked.get("code_challenge", ""),
            nonce=asked.get("nonce", ""),
            fault=asked.get("fault", ""),
        )
        code = tokens.keep("code", authorization, seconds=tokens.CODE_SECONDS)
        return _back(asked, {"code": code, **state})
    context = {
        "client": asked["client_id"],
        "people": [(person, _with(asked, choice=person.key)) for person in PEOPLE.values()],
        "faults": [
            (label, _with(asked, fault=value), value == asked.get("fault", ""))
            for value, label in Fault.choices
        ],
        "deny": _with(asked, choice="deny"),
    }
    return render(request, "sandbox/id/authorize.html", context)


@csrf_exempt
@require_POST
@login_not_required
@outside_transaction
def token(request: HttpRequest) -> HttpResponse:
    """Code, client, way back and verifier must fit together; a code is good once, whatever comes of it."""
    asked = request.POST
    client = _client()
    if asked.get("client_id") != client["client_id"] or not hmac.compare_digest(
        asked.get("client_secret", "").encode(), client["secret"].encode()
    ):
        return JsonResponse({"error": "invalid_client"}, status=401)
    found = tokens.use_up("code", asked.get("code", ""))
    if (
        found is None
        or asked.get("grant_type") != "authorization_code"
        or found.client_id != asked["client_id"]
        or found.redirect_uri != asked.get("redirect_uri")
        or not tokens.proves(asked.get("code_verifier", ""), found.challenge)
    ):
        return JsonResponse({"error": "invalid_grant"}, status=400)
    if found.fault == Fault.ERROR:
        return HttpResponse("<h1>Internal Server Error</h1>", status=500)
    access_token = tokens.keep("access", found, seconds=tokens.TOKEN_SECONDS)
    vouched = tokens.id_token(found, issuer=_issuer(request), access_token=access_token, at=timezone.now())
    return JsonResponse(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": tokens.TOKEN_SECONDS,
            "id_token": vouched,
        }
    )


@require_GET
@login_not_required
@outside_transaction
def userinfo(request: HttpRequest) -> HttpResponse:
    found = tokens.recall("access", request.headers.get("Authorization", "").removeprefix("Bearer "))
    if found is None:
        return JsonResponse({"error": "invalid_token"}, status=401)
    claims = tokens.claims_of(found)
    return JsonResponse({**claims, "sub": "sandbox-else"} if found.fault == Fault.SUBJECT else claims)


@require_GET
@login_not_required
@outside_transaction
def jwks(request: HttpRequest) -> HttpResponse:
    return JsonResponse(tokens.jwks())


def _client() -> dict[str, Any]:
    """The one client there is: ourselves."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return next(app for app in apps if app["provider_id"] == "sandbox")


def _issuer(request: HttpRequest) -> str:
    return request.build_absolute_uri("/sandbox/id")


def _problem(asked: QueryDict) -> str:
    """What is wrong with a request that must not be sent on to its redirect address."""
    back = urlsplit(asked.get("redirect_uri", ""))
    if asked.get("client_id") != _client()["client_id"]:
        return "invalid_client"
    if back.path not in CALLBACKS or not validate_host(back.hostname or "", settings.ALLOWED_HOSTS):
        return "invalid_redirect_uri"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "invalid_request"
    return ""


def _back(asked: QueryDict, answer: dict[str, str]) -> HttpResponse:
    return HttpResponseRedirect(f"{asked['redirect_uri']}?{urlencode(answer)}")


def _with(asked: QueryDict, **changes: str) -> str:
    return "?" + urlencode({**asked.dict(), **changes})
