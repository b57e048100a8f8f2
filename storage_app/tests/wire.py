"""Calling `/storage/v1` as an app does."""

import json
from typing import Any

from django.test import Client

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import bearer


def call(
    method: str,
    path: str,
    body: object = None,
    *,
    by: User | str = "anon",
    **headers: str,
) -> Any:
    """Send one request as a person, or with the key of an app (`anon`, `service_role`); return Django's response."""
    own = {"Authorization": f"Bearer {access_tokens.static_key(by)}"} if isinstance(by, str) else bearer(by)
    return Client().generic(
        method,
        f"/storage/v1/{path}",
        "" if body is None else json.dumps(body),
        "application/json",
        headers={"apikey": access_tokens.static_key("anon"), **own, **headers},
    )


def told(answer: Any) -> Any:
    """What a request that went well was answered."""
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any) -> str:
    """The refusal as `status error: message`; HTTP says 400 to nearly all of them."""
    body = answer.json()
    assert set(body) == {"statusCode", "error", "message", "code"}
    http = "" if answer.status_code == 400 else f"{answer.status_code} "
    return f"{http}{body['statusCode']} {body['error']}: {body['message']}"
