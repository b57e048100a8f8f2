""" "This was not me": everything is locked, and its owner alone finds the way back."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import audit, factors, security_events
from accounts.models import AuditEvent, Customer, Notification, Session, User
from accounts.services import api_keys, codes, pkce, security, sessions
from accounts.tests.factories import PASSWORD, make_organization, make_person
from accounts.tests.security import (
    ANOTHER,
    FIREFOX,
    actions,
    browser,
    came_in,
    choose_password_by_mail,
    customer,
)
from accounts.tests.status_steps import restrict
from accounts.tests.test_sign_in import log_in, signed_in
from accounts.tests.test_wire_sign_in import call
from core.actors import acting_as, acting_as_service
from core.errors import DomainError

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


@pytest.fixture(autouse=True)
def _proxied(settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def test_this_was_not_me_locks_everything_and_mails_the_way_back(ada):
    here, there = came_in(), came_in(FIREFOX)
    with acting_as_service():
        EmailAddress.objects.create(user=ada, email="thief@evil.test", verified=True, primary=False)
    event = here.get("/security/history/").context["events"][0]
    mail.outbox.clear()

    assert here.get(f"/security/report/?event={event.id}").status_code == 200
    assert customer(ada).status == "ACTIVE"
    assert here.post(f"/security/report/?event={event.id}").url == "/security/reported/"

    assert here.get("/security/reported/").status_code == 200
    for client in (here, there):
        assert client.get("/home/").url.startswith("/accounts/login/")
    assert (customer(ada).status, customer(ada).lock_reason) == ("LOCKED", "REPORTED")
    assert not signed_in(log_in_fails(PASSWORD))
    with acting_as_service():
        assert {s.end_reason for s in Session.objects.filter(user=ada)} == {"REPORTED"}
        assert [a.email for a in EmailAddress.objects.filter(user=ada)] == ["ada@alajo.test"]
        alarm = AuditEvent.objects.get(action="accounts.user.reported")
        assert Notification.objects.filter(user=ada, event="security.reported").exists()
    assert alarm.data["alarm"] is True
    assert alarm.data["event"] == str(event.id)
    assert [letter.to for letter in mail.outbox] == [["ada@alajo.test"]]


def test_keys_that_the_account_made_are_revoked_and_each_owner_is_told(ada, bola):
    hers, theirs = (
        make_organization(owner=ada, name="Ada Foods"),
        make_organization(owner=bola, name="Bola Cars"),
    )
    at = timezone.now()
    with acting_as_service():
        theirs.memberships.create(user=ada, role="ADMIN")
    wish = {"mode": "LIVE", "scopes": [], "at": at}
    made = [
        api_keys.make(organization_id=hers.pk, by=ada, name="Shop", **wish),
        api_keys.make(organization_id=theirs.pk, by=ada, name="Stock", **wish),
    ]
    other = api_keys.make(organization_id=theirs.pk, by=bola, name="Till", **wish)
    here = came_in()
    mail.outbox.clear()

    assert "API keys that you made" in here.get("/security/report/").content.decode()
    here.post("/security/report/")

    for each in made:
        answer = Client().get("/api/v1/api-keys/current", headers={"authorization": f"Bearer {each.secret}"})
        assert answer.status_code == 401
    kept = Client().get("/api/v1/api-keys/current", headers={"authorization": f"Bearer {other.secret}"})
    assert kept.status_code == 200
    letters = {(letter.subject, *letter.to): letter.body for letter in mail.outbox}
    assert letters.keys() == {
        ("An API key of Ada Foods was revoked", ada.email),
        ("An API key of Bola Cars was revoked", bola.email),
        ("Your account is locked", ada.email),
    }
    told = letters["An API key of Bola Cars was revoked", bola.email]
    assert "Stock" in told and "Till" not in told and "Shop" not in told
    assert "2 API keys that you made" in letters["Your account is locked", ada.email]
    with acting_as_service():
        revoked = AuditEvent.objects.filter(action="accounts.api_key.revoked", actor_id=ada.pk)
        assert [event.data["reason"] for event in revoked] == ["reported", "reported"]
        assert AuditEvent.objects.get(action="accounts.user.reported").data["api_keys"] == 2
    titles = [str(event.words.title) for event in security_events.page_of(user=ada).events]
    assert titles.count("API key revoked") == 2


def test_codes_and_links_on_their_way_open_nothing_any_more(ada):
    at = timezone.now()
    code = codes.make_code(user=ada, purpose="magiclink", at=at)
    challenge = {"code_challenge": "c" * 43, "code_challenge_method": "plain"}
    flow = pkce.open_flow(**challenge, redirect_to="", purpose="magiclink", at=at)
    auth_code = pkce.grant(flow=flow, user=ada, method="otp", provider="", at=at)
    security.report(user=ada, at=at)
    with pytest.raises(codes.LinkRefused):
        codes.use_link(token=code.token, kind="magiclink", at=at)
    with pytest.raises(DomainError):
        pkce.exchange(auth_code=auth_code, code_verifier="c" * 43, at=at)


def log_in_fails(password: str) -> Client:
    client = browser()
    log_in(client, password=password)
    return client


def test_an_app_gets_no_session_by_the_old_password_either(ada):
    came_in().post("/security/report/")
    body = {"email": ada.email, "password": PASSWORD}
    answer = call(Client(), "POST", "token?grant_type=password", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_credentials")


def test_nobody_disputes_an_event_of_another_or_reports_by_a_link(ada, bola):
    with acting_as_service():
        audit.record(action="accounts.password.changed", target=bola, actor_id=bola.pk)
        event = AuditEvent.objects.get(action="accounts.password.changed")
    here = came_in()
    assert here.post(f"/security/report/?event={event.id}").status_code == 404
    assert here.get("/security/report/").status_code == 200
    assert customer(ada).status == customer(bola).status == "ACTIVE"


def test_the_way_back_is_a_mailed_link_a_sign_in_and_a_press(ada):
    came_in().post("/security/report/")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        choose_password_by_mail(ANOTHER)
        assert customer(ada).status == "LOCKED"
        here = came_in(password=ANOTHER)
        assert "Unlock my money" in here.get("/security/").content.decode()
        assert here.post("/security/unlock/").url == "/security/"
    assert (customer(ada).status, customer(ada).lock_reason) == ("ACTIVE", "")
    assert mail.outbox[-1].subject == "Your money is unlocked"
    assert "accounts.user.unlocked" in actions(ada)


def test_money_is_not_unlocked_before_the_password_was_replaced_by_mail(ada):
    came_in().post("/security/report/")
    with acting_as_service():
        session = sessions.start(user=ada, face="PAGES", method="otp", at=timezone.now())
        sessions.prove(session_id=session.pk, method="totp", at=timezone.now())
    with pytest.raises(security.NotRecovered):
        security.unlock(user=ada, session_id=session.pk, at=timezone.now())
    security.password_replaced(user=ada, at=timezone.now(), by_mail=False, keep=session.pk)
    with pytest.raises(security.NotRecovered):
        security.unlock(user=ada, session_id=session.pk, at=timezone.now())


@pytest.mark.parametrize(
    ("has_app", "methods", "opens"),
    [
        (False, ["password"], True),
        (False, ["otp"], False),
        (True, ["password"], False),
        (True, ["mfa/webauthn"], False),
        (True, ["totp"], False),
        (True, ["password", "totp"], True),
        (True, ["password", "recovery_code"], True),
    ],
)
def test_unlocking_takes_the_new_password_or_the_second_factor_since(ada, has_app, methods, opens):
    at = timezone.now()
    if has_app:
        factors.enrol_totp(user=ada)
    security.report(user=ada, at=at)
    security.password_replaced(user=ada, at=at, by_mail=True)
    with acting_as_service():
        session = sessions.start(user=ada, face="PAGES", method=methods[0], at=at + timedelta(minutes=1))
        for method in methods[1:]:
            sessions.prove(session_id=session.pk, method=method, at=at + timedelta(minutes=1))
    if opens:
        security.unlock(user=ada, session_id=session.pk, at=at)
        assert customer(ada).status == "ACTIVE"
    else:
        with pytest.raises(security.ProofNeeded):
            security.unlock(user=ada, session_id=session.pk, at=at)
        assert customer(ada).status == "LOCKED"


def test_a_session_from_before_the_new_password_unlocks_nothing(ada):
    at = timezone.now()
    security.report(user=ada, at=at)
    with acting_as_service():
        old = sessions.start(user=ada, face="PAGES", method="password", at=at)
        Customer.objects.filter(pk=ada.pk).update(recovered_at=at + timedelta(minutes=1))
    for session_id in (old.pk, uuid4(), None):
        with pytest.raises(security.ProofNeeded):
            security.unlock(user=ada, session_id=session_id, at=at)


def test_another_persons_session_unlocks_nothing(ada, bola):
    at = timezone.now()
    security.report(user=ada, at=at)
    security.password_replaced(user=ada, at=at, by_mail=True)
    with acting_as_service():
        hers = sessions.start(user=bola, face="PAGES", method="password", at=at)
    with pytest.raises(security.ProofNeeded):
        security.unlock(user=ada, session_id=hers.pk, at=at)


def test_whose_address_changed_lately_is_given_back_by_staff_only(ada):
    with acting_as_service():
        audit.record(action="accounts.email.changed", target=ada, actor_id=ada.pk)
    security.report(user=ada, at=timezone.now())
    assert (customer(ada).status, customer(ada).lock_reason) == ("LOCKED", "DOUBTFUL")
    assert "/reset/key/" not in mail.outbox[-1].body
    security.password_replaced(user=ada, at=timezone.now(), by_mail=True)
    with pytest.raises(security.OnlyStaffUnlock):
        security.unlock(user=ada, session_id=None, at=timezone.now())


@pytest.mark.parametrize("action", ["accounts.email.added", "accounts.email.changed"])
def test_a_thief_who_still_has_a_way_in_cannot_bring_an_address_of_their_own(ada, action):
    at = timezone.now()
    security.report(user=ada, at=at)
    with acting_as_service():
        audit.record(action=action, target=ada, actor_id=ada.pk)
        session = sessions.start(user=ada, face="PAGES", method="password", at=at)
    security.password_replaced(user=ada, at=at, by_mail=True)
    with pytest.raises(security.OnlyStaffUnlock):
        security.unlock(user=ada, session_id=session.pk, at=at)


def test_who_is_locked_reads_it_on_the_start_page(ada):
    here = came_in()
    assert "Your money is locked" not in here.get("/home/").content.decode()
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(status="LOCKED", lock_reason="DOUBTFUL")
    for path in ("/home/", "/security/"):
        assert "Your money is locked" in here.get(path).content.decode()


def test_reporting_does_not_turn_what_staff_froze_into_a_lock_of_ones_own(ada):
    restrict(ada, "FROZEN")
    security.report(user=ada, at=timezone.now())
    assert (customer(ada).status, customer(ada).lock_reason) == ("FROZEN", "")


def test_unlocking_brings_back_what_restricted_before_the_report(ada):
    restrict(ada, "NO_DEBIT")
    security.report(user=ada, at=timezone.now())
    assert customer(ada).status == "LOCKED"
    choose_password_by_mail(ANOTHER)
    assert came_in(password=ANOTHER).post("/security/unlock/").status_code == 302
    assert customer(ada).status == "NO_DEBIT"


def test_a_lock_can_not_be_lifted_by_raw_sql_or_a_get(ada):
    security.report(user=ada, at=timezone.now())
    choose_password_by_mail(ANOTHER)
    assert came_in(password=ANOTHER).get("/security/unlock/").status_code == 405
    with acting_as(ada), pytest.raises(Exception, match="permission denied"):
        Customer.objects.filter(pk=ada.pk).update(status="ACTIVE", lock_reason="")
