"""Steps at the sandbox provider, which runs on a server of its own; codes and tokens lie in Valkey for both sides."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.utils import timezone


def at_server(settings: Any, url: str) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][-1]
    app = {**app, "settings": {**app["settings"], "server_url": f"{url}/sandbox/id"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def choose(url: str, person: str = "ifeoma", fault: str = "") -> str:
    """Choose somebody on the provider's page; return the way back, path and query."""
    answer = requests.get(f"{url}&choice={person}&fault={fault}", allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def token_for(
    url: str, *, person: str = "ifeoma", fault: str = "", nonce: str = "", client_id: str = ""
) -> dict[str, str]:
    """What an app on a device gets at the provider: an ID token, and the access token that it names."""
    from accounts.sandbox import tokens

    authorization = tokens.Authorization(
        client_id=client_id or "alajo", redirect_uri="", person=person, challenge="", nonce=nonce, fault=fault
    )
    access = tokens.keep("access", authorization, seconds=60)
    issuer = f"{url}/sandbox/id"
    return {
        "id_token": tokens.id_token(authorization, issuer=issuer, access_token=access, at=timezone.now()),
        "access_token": access,
    }
