"""Signing in by app with an account elsewhere, at the sandbox provider over HTTP."""

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import Session, User
from accounts.services import pkce
from accounts.tests.elsewhere import at_server, choose, query_of
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db", "provider")

APP = "https://app.test/in"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "s256"}


@pytest.fixture
def provider(live_server, settings) -> str:
    at_server(settings, live_server.url)
    settings.REDIRECT_ALLOW_LIST = ["https://app.test/**"]
    return live_server.url


def call(client: Client, method: str, path: str, body: object = None, *, bearer: str = ""):
    key = access_tokens.static_key("anon")
    headers = {"apikey": key, "Authorization": f"Bearer {bearer or key}"}
    sent = "" if body is None else json.dumps(body)
    return client.generic(method, f"/auth/v1/{path}", sent, "application/json", headers=headers)


def leave(client: Client, **query: str) -> str:
    asked = {"provider": "sandbox", "redirect_to": APP, **query}
    answer = client.get(f"/auth/v1/authorize?{urlencode(asked)}")
    assert answer.status_code == 302, answer.content
    return answer.headers["Location"]


def come_by(client: Client, person: str = "ifeoma", fault: str = "", **query: str) -> tuple[str, dict, dict]:
    """The whole way; where it ends, with query and fragment."""
    return ended(client.get(choose(leave(client, **query), person, fault)))


def ended(answer) -> tuple[str, dict, dict]:
    assert answer.status_code == 302, answer.content
    parts = urlsplit(answer.headers["Location"])
    fragment = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
    return f"{parts.scheme}://{parts.netloc}{parts.path}", query_of(answer.headers["Location"]), fragment


def people() -> int:
    with acting_as_service():
        return User.objects.count()


def log_in(email: str) -> str:
    answer = call(Client(), "POST", "token?grant_type=password", {"email": email, "password": PASSWORD})
    return answer.json()["access_token"]


def test_implicit_a_new_person_comes_back_with_a_session(client):
    where, query, fragment = come_by(client)
    assert (where, query) == (APP, {})
    assert fragment["token_type"] == "bearer"
    assert set(fragment) == {"access_token", "expires_at", "expires_in", "refresh_token", "token_type"}
    user = call(client, "GET", "user", bearer=fragment["access_token"]).json()
    assert user["email"] == "ifeoma@id.test"
    assert user["app_metadata"]["providers"] == ["sandbox"]
    assert user["user_metadata"]["full_name"] == "Ifeoma Eze"
    assert [row["provider"] for row in user["identities"]] == ["sandbox"]
    assert user["identities"][0]["identity_data"]["email"] == "ifeoma@id.test"
    amr = access_tokens.read(fragment["access_token"])["amr"]
    assert (amr[0]["method"], amr[0]["provider"]) == ("oauth", "sandbox")
    again = call(
        client, "POST", "token?grant_type=refresh_token", {"refresh_token": fragment["refresh_token"]}
    )
    assert again.status_code == 200


def test_pages_and_apps_know_the_same_person(client):
    come_by(client)
    come_by(Client())
    with acting_as_service():
        assert SocialAccount.objects.count() == 1
        assert Session.objects.filter(face="APP").count() == 2


def test_pkce_comes_back_with_a_code_for_the_secret_alone(client):
    where, query, fragment = come_by(client, **PKCE)
    assert (where, set(query), fragment) == (APP, {"code"}, {})
    with pytest.raises(pkce.WrongVerifier):
        pkce.exchange(auth_code=query["code"], code_verifier="w" * 64, at=timezone.now())
    flow, user = pkce.exchange(auth_code=query["code"], code_verifier=VERIFIER, at=timezone.now())
    assert (user.email, flow.method, flow.provider) == ("ifeoma@id.test", "oauth", "sandbox")
    with pytest.raises(pkce.FlowNotFound):
        pkce.exchange(auth_code=query["code"], code_verifier=VERIFIER, at=timezone.now())


@pytest.mark.parametrize(
    "half",
    [
        {"code_challenge": CHALLENGE},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short", "code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "none"},
    ],
)
def test_half_a_challenge_is_no_flow_without_one(client, half):
    answer = client.get(f"/auth/v1/authorize?{urlencode({'provider': 'sandbox', **half})}")
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "validation_failed"


def test_towards_the_provider_there_is_always_pkce_and_a_nonce(client):
    asked = query_of(leave(client, scopes="everything"))
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] != CHALLENGE
    assert len(asked["nonce"]) > 20
    assert asked["redirect_uri"] == "http://testserver/auth/v1/callback"
    assert "everything" not in asked["scope"]


