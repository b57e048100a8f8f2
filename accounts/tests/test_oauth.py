"""Apps of third parties: registered by us, and let in by a person on a page."""

import re
from html import unescape

import jwt
import pytest
from allauth.idp.oidc.models import Client as App
from allauth.idp.oidc.models import Token
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.html import escape

from accounts import factors
from accounts.models import AppGrant, AuditEvent, User
from accounts.services import apps
from accounts.tests.factories import prove_factor, sign_in
from accounts.tests.oauth import (
    AUTHORIZE,
    BACK,
    SCOPES,
    ask,
    call,
    code_of,
    consent,
    exchange,
    let_in,
    register,
)
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def app() -> apps.Registered:
    return register("Book Keeper")


def test_the_whole_way(client, ada, app):
    sign_in(client, ada)
    page = client.get(ask(app))
    assert b"Let Book Keeper act for you?" in page.content
    assert b"See accounts and their balances" in page.content
    assert b"accounts:read</" not in page.content
    assert "form-action 'self' https://book.test" in page.headers["Content-Security-Policy"]
    tokens = exchange(app, code_of(consent(client, app))).json()
    assert tokens["expires_in"] == 600
    answer = call(tokens["access_token"])
    assert answer.status_code == 200, answer.content
    told = (
        Client()
        .get("/identity/o/api/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        .json()
    )
    assert told == {"sub": str(ada.pk), "name": "Ada Obi", "preferred_username": ada.profile.handle}
    key = jwt.PyJWKSet.from_dict(Client().get("/.well-known/jwks.json").json()).keys[0]
    claims = jwt.decode(
        tokens["id_token"], key, algorithms=["RS256"], audience=app.client.pk, issuer="http://testserver"
    )
    assert claims["sub"] == str(ada.pk)
    assert any("Book Keeper has access" in letter.subject for letter in mail.outbox)
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.app.let_in", actor_id=ada.pk).exists()
        grant = AppGrant.objects.get()
        assert grant.last_used_at is not None


def test_who_has_no_profile_such_as_staff_is_told_of_without_a_name(client, app):
    with acting_as_service():
        agent = User.objects.create(email="agent@alajo.test", role="AGENT")
    told = let_in(client, agent, app)
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    assert Client().get("/identity/o/api/userinfo", headers=headers).json() == {"sub": str(agent.pk)}


def test_what_the_server_says_of_itself_is_what_it_does(client):
    said = client.get("/.well-known/openid-configuration").json()
    assert said["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert "transfers:write" in said["scopes_supported"]
    for path in ("device/code", "clients", "introspect"):
        assert client.post(f"/identity/o/api/{path}").status_code == 404


def test_whoever_is_not_logged_in_logs_in_first(client, app):
    answer = client.get(ask(app))
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
        {"prompt": "none"},
        {"redirect_uri": "https://evil.test/back"},
        {"redirect_uri": "https://book.test/back/../elsewhere"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
    ],
)
def test_what_is_unsafe_is_told_on_our_page_and_goes_nowhere(client, ada, app, changes):
    sign_in(client, ada)
    answer = client.get(ask(app, **changes))
    assert answer.status_code == 400
    assert b"This app asked wrongly" in answer.content


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "transfers:write"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": "code id_token", "nonce": "n"}, "unauthorized_client"),
    ],
)
def test_what_an_app_may_not_have_is_refused_at_its_own_address(client, ada, app, changes, error):
    sign_in(client, ada)
    answer = client.get(ask(app, **changes))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(BACK)
    assert "error=" in answer.headers["Location"]
    assert "code=" not in answer.headers["Location"]


def test_saying_no_gives_nothing(client, ada, app):
    sign_in(client, ada)
    answer = consent(client, app, action="cancel")
    assert answer.headers["Location"] == f"{BACK}?error=access_denied&state=xyz"
    with acting_as_service():
        assert not Token.objects.exists()


def test_the_consent_needs_the_pages_own_token(ada, app):
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, ada)
    page = strict.get(ask(app)).content.decode()
    request = unescape(re.search(r'name="request" value="([^"]+)"', page)[1])
    form = {"request": request, "scopes": SCOPES, "action": "grant"}
    assert strict.post(AUTHORIZE, form).status_code == 403
    assert strict.post(AUTHORIZE, {**form, "request": request + "x"}).status_code == 403


