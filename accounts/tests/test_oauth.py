"""Apps of third parties: let in on a page, at work at the API, shut out at once."""

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client as App
from allauth.idp.oidc.models import Token
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AppGrant, AuditEvent, SpentAppToken, User
from accounts.services import apps
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")

BACK = "https://book.test/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZE, TOKEN = "/identity/o/authorize", "/identity/o/api/token"
SCOPES = ["openid", "profile", "accounts:read"]


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def app() -> apps.Registered:
    return register("Book Keeper")


def register(name: str, *, public: bool = False) -> apps.Registered:
    scopes = [*SCOPES, "transactions:read"]
    return apps.register(name=name, redirect_uris=[BACK], scopes=scopes, public=public)


def ask(app: apps.Registered, **changes: str | None) -> str:
    query = {
        "client_id": app.client.pk,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{AUTHORIZE}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def consent(client: Client, app: apps.Registered, scopes=SCOPES, action="grant", **changes):
    page = client.get(ask(app, **changes))
    assert page.status_code == 200, page.content
    request = unescape(re.search(r'name="request" value="([^"]+)"', page.content.decode())[1])
    return client.post(AUTHORIZE, {"request": request, "scopes": scopes, "action": action})


def code_of(answer) -> str:
    assert answer.status_code == 302, answer.content
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["xyz"]
    return query["code"][0]


def exchange(app: apps.Registered, code: str, **changes: str):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": app.client.pk,
        **({"client_secret": app.secret} if app.secret else {}),
        **changes,
    }
    return Client().post(TOKEN, form)


def refresh(app: apps.Registered, token: str, **changes: str):
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": app.client.pk}
    return Client().post(TOKEN, {**form, "client_secret": app.secret, **changes})


def let_in(client: Client, user: User, app: apps.Registered, scopes=SCOPES) -> dict:
    sign_in(client, user)
    answer = exchange(app, code_of(consent(client, app, scopes)))
    assert answer.status_code == 200, answer.content
    return answer.json()


def call(token: str, path: str = "/api/v1/accounts"):
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


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
