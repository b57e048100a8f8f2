"""Linking an account elsewhere by app, at the sandbox provider over HTTP: only who began it can end it."""

import hashlib

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import factors
from accounts.models import AuditEvent, FlowState, Session, User
from accounts.services import sessions
from accounts.tests.elsewhere import choose, token_for
from accounts.tests.factories import make_person
from accounts.tests.test_wire_social import (
    APP,
    PKCE,
    VERIFIER,
    call,
    come_by,
    ended,
    log_in,
    people,
    provider,
)
from core.actors import acting_as_service

__all__ = ["provider"]
pytestmark = pytest.mark.usefixtures("transactional_db", "provider")


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def begin_link(client: Client, bearer: str, **changes: str):
    asked = {"provider": "sandbox", "redirect_to": APP, "skip_http_redirect": "true", **PKCE, **changes}
    path = "user/identities/authorize?" + "&".join(f"{name}={value}" for name, value in asked.items())
    return call(client, "GET", path, bearer=bearer)


def exchange(code: str, verifier: str = VERIFIER):
    body = {"auth_code": code, "code_verifier": verifier}
    return call(Client(), "POST", "token?grant_type=pkce", body)


def linked() -> int:
    with acting_as_service():
        return SocialAccount.objects.count()


def test_linking_and_letting_go(client, ada):
    bearer = log_in(ada.email)
    where, query, fragment = ended(client.get(choose(begin_link(client, bearer).json()["url"])))
    assert (where, set(query), fragment, linked()) == (APP, {"code"}, {}, 0)
    identities = exchange(query["code"]).json()["user"]["identities"]
    assert [row["provider"] for row in identities] == ["email", "sandbox"]
    assert any("new way to log in" in letter.subject for letter in mail.outbox)
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.identity.linked", actor_id=ada.pk).count() == 1
        assert FlowState.objects.get().linking is None
    assert come_by(Client())[2]["access_token"]
    assert people() == 1
    path = f"user/identities/{identities[1]['identity_id']}"
    assert call(client, "DELETE", path, bearer=bearer).json() == {}
    assert call(client, "DELETE", path, bearer=bearer).status_code == 404
    assert mail.outbox[-1].subject == "A way to log in was removed"
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.identity.unlinked", actor_id=ada.pk).exists()


def test_a_victim_who_follows_the_attackers_link_gives_nothing_away(client, ada):
    """Else the victim's log-in at the provider would open the attacker's account, or the other way round."""
    address = begin_link(client, log_in(ada.email)).json()["url"]
    victim = Client()
    _where, query, fragment = ended(victim.get(choose(address, "tunde")))
    assert fragment == {}
    # The code reached the victim's app, whose own secret is another; the attacker has the secret and no code.
    answer = exchange(query["code"], "v" * 63 + "w")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_code_verifier")
    assert linked() == 0
    assert come_by(victim, "tunde")[2]["access_token"]
    assert people() == 2


def test_a_way_back_that_is_slipped_to_a_victim_signs_nobody_in(client, ada):
    back = choose(begin_link(client, log_in(ada.email)).json()["url"], "zainab")
    victim = Client()
    _where, query, fragment = ended(victim.get(back))
    assert "access_token" not in fragment
    assert exchange(query["code"], "w" * 64).status_code == 400
    assert linked() == 0
    # And whose it is cannot use the same way back any more.
    assert ended(client.get(back))[2]["error_code"] == "bad_oauth_state"


def test_without_a_challenge_nothing_is_linked(client, ada):
    answer = begin_link(client, log_in(ada.email), code_challenge="", code_challenge_method="")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_link_ends_with_the_session_that_asked_for_it(client, ada, when):
    back = choose(begin_link(client, log_in(ada.email)).json()["url"])
    with acting_as_service():
        if when == "before":
            sessions.end_all(user=ada, reason=Session.Reason.REPORTED, at=timezone.now())
        _where, query, fragment = ended(client.get(back))
        sessions.end_all(user=ada, reason=Session.Reason.REPORTED, at=timezone.now())
    if when == "before":
        assert query["error_code"] == fragment["error_code"] == "session_not_found"
    else:
        answer = exchange(query["code"])
        assert (answer.status_code, answer.json()["error_code"]) == (403, "session_not_found")
    assert linked() == 0


def test_linking_needs_a_person(client):
    assert begin_link(client, "").status_code == 403
    assert begin_link(client, "x.y.z").status_code == 403


def test_whoever_has_a_second_factor_needs_it_to_change_the_ways_in(client, ada):
    bearer = log_in(ada.email)
    back = choose(begin_link(client, bearer).json()["url"])
    code = ended(client.get(back))[1]["code"]
    with acting_as_service():
        factors.enrol_totp(user=ada)
    for answer in (
        begin_link(client, bearer),
        exchange(code),
        by_token(bearer),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (403, "insufficient_aal")
    assert linked() == 0


def test_what_is_linked_to_one_is_not_linked_to_another(client, ada):
    come_by(Client())
    bearer = log_in(ada.email)
    code = ended(client.get(choose(begin_link(client, bearer).json()["url"])))[1]["code"]
    for answer in (exchange(code), by_token(bearer)):
        assert (answer.status_code, answer.json()["error_code"]) == (422, "identity_already_exists")


def by_token(bearer: str, url: str = "", nonce: str = "n" * 20):
    if not url:
        from django.conf import settings

        url = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"]
        url = url.removesuffix("/sandbox/id")
    told = token_for(url, nonce=hashlib.sha256(nonce.encode()).hexdigest())
    body = {"provider": "sandbox", "nonce": nonce, "link_identity": True, **told}
    return call(Client(), "POST", "token?grant_type=id_token", body, bearer=bearer)


def test_an_id_token_is_linked_to_the_person_who_brings_it(ada):
    answer = by_token(log_in(ada.email))
    assert [row["provider"] for row in answer.json()["user"]["identities"]] == ["email", "sandbox"]
    assert people() == 1
    answer = by_token("")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")
