"""The end of a sign-in by PKCE: a code that only the app that began can change for a session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import FlowState, User
from accounts.services import pkce
from accounts.tests.code_mails import APP, CHALLENGE, PKCE, VERIFIER, live, mailed_link, post, press, told
from accounts.tests.factories import make_person
from accounts.tests.wire import call
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def _list(settings):
    settings.REDIRECT_ALLOW_LIST = ["https://app.example.com/**"]


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


def granted(client: Client, ada: User, **body: str) -> str:
    post(client, f"magiclink?redirect_to={APP}", {"email": ada.email, **PKCE, **body})
    assert "token=pkce_" in mailed_link()
    query, fragment = told(press(client, mailed_link()))
    assert fragment == {}
    assert query.keys() == {"code"}
    return query["code"]


def exchange(client: Client, code: object, verifier: object = VERIFIER, status: int = 200):
    body = {"auth_code": code, "code_verifier": verifier}
    return post(client, "token?grant_type=pkce", body, status)


def test_a_guarded_link_gives_a_code_and_the_secret_changes_it_for_a_session(client, ada):
    code = granted(client, ada)
    assert live() == 0
    session = exchange(client, code)
    claims = access_tokens.read(session["access_token"])
    assert (claims["sub"], claims["amr"][0]["method"]) == (str(ada.id), "magiclink")
    with acting_as_service():
        assert code not in str(FlowState.objects.values().get())


def test_the_plain_method_is_taken_where_it_was_asked_for(client, ada):
    code = granted(client, ada, code_challenge=VERIFIER, code_challenge_method="PLAIN")
    assert exchange(client, code)["user"]["id"] == str(ada.id)


@pytest.mark.parametrize("verifier", ["w" * 64, CHALLENGE, VERIFIER[:-1], "v" * 42, "ü" * 64])
def test_a_wrong_secret_gets_nothing(client, ada, verifier):
    code = granted(client, ada)
    assert exchange(client, code, verifier, 400)["code"] == "bad_code_verifier"
    assert live() == 0


@pytest.mark.parametrize("verifier", ["", None, 5, [VERIFIER]])
def test_a_guarded_code_is_never_changed_without_the_secret(client, ada, verifier):
    assert exchange(client, granted(client, ada), verifier, 400)["code"] == "validation_failed"
    assert live() == 0


def test_a_code_is_changed_once(client, ada):
    code = granted(client, ada)
    exchange(client, code)
    assert exchange(client, code, status=404)["code"] == "flow_state_not_found"
    assert exchange(client, "invented", status=404)["code"] == "flow_state_not_found"
    assert live() == 1


def test_of_twenty_exchanges_at_once_one_gives_a_session(client, ada):
    code = granted(client, ada)

    def change(number: int) -> int:
        try:
            body = {"auth_code": code, "code_verifier": VERIFIER}
            return call(Client(), "POST", "token?grant_type=pkce", body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(change, range(20))) == [200, *[404] * 19]
    assert live() == 1


def test_a_code_lives_five_minutes(client, ada):
    code = granted(client, ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert exchange(client, code, status=422)["code"] == "flow_state_expired"


def test_who_was_banned_meanwhile_gets_no_session(client, ada):
    code = granted(client, ada)
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert exchange(client, code, status=403)["code"] == "user_banned"
    assert live() == 0


def test_a_guarded_link_that_is_dead_says_so_in_query_and_fragment(client, ada):
    granted(client, ada)
    query, fragment = told(client.get(mailed_link()))
    assert query == fragment
    assert query["error_code"] == "otp_expired"


def test_a_flow_is_granted_once_and_in_time(ada):
    at = timezone.now()
    flow = pkce.open_flow(**PKCE, redirect_to=APP, purpose="oauth", at=at)
    asked = {"flow": flow, "user": ada, "method": "oauth", "provider": "google"}
    with pytest.raises(pkce.FlowExpired):
        pkce.grant(**asked, at=at + timedelta(minutes=5))
    code = pkce.grant(**asked, at=at)
    with pytest.raises(pkce.FlowNotFound):
        pkce.grant(**asked, at=at)
    flow, person = pkce.exchange(auth_code=code, code_verifier=VERIFIER, at=at)
    assert (person, flow.method, flow.provider) == (ada, "oauth", "google")


def test_a_flow_needs_a_challenge():
    with pytest.raises(pkce.BadChallenge):
        pkce.open_flow(
            code_challenge="", code_challenge_method="", redirect_to="", purpose="oauth", at=timezone.now()
        )
