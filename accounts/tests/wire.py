"""Calling `/auth/v1` as an app does."""

import json
from typing import Any

from django.test import Client

from accounts import access_tokens
from accounts.tests.factories import PASSWORD

VERSION = {"X-Supabase-Api-Version": "2024-01-01"}


def call(client: Client, method: str, path: str, body: object = None, *, bearer: str = "", **headers: str):
    """Send one request with the app's key; `body` is JSON, or bytes as they are."""
    key = access_tokens.static_key("anon")
    return client.generic(
        method,
        f"/auth/v1/{path}",
        body if isinstance(body, bytes) else "" if body is None else json.dumps(body),
        "application/json",
        headers={"apikey": key, "Authorization": f"Bearer {bearer or key}", **VERSION, **headers},
    )


def log_in(client: Client, email: str = "ada@alajo.test", password: str = PASSWORD) -> dict[str, Any]:
    answer = call(client, "POST", "token?grant_type=password", {"email": email, "password": password})
    assert answer.status_code == 200, answer.content
    session: dict[str, Any] = answer.json()
    return session


def refused(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
