"""Tokens of apps: each good for what was granted, once where it is exchanged, and gone when the person says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.idp.oidc.models import Token
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import AuditEvent, SpentAppToken, User
from accounts.services import apps
from accounts.tests.factories import make_person, sign_in
from accounts.tests.oauth import SCOPES, call, code_of, consent, exchange, let_in, refresh, register
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def app() -> apps.Registered:
    return register("Book Keeper")


def test_a_scope_that_begins_like_another_is_not_that_other(client, ada, app):
    tokens = let_in(client, ada, app, ["accounts:read"])
    answer = call(tokens["access_token"], "/api/v1/transfers/tr_0")
    assert answer.status_code == 403
    assert "transactions:read" in answer.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "https://book.test/other"},
        {"client_secret": "wrong"},
        {"grant_type": "password"},
        {"grant_type": "client_credentials"},
    ],
)
def test_a_code_needs_all_that_belongs_to_it(client, ada, app, changes):
    sign_in(client, ada)
    answer = exchange(app, code_of(consent(client, app)), **changes)
    assert answer.status_code in (400, 401)
    assert "error" in answer.json()
    with acting_as_service():
        assert not Token.objects.exists()


def test_a_code_of_one_app_is_nothing_to_another(client, ada, app):
    sign_in(client, ada)
    other = register("Other")
    assert exchange(other, code_of(consent(client, app))).status_code == 400


def test_a_code_used_twice_shuts_the_app_out(client, ada, app):
    sign_in(client, ada)
    code = code_of(consent(client, app))
    tokens = exchange(app, code).json()
    assert call(tokens["access_token"]).status_code == 200
    assert exchange(app, code).json() == {"error": "invalid_grant"}
    assert call(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens["refresh_token"]).status_code == 400


def test_an_app_without_a_secret_has_only_pkce(client, ada):
    public = register("Pocket", public=True)
    sign_in(client, ada)
    assert exchange(public, code_of(consent(client, public)), code_verifier="w" * 64).status_code == 400
    assert exchange(public, code_of(consent(client, public))).status_code == 200


def test_refresh_tokens_rotate(client, ada, app):
    first = let_in(client, ada, app)
    second = refresh(app, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert call(second["access_token"]).status_code == 200
    third = refresh(app, second["refresh_token"])
    assert third.status_code == 200
    assert set(third.json()["scope"].split()) == set(SCOPES)


def test_an_old_refresh_token_shuts_the_app_out_and_its_owner_is_told(client, ada, app):
    first = let_in(client, ada, app)
    second = refresh(app, first["refresh_token"]).json()
    mail.outbox.clear()
    with acting_as_service():
        SpentAppToken.objects.update(spent_at=timezone.now() - timedelta(seconds=11))
    assert refresh(app, first["refresh_token"]).json() == {"error": "invalid_grant"}
    assert call(second["access_token"]).status_code == 401
    assert refresh(app, second["refresh_token"]).status_code == 400
    assert [letter.subject for letter in mail.outbox] == ["We ended the access of Book Keeper"]
    with acting_as_service():
        event = AuditEvent.objects.get(action="accounts.app.shut_out")
        assert event.data["reason"] == "token_reused"


def test_asking_twice_in_a_moment_is_only_refused(client, ada, app):
    first = let_in(client, ada, app)
    second = refresh(app, first["refresh_token"]).json()
    assert refresh(app, first["refresh_token"]).status_code == 400
    assert call(second["access_token"]).status_code == 200


def test_of_many_refreshes_at_once_one_wins_and_the_app_stays(client, ada, app):
    first = let_in(client, ada, app)["refresh_token"]

    def once(_number: int):
        try:
            return refresh(app, first)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(once, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    won = next(answer for answer in answers if answer.status_code == 200).json()
    assert call(won["access_token"]).status_code == 200
    with acting_as_service():
        assert Token.objects.filter(type="rt").count() == 1


def test_a_refresh_cannot_ask_for_more(client, ada, app):
    tokens = let_in(client, ada, app, ["accounts:read"])
    answer = refresh(app, tokens["refresh_token"], scope="accounts:read transactions:read")
    assert answer.json()["error"] == "invalid_scope"


def test_a_refresh_token_needs_its_own_app(client, ada, app):
    tokens = let_in(client, ada, app)
    other = register("Other")
    assert refresh(other, tokens["refresh_token"]).status_code == 400
    assert refresh(app, tokens["refresh_token"], client_secret="wrong").status_code == 401
    assert refresh(app, tokens["refresh_token"]).status_code == 200


def test_the_owner_shuts_an_app_out_at_once(client, ada, app):
    tokens = let_in(client, ada, app)
    page = client.get("/security/apps/").content
    assert b"Book Keeper" in page
    assert b"See accounts and their balances" in page
    assert client.post("/security/apps/", {"app": app.client.pk}).status_code == 302
    assert call(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens["refresh_token"]).status_code == 400
    assert b"Book Keeper" not in client.get("/security/apps/").content
    again = exchange(app, code_of(consent(client, app))).json()
    assert call(again["access_token"]).status_code == 200
    assert call(tokens["access_token"]).status_code == 401


def test_an_app_is_answered_also_while_valkey_is_away(client, ada, app, monkeypatch):
    tokens = let_in(client, ada, app)

    def away(*_args: object) -> bool:
        raise RedisError

    monkeypatch.setattr("accounts.api.oauth.cache.add", away)
    assert call(tokens["access_token"]).status_code == 200


def test_nobody_shuts_out_the_apps_of_another(client, ada, app):
    tokens = let_in(client, ada, app)
    other = Client()
    sign_in(other, make_person())
    assert b"Book Keeper" not in other.get("/security/apps/").content
    other.post("/security/apps/", {"app": app.client.pk})
    assert call(tokens["access_token"]).status_code == 200


def test_an_app_acts_for_its_person_alone(client, ada, app):
    bola = make_person(email="bola@alajo.test")
    hers = let_in(client, ada, app)
    his = let_in(Client(), bola, app)
    seen = [{row["id"] for row in call(t["access_token"]).json()["data"]} for t in (hers, his)]
    assert not seen[0] & seen[1]
    client.post("/security/apps/", {"app": app.client.pk})
    assert call(hers["access_token"]).status_code == 401
    assert call(his["access_token"]).status_code == 200


def test_tokens_end_with_their_time(client, ada, app):
    tokens = let_in(client, ada, app)
    with acting_as_service():
        living = Token.objects.get(type="at").expires_at - timezone.now()
        assert timedelta(minutes=9) < living <= timedelta(minutes=10)
        living = Token.objects.get(type="rt").expires_at - timezone.now()
        assert timedelta(days=29) < living <= timedelta(days=30)
        Token.objects.update(expires_at=timezone.now())
    assert call(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"deleted_at": timezone.now()},
        {"banned_until": timezone.now() + timedelta(days=9)},
    ],
)
def test_a_person_who_is_barred_takes_the_apps_along(client, ada, app, change):
    tokens = let_in(client, ada, app)
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(**change)
    assert call(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize("value", ["", "x", "a" * 86, "a" * 5000, "eyJhbGciOiJub25lIn0.e30."])
def test_an_unknown_bearer_is_refused(client, db, value):
    answer = call(value)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_token_or_a_code_is_no_access_token(client, ada, app):
    tokens = let_in(client, ada, app)
    assert call(tokens["refresh_token"]).status_code == 401
    assert call(code_of(consent(client, app))).status_code == 401


def test_an_app_lets_go_by_itself(client, ada, app):
    tokens = let_in(client, ada, app)
    form = {"token": tokens["refresh_token"], "client_id": app.client.pk, "client_secret": app.secret}
    assert Client().post("/identity/o/api/revoke", form).status_code == 200
    assert refresh(app, tokens["refresh_token"]).status_code == 400