def test_a_person_can_give_less_but_no_more(client, ada, app):
    sign_in(client, ada)
    assert consent(client, app, ["transfers:write"]).status_code == 422
    assert consent(client, app, []).status_code == 422
    tokens = exchange(app, code_of(consent(client, app, ["openid"]))).json()
    assert tokens["scope"] == "openid"
    answer = call(tokens["access_token"])
    assert answer.status_code == 403
    assert answer.json()["code"] == "scope_missing"
    assert "accounts:read" in answer.json()["detail"]


def test_the_command_registers_an_app_and_shows_its_secret_once(db, capsys):
    call_command("register_app", "Book Keeper", redirect_uri=[BACK], scope=["accounts:read"], public=False)
    printed = capsys.readouterr().out.split()
    with acting_as_service():
        made = App.objects.get()
        assert made.pk == printed[1]
        assert made.check_secret(printed[3])
        assert printed[3] not in made.secret
        assert not made.skip_consent
        assert made.get_grant_types() == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(
    "uri",
    [
        "http://book.test/",
        "https://*.book.test/",
        "https://book.test/#x",
        "javascript:alert(1)",
        "https://a@b/",
    ],
)
def test_an_app_is_not_registered_with_a_way_back_that_others_hear(db, uri):
    with pytest.raises(CommandError):
        call_command("register_app", "X", redirect_uri=[uri], scope=["accounts:read"], public=False)


MONEY = ["openid", "accounts:read", "transfers:write"]


@pytest.fixture
def payer() -> apps.Registered:
    return apps.register(name="Pay Roll", redirect_uris=[BACK], scopes=MONEY, public=False)


def transfer(token: str):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    order = {"source": "acc_01bXeVFsjJrkCWVZkY9mJE", "recipient": "ada", "amount": 100, "currency": "NGN"}
    return Client().post("/api/v1/transfers", order, content_type="application/json", headers=headers)


def test_an_app_is_let_move_money_only_under_a_second_factor_and_then_does(client, ada, payer):
    sign_in(client, ada)
    page = ask(payer, scope=" ".join(MONEY))
    assert client.get(page).url == "/accounts/2fa/"
    factors.enrol_totp(user=ada)
    door = client.get(page).url
    assert door.startswith("/accounts/2fa/reauthenticate/?next=%2Fidentity")
    back = client.post(door, {"code": factors.current_code(user=ada), "next": page})
    assert back.url == page
    tokens = exchange(payer, code_of(consent(client, payer, MONEY, scope=" ".join(MONEY)))).json()
    answer = transfer(tokens["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


def test_a_page_left_open_asks_for_the_proof_again_unless_no_money_is_granted(client, ada, payer):
    sign_in(client, ada)
    prove_factor(ada)
    page = ask(payer, scope=" ".join(MONEY))
    shown = client.get(page).content.decode()
    request = unescape(re.search(r'name="request" value="([^"]+)"', shown)[1])
    assert f'action="{escape(page)}"' in shown
    with acting_as_service():
        session = ada.sign_ins.live().get()
        session.methods = [{**proof, "timestamp": proof["timestamp"] - 301} for proof in session.methods]
        session.save(update_fields=["methods"])
    form = {"request": request, "action": "grant"}
    answer = client.post(page, {**form, "scopes": MONEY})
    assert answer.url.startswith("/accounts/2fa/reauthenticate/?next=%2Fidentity")
    with acting_as_service():
        assert not Token.objects.exists()
    tokens = exchange(payer, code_of(client.post(page, {**form, "scopes": ["openid"]}))).json()
    assert transfer(tokens["access_token"]).json()["code"] == "scope_missing"


def test_consent_is_given_by_somebody_who_is_logged_in_whatever_the_address_says(client, ada, app):
    sign_in(client, ada)
    page = client.get(ask(app)).content.decode()
    request = unescape(re.search(r'name="request" value="([^"]+)"', page)[1])
    form = {"request": request, "scopes": SCOPES, "action": "grant"}
    assert Client().post(f"{AUTHORIZE}?prompt=none", form).status_code == 400
    assert Client().post(AUTHORIZE, form).url.startswith("/accounts/login/")
