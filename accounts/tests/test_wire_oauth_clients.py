"""Apps of third parties, looked after with the service key."""

from urllib.parse import urlencode
from uuid import UUID

import pytest
from allauth.idp.oidc.models import Client as App
from django.test import Client

from accounts import access_tokens
from accounts.models import AppGrant
from accounts.services import apps
from accounts.tests.factories import make_person, sign_in
from accounts.tests.service import actions, ask
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
PATH = "admin/oauth/clients"
NOBODY = "be5b818e-c45b-4c93-87a3-65568d1a7536"
BACK = "https://books.example/back"
ASKED = {"client_name": "Book Keeper", "redirect_uris": [BACK]}


@pytest.fixture
def app(client) -> dict:
    return ask(client, "POST", PATH, ASKED, 201)


def test_an_app_is_registered_and_its_secret_is_shown_once(client, app):
    assert str(UUID(app["client_id"])) == app["client_id"]
    assert (app["client_name"], app["client_type"], app["redirect_uris"]) == (
        "Book Keeper",
        "confidential",
        [BACK],
    )
    assert app["grant_types"] == ["authorization_code", "refresh_token"]
    assert (app["response_types"], app["scope"]) == (["code"], "openid profile email")
    again = ask(client, "GET", f"{PATH}/{app['client_id']}")
    assert again == {name: value for name, value in app.items() if name != "client_secret"}
    with acting_as_service():
        row = App.objects.get(pk=app["client_id"])
        assert row.check_secret(app["client_secret"])
        assert not row.skip_consent
    assert app["client_secret"] not in str(row.secret)
    assert "accounts.app.registered" in actions()


def test_what_is_registered_here_may_ask_a_person(client, app):
    sign_in(client, make_person())
    asked = {"client_id": app["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": "openid"}
    pkce = {"code_challenge": "c" * 43, "code_challenge_method": "S256", "state": "s"}
    assert client.get(f"/identity/o/authorize?{urlencode({**asked, **pkce})}").status_code == 200


def test_a_public_app_has_no_secret(client):
    app = ask(client, "POST", PATH, {**ASKED, "token_endpoint_auth_method": "none"}, 201)
    assert (app["client_type"], "client_secret" in app) == ("public", False)
    refusal = ask(client, "POST", f"{PATH}/{app['client_id']}/regenerate_secret", {}, 400)
    assert refusal["code"] == "validation_failed"


def test_a_new_secret_ends_the_old_one(client, app):
    new = ask(client, "POST", f"{PATH}/{app['client_id']}/regenerate_secret", {})["client_secret"]
    with acting_as_service():
        row = App.objects.get(pk=app["client_id"])
    assert row.check_secret(new) and not row.check_secret(app["client_secret"])


def test_an_app_is_changed_listed_and_removed_with_what_it_holds(client, app):
    other = ask(client, "POST", PATH, {**ASKED, "client_name": "Other"}, 201)
    path = f"{PATH}/{app['client_id']}"
    changed = ask(client, "PUT", path, {"client_name": "Books"})
    assert (changed["client_name"], changed["redirect_uris"]) == ("Books", [BACK])
    changed = ask(client, "PUT", path, {"redirect_uris": ["http://127.0.0.1/back"], "scope": "everything"})
    assert (changed["redirect_uris"], changed["scope"]) == (["http://127.0.0.1/back"], app["scope"])
    listed = ask(client, "GET", f"{PATH}?per_page=1")["clients"]
    assert [row["client_id"] for row in listed] == [other["client_id"]]
    with acting_as_service():
        AppGrant.objects.create(
            user=make_person(), client_id=app["client_id"], granted_at="2026-11-23T12:00:00Z"
        )
    key = access_tokens.static_key("service_role")
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    assert client.delete(f"/auth/v1/{path}", headers=headers).status_code == 204
    with acting_as_service():
        assert not AppGrant.objects.exists()
    assert ask(client, "GET", path, status=404)["code"] == "oauth_client_not_found"
    assert {"accounts.app.changed", "accounts.app.removed"} <= set(actions())


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": None},
        {"client_name": " "},
        {"client_name": "x" * 101},
        {"client_name": "a\u202eb"},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": BACK},
        {"redirect_uris": [7]},
        {"redirect_uris": ["http://books.example/"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["https://*.books.example/"]},
        {"redirect_uris": ["https://books.example/#x"]},
        {"redirect_uris": ["https://books.example@evil.example/"]},
        {"redirect_uris": ["https://books.example/\nhttps://evil.example/"]},
        {"redirect_uris": ["https://[x"]},
        {"redirect_uris": [BACK] * 11},
        {"grant_types": ["client_credentials"]},
        {"response_types": ["token"]},
        {"scope": "everything"},
        {"scope": ""},
        {"token_endpoint_auth_method": "private_key_jwt"},
    ],
)
def test_what_registering_refuses(client, changes):
    assert ask(client, "POST", PATH, {**ASKED, **changes}, 400)["code"] == "validation_failed"
    with acting_as_service():
        assert not App.objects.exists()


def test_without_a_key_to_sign_with_there_are_no_apps(client, settings):
    settings.IDP_OIDC_PRIVATE_KEY = ""
    assert ask(client, "POST", PATH, ASKED, 422)["code"] == apps.NotReady.code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PATH),
        ("POST", PATH),
        ("GET", f"{PATH}/{NOBODY}"),
        ("PUT", f"{PATH}/{NOBODY}"),
        ("DELETE", f"{PATH}/{NOBODY}"),
        ("POST", f"{PATH}/{NOBODY}/regenerate_secret"),
    ],
)
def test_only_the_service_key_opens_it(client, method, path):
    make_person(email="ada@alajo.test")
    token = log_in(client)["access_token"]
    for bearer in (token, access_tokens.static_key("anon")):
        answer = call(Client(), method, path, ASKED, bearer=bearer)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_admin")