@pytest.mark.parametrize("name", ["google", "openid_connect", "", "../sandbox"])
def test_a_provider_without_keys_is_not_enabled(client, name):
    answer = client.get(f"/auth/v1/authorize?{urlencode({'provider': name})}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.test/",
        "https://app.test.evil.test/",
        "https://app.test@evil.test/",
        "javascript:alert(1)",
        "//evil.test",
    ],
)
def test_nobody_is_sent_to_a_stranger(client, there):
    where, _query, fragment = come_by(client, redirect_to=there)
    assert urlsplit(where).netloc == "testserver"
    assert fragment["access_token"]


@pytest.mark.parametrize("fault", ["nonce", "audience", "issuer", "expired", "subject", "error"])
def test_what_does_not_fit_signs_nobody_in(client, fault):
    where, query, fragment = come_by(client, fault=fault, **PKCE)
    assert where == APP
    assert query == fragment
    assert (fragment["error"], fragment["error_code"]) == ("server_error", "unexpected_failure")
    assert people() == 0


@pytest.mark.parametrize("fault", ["unverified", "no_email"])
@pytest.mark.parametrize("person", ["ada", "tunde"])
def test_an_address_that_is_not_vouched_for_makes_nobody_and_tells_nothing(client, person, fault):
    make_person(email="ada@alajo.test")
    _where, query, fragment = come_by(client, person, fault)
    assert (query, fragment["error_code"]) == ({}, "provider_email_needs_verification")
    assert people() == 1


def test_an_account_is_never_taken_over_by_its_address_alone(client):
    make_person(email="ada@alajo.test")
    _where, _query, fragment = come_by(client, "ada")
    assert fragment["error_code"] == "email_exists"
    with acting_as_service():
        assert not SocialAccount.objects.exists()


def test_saying_no_comes_back_as_an_error(client):
    where, _query, fragment = come_by(client, "deny")
    assert (where, fragment["error"], fragment["error_code"]) == (APP, "access_denied", "access_denied")


def refused(answer) -> str:
    where, _query, fragment = ended(answer)
    assert where == "http://testserver"
    assert "access_token" not in fragment
    return fragment["error_code"]


def test_a_state_is_ours_serves_once_and_only_the_browser_that_has_it(client):
    back = choose(leave(client))
    code, state = query_of(back)["code"], query_of(back)["state"]
    path = "/auth/v1/callback?"
    for forged in ("", "x", state + "x", state[:-1], "a" + state[1:]):
        assert refused(client.get(path + urlencode({"code": code, "state": forged}))) == "bad_oauth_state"
    assert refused(Client().get(back)) == "bad_oauth_state"
    assert "access_token" in ended(client.get(back))[2]
    assert refused(client.get(back)) == "bad_oauth_state"


def test_a_state_ends_after_ten_minutes(client):
    with time_machine.travel(timezone.now() - timedelta(seconds=601), tick=True):
        address = leave(client)
    assert refused(client.get(choose(address))) == "bad_oauth_state"


def test_a_code_of_another_attempt_fails_by_its_verifier(client):
    stolen = query_of(choose(leave(Client())))["code"]
    mine = query_of(choose(leave(client)))["state"]
    answer = client.get("/auth/v1/callback?" + urlencode({"code": stolen, "state": mine}))
    assert ended(answer)[2]["error_code"] == "unexpected_failure"


def test_the_way_back_may_be_a_form(client):
    back = query_of(choose(leave(client)))
    assert "access_token" in ended(client.post("/auth/v1/callback", back))[2]


def test_a_barred_person_stays_out(client):
    come_by(client)
    with acting_as_service():
        User.objects.update(banned_until=timezone.now() + timedelta(days=1))
    _where, _query, fragment = come_by(client)
    assert fragment["error_code"] == "user_banned"


def test_the_last_identity_stays_and_strangers_are_not_found(client):
    bearer = come_by(client)[2]["access_token"]
    own = call(client, "GET", "user", bearer=bearer).json()["identities"][0]["identity_id"]
    answer = call(client, "DELETE", f"user/identities/{own}", bearer=bearer)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "single_identity_not_deletable")
    make_person(email="ada@alajo.test")
    other = log_in("ada@alajo.test")
    for wanted in (own, "x", "0" * 32):
        assert call(client, "DELETE", f"user/identities/{wanted}", bearer=other).status_code == 404


def test_without_its_provider_the_way_out_says_so(client, settings):
    cache.clear()
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][-1]["settings"]["server_url"] = (
        "http://127.0.0.1:9"
    )
    answer = client.get("/auth/v1/authorize?provider=sandbox")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "unexpected_failure")
