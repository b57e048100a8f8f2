"""What `/auth/v1` answers to browsers of other origins, to broken requests, and about itself."""

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError
from django.test import AsyncClient

from accounts import access_tokens
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.wire import VERSION, call, log_in, refused
from accounts.wire import public

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.mark.parametrize("path", ["token", "user", "user/sessions", "no-such-thing"])
def test_a_preflight_is_answered_without_a_key_and_allows_what_clients_send(client, path):
    answer = client.options(
        f"/auth/v1/{path}",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    allowed = answer["Access-Control-Allow-Headers"]
    for name in ("authorization", "apikey", "content-type", "x-client-info", "x-supabase-api-version"):
        assert name in allowed
    assert "PUT" in answer["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in answer


def test_the_server_that_runs_asynchronously_answers_alike():
    async def ask():
        app = AsyncClient()
        return await app.options("/auth/v1/user"), await app.get("/auth/v1/us%00er", headers=VERSION)

    preflight, refusal = async_to_sync(ask)()
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (204, "*")
    assert (refusal.status_code, refusal.json()["code"]) == (400, "bad_request")
    assert refusal["Access-Control-Allow-Origin"] == "*"


def test_every_answer_can_be_read_from_another_origin_also_refusals(client):
    make_person(email="ada@alajo.test")
    good = call(client, "GET", "user", bearer=log_in(client)["access_token"], Origin="https://app.example")
    bad = call(client, "GET", "user", Origin="https://app.example")
    none = call(client, "GET", "no-such-thing", Origin="https://app.example")
    for answer, status in ((good, 200), (bad, 403), (none, 404)):
        assert answer.status_code == status
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "x-sb-error-code" in answer["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/api/v1/accounts", "/staff/", "/auth/v2/user", "/home/"]
)
def test_nothing_else_is_opened_to_other_origins(client, path):
    for answer in (client.options(path), client.get(path)):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_no_cookie_is_set(client):
    make_person(email="ada@alajo.test")
    for path, body in (
        ("token?grant_type=password", {"email": "ada@alajo.test", "password": PASSWORD}),
        ("signup", {}),
    ):
        answer = call(client, "POST", path, body)
        assert not answer.cookies


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "no-such-thing", 404, "not_found"),
        ("POST", "user/", 404, "not_found"),
        ("GET", "token", 405, "method_not_allowed"),
        ("DELETE", "user", 405, "method_not_allowed"),
        ("GET", "us%00er", 400, "bad_request"),
    ],
)
def test_what_is_not_there_is_said_in_both_shapes(client, method, path, status, code):
    dated = call(client, method, path)
    assert (dated.status_code, dated.json()["code"], dated["x-sb-error-code"]) == (status, code, code)
    assert dated["X-Supabase-Api-Version"] == "2024-01-01"
    old = client.generic(method, f"/auth/v1/{path}", headers={"apikey": access_tokens.static_key("anon")})
    assert (old.json()["code"], old.json()["error_code"]) == (status, code)
    assert "X-Supabase-Api-Version" not in old.headers


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b"[1]", 400, "bad_json"),
        (b'"text"', 400, "bad_json"),
        (b"7", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b'{"email": "a\\u0000@b.co"}', 400, "bad_json"),
        (b'{"email": "\\ud800"}', 400, "bad_json"),
        (b'{"email": 1, "email": 2}', 400, "bad_json"),
        (b'{"a": NaN}', 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"email": "' + b"x" * 1_100_000 + b'"}', 413, "request_too_large"),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(client, body, status, code):
    for path in ("signup", "token?grant_type=password", "token?grant_type=refresh_token"):
        assert refused(call(client, "POST", path, body)) == (status, code)


def test_a_form_is_no_json_however_large(client):
    key = {"apikey": access_tokens.static_key("anon"), **VERSION}
    small = client.post("/auth/v1/signup", {"email": "a@b.co", "password": PASSWORD}, headers=key)
    assert small.status_code in (400, 422)
    large = client.post("/auth/v1/signup", {"email": "x" * 1_100_000}, headers=key)
    assert large.status_code in (400, 413, 422)
    encoded = client.post(
        "/auth/v1/signup", b"email=a%00b", content_type="application/x-www-form-urlencoded", headers=key
    )
    assert refused(encoded) == (400, "bad_request")


def test_a_host_that_is_not_ours_is_told_in_our_shape(client, settings):
    settings.ALLOWED_HOSTS = ["alajo.test"]
    answer = call(client, "GET", "health", Host="evil.example")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("fault", "status"), [(RuntimeError("secret words"), 500), (OperationalError("busy"), 503)]
)
def test_a_fault_says_nothing_of_itself(client, monkeypatch, fault, status):
    def fail(*_args):
        raise fault

    monkeypatch.setattr(public.Settings, "get", fail)
    answer = call(client, "GET", "settings")
    assert refused(answer) == (status, "unexpected_failure")
    assert b"secret" not in answer.content


def test_health_says_that_we_live(client):
    assert call(client, "GET", "health").json()["version"]


def test_settings_name_the_providers_whose_keys_are_set(client, settings):
    app = {"client_id": "id", "secret": "s", "name": "GitHub"}
    settings.SOCIALACCOUNT_PROVIDERS = {"github": {"APPS": [app]}, "openid_connect": {"APPS": []}}
    external = call(client, "GET", "settings").json()["external"]
    assert {name for name, on in external.items() if on} == {"email", "github"}
    assert {"google", "azure", "phone", "anonymous_users"} <= set(external)


def test_the_keys_and_the_issuer_can_be_found_by_whoever_verifies(client, settings):
    make_person(email="ada@alajo.test")
    log_in(client)
    found = client.get("/auth/v1/.well-known/openid-configuration").json()
    assert found["issuer"] == settings.ACCESS_TOKEN_ISSUER
    assert found["jwks_uri"] == f"{settings.ACCESS_TOKEN_ISSUER}/.well-known/jwks.json"
    answer = client.get("/auth/v1/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["use"], key["key_ops"]) == ("EC", "sig", ["verify"])
    assert not {"d", "p", "q", "k"} & set(key)
    assert "public" in answer["Cache-Control"]
