"""`/auth/v1`: in by password, on by refresh token, out by logout."""

import pytest
from django.test import Client

from accounts import access_tokens
from accounts.models import Session, User
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def call(client: Client, method: str, path: str, body: object = None, *, bearer: str = ""):
    key = access_tokens.static_key("anon")
    headers = {
        "apikey": key,
        "Authorization": f"Bearer {bearer or key}",
        "X-Supabase-Api-Version": "2024-01-01",
    }
    return client.generic(
        method,
        f"/auth/v1/{path}",
        "" if body is None else __import__("json").dumps(body),
        "application/json",
        headers=headers,
    )


def log_in(client: Client, email: str = "ada@alajo.test") -> dict:
    answer = call(client, "POST", "token?grant_type=password", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_password_gives_a_session_whose_token_opens_the_user(client, ada):
    session = log_in(client)
    assert session["expires_in"] == 600
    user = call(client, "GET", "user", bearer=session["access_token"]).json()
    assert (user["id"], user["email"]) == (str(ada.id), "ada@alajo.test")


def test_a_session_that_was_ended_is_refused_at_once(client, ada):
    session = log_in(client)
    assert call(client, "POST", "logout", bearer=session["access_token"]).status_code == 204
    answer = call(client, "GET", "user", bearer=session["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (403, "session_not_found")


def test_a_reused_refresh_token_ends_the_family(client, ada):
    first = log_in(client)["refresh_token"]
    second = call(client, "POST", "token?grant_type=refresh_token", {"refresh_token": first}).json()[
        "refresh_token"
    ]
    again = call(client, "POST", "token?grant_type=refresh_token", {"refresh_token": first}).json()[
        "refresh_token"
    ]
    assert again == second
    with acting_as_service():
        assert Session.objects.live().count() == 1
