"""An app of a third party for tests, and the ways it goes."""

import base64
import hashlib
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client

from accounts.models import User
from accounts.services import apps
from accounts.tests.factories import sign_in

BACK = "https://book.test/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZE, TOKEN = "/identity/o/authorize", "/identity/o/api/token"
SCOPES = ["openid", "profile", "accounts:read"]


def register(name: str, *, public: bool = False) -> apps.Registered:
    scopes = [*SCOPES, "transactions:read"]
    return apps.register(name=name, redirect_uris=[BACK], scopes=scopes, public=public)


def ask(app: apps.Registered, **changes: str | None) -> str:
    query = {
        "client_id": app.client.pk,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{AUTHORIZE}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def consent(client: Client, app: apps.Registered, scopes=SCOPES, action="grant", **changes):
    page = client.get(ask(app, **changes))
    assert page.status_code == 200, page.content
    request = unescape(re.search(r'name="request" value="([^"]+)"', page.content.decode())[1])
    return client.post(AUTHORIZE, {"request": request, "scopes": scopes, "action": action})


def code_of(answer) -> str:
    assert answer.status_code == 302, answer.content
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["xyz"]
    return query["code"][0]


def exchange(app: apps.Registered, code: str, **changes: str):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": app.client.pk,
        **({"client_secret": app.secret} if app.secret else {}),
        **changes,
    }
    return Client().post(TOKEN, form)


def refresh(app: apps.Registered, token: str, **changes: str):
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": app.client.pk}
    return Client().post(TOKEN, {**form, "client_secret": app.secret, **changes})


def let_in(client: Client, user: User, app: apps.Registered, scopes=SCOPES) -> dict:
    sign_in(client, user)
    answer = exchange(app, code_of(consent(client, app, scopes)))
    assert answer.status_code == 200, answer.content
    return answer.json()


def call(token: str, path: str = "/api/v1/accounts"):
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})
