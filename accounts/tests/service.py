"""Calling the admin API as a server that holds the service key does."""

import json

from django.test import Client

from accounts import access_tokens
from accounts.models import AuditEvent
from accounts.tests.wire import call
from core.actors import acting_as_service


def ask(client: Client, method: str, path: str, body: object = None, status: int = 200, key: str = ""):
    key = key or access_tokens.static_key("service_role")
    headers = {"apikey": key, "Authorization": f"Bearer {key}", "X-Supabase-Api-Version": "2024-01-01"}
    content = "" if body is None else json.dumps(body)
    answer = client.generic(method, f"/auth/v1/{path}", content, "application/json", headers=headers)
    assert answer.status_code == status, answer.content
    return answer.json()


def password_login(client: Client, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return call(client, "POST", "token?grant_type=password", body).status_code


def actions() -> list[str]:
    with acting_as_service():
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
