"""A person's security pages: the overview, where they are signed in, what happened, and "this was not me"."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import audit, factors
from accounts.models import AuditEvent, Customer, Notification, Session, User
from accounts.services import security, sessions
from accounts.services.new_devices import network_of
from accounts.tests.factories import PASSWORD, make_person, prove_again
from accounts.tests.test_sign_in import log_in, signed_in
from accounts.tests.test_wire_sign_in import call
from core.actors import acting_as, acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
ANOTHER = "another-long-secret"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
NEWER_CHROME = CHROME.replace("130", "131")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


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


def browser(agent: str = CHROME, address: str = "203.0.113.7") -> Client:
    return Client(headers={"user-agent": agent, "x-forwarded-for": address})


def came_in(agent: str = CHROME, address: str = "203.0.113.7", password: str = PASSWORD) -> Client:
    client = browser(agent, address)
    log_in(client, password=password)
    assert signed_in(client)
    return client


def sessions_of(user: User) -> list[Session]:
    with acting_as_service():
        return list(Session.objects.filter(user=user).live().order_by("pk"))


def customer(user: User) -> Customer:
    with acting_as_service():
        return Customer.objects.get(pk=user.pk)


def actions(user: User) -> list[str]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(actor_id=user.pk).values_list("action", flat=True))


# The overview


def test_the_overview_counts_what_is_on_and_names_the_next_step(ada):
    client = came_in()
    page = client.get("/security/")
    overview = page.context["overview"]
    assert (overview.score, len(overview.scored)) == (2, 5)
    assert overview.next_step.title == "Authenticator app"
    factors.enrol_totp(user=ada)
    assert client.get("/security/").context["overview"].score == 3


@pytest.mark.parametrize(
    "path", ["", "sessions/", "history/", "report/", "export/", "close/"], ids=lambda path: path or "overview"
)
def test_every_page_asks_a_stranger_to_log_in(client, path):
    assert client.get(f"/security/{path}").url.startswith("/accounts/login/")


# Sessions


def test_one_session_is_ended_at_once_for_pages_and_apps(ada):
    here, there = came_in(), came_in(FIREFOX)
    app = call(
        Client(), "POST", "token?grant_type=password", {"email": ada.email, "password": PASSWORD}
    ).json()
    _mine, browser_there, app_there = sessions_of(ada)
    for session in (browser_there, app_there):
        assert here.post("/security/sessions/", {"id": str(session.pk)}).url == "/security/sessions/"
    assert there.get("/home/").url.startswith("/accounts/login/")
    answer = call(Client(), "GET", "user", bearer=app["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (403, "session_not_found")
    again = call(Client(), "POST", "token?grant_type=refresh_token", {"refresh_token": app["refresh_token"]})
    assert again.status_code == 400
    assert here.get("/home/").status_code == 200


@pytest.mark.parametrize("wanted", ["hers", "unknown", "no id", ""])
def test_nobody_ends_a_session_that_is_not_theirs(ada, bola, wanted):
    here = came_in()
    with acting_as_service():
        hers = sessions.start(user=bola, face="APP", method="password", at=timezone.now())
    named = {"hers": str(hers.pk), "unknown": str(uuid4()), "no id": "no id", "": ""}[wanted]
    assert here.post("/security/sessions/", {"id": named}).status_code == 404
    assert len(sessions_of(bola)) == 1


def test_a_session_that_has_ended_is_not_ended_again(ada):
    here = came_in()
    came_in(FIREFOX)
    gone = str(sessions_of(ada)[1].pk)
    here.post("/security/sessions/", {"id": gone})
    assert here.post("/security/sessions/", {"id": gone}).status_code == 404


@pytest.mark.parametrize("form", [{"all": "yes"}, None])
def test_ending_all_or_this_one_logs_out_here_too(ada, form):
    here, there = came_in(), came_in(FIREFOX)
    first = sessions_of(ada)[0]
    answer = here.post("/security/sessions/", form or {"id": str(first.pk)})
    assert answer.url == "/accounts/login/"
    assert here.get("/home/").status_code == 302
    assert (there.get("/home/").status_code == 302) is (form is not None)


def test_the_list_tells_devices_addresses_faces_and_factors(ada):
    here = came_in()
    call(Client(), "POST", "token?grant_type=password", {"email": ada.email, "password": PASSWORD})
    text = here.get("/security/sessions/").content.decode()
    for words in ("Chrome on Windows", "203.0.113.7", "This device", "Browser", "App", "Without second step"):
        assert words in text


# A new device


def test_the_first_sign_in_is_no_news(ada):
    came_in()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("agent", "address", "told"),
    [
        (CHROME, "203.0.113.7", False),
        (NEWER_CHROME, "203.0.113.200", False),
        (FIREFOX, "203.0.113.7", True),
        (CHROME, "198.51.100.7", True),
        (CHROME, "2001:db8::1", True),
    ],
)
def test_a_sign_in_from_a_new_device_or_network_is_told_by_mail(ada, agent, address, told):
    came_in()
    came_in(agent, address)
    assert [letter.to for letter in mail.outbox] == ([["ada@alajo.test"]] if told else [])
    if told:
        (letter,) = mail.outbox
        for text in (letter.body, letter.alternatives[0][0]):
            assert "http://testserver/security/history/" in text
            assert address in text


def test_an_app_that_signs_in_from_elsewhere_is_told_too(ada):
    came_in()
    body = {"email": ada.email, "password": PASSWORD}
    call(browser(FIREFOX), "POST", "token?grant_type=password", body)
    assert [letter.subject for letter in mail.outbox] == ["A new log-in to your account"]


def test_another_persons_device_is_not_known(ada, bola):
    came_in()
    log_in(browser(FIREFOX), "bola@alajo.test")
    came_in(FIREFOX)
    assert [letter.to for letter in mail.outbox] == [["ada@alajo.test"]]


def test_networks_are_24_bits_of_the_old_addresses_and_48_of_the_new():
    assert network_of("203.0.113.7") == network_of("203.0.113.250") != network_of("203.0.114.7")
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:3::1") != network_of("2001:db8:2::1")


# History


def test_the_history_tells_what_went_well_and_what_was_refused(ada, bola):
    log_in(browser(FIREFOX, "198.51.100.9"), password="wrong-" + PASSWORD)
    here = came_in()
    log_in(browser(), "bola@alajo.test", "wrong-" + PASSWORD)
    events = here.get("/security/history/").context["events"]
    told = [(str(event.words.title), str(event.words.result), event.address) for event in events]
    assert told == [
        ("Log-in", "Let in", "203.0.113.7"),
        ("Log-in refused", "Refused", "198.51.100.9"),
        ("Account opened", "Done", ""),
    ]


def test_the_history_is_walked_page_by_page_without_a_gap_or_a_repeat(ada):
    with acting_as_service():
        for _number in range(60):
            audit.record(action="accounts.password.changed", target=ada, actor_id=ada.pk)
            audit.record(action="wallet.transfer.posted", target=ada, actor_id=ada.pk)
    here = came_in()
    seen: list[str] = []
    address = "/security/history/"
    while True:
        page = here.get(address).context
        seen += [str(event.id) for event in page["events"]]
        if not page["older"]:
            break
        address = f"/security/history/{page['older']}"
    assert len(seen) == len(set(seen)) == 62
    assert seen == sorted(seen, reverse=True)
    newer = here.get(address).context["newer"]
    back = here.get(f"/security/history/{newer}").context
    assert str(back["events"][-1].id) == seen[49]


@pytest.mark.parametrize("cursor", ["before=x", "after=%00", "before=1", "after=' or 1=1"])
def test_a_made_up_cursor_is_not_found(ada, cursor):
    assert came_in().get(f"/security/history/?{cursor}").status_code in (400, 404)


def test_what_staff_did_is_told_without_who_or_from_where(ada):
    agent = make_person(role="AGENT")
    with acting_as_service():
        audit.record(action="accounts.user.frozen", target=ada, actor_id=agent.pk, reason="a secret doubt")
        audit.record(action="accounts.user.viewed", target=ada, actor_id=agent.pk)
    page = came_in().get("/security/history/")
    text = page.content.decode()
    assert "Locked by our staff" in text
    assert "secret doubt" not in text
    assert agent.email not in text


# This was not me


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


def choose_password_by_mail(password: str) -> None:
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    client = browser()
    form = client.get(link).url
    assert client.post(form, {"password1": password, "password2": password}).status_code == 302


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
    assert customer(ada).lock_reason == "STAFF"
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
        Customer.objects.filter(pk=ada.pk).update(status="LOCKED", lock_reason="STAFF")
    for path in ("/home/", "/security/"):
        assert "Your money is locked" in here.get(path).content.decode()


def test_reporting_does_not_turn_a_lock_by_staff_into_ones_own(ada):
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(status="LOCKED", lock_reason="STAFF")
    security.report(user=ada, at=timezone.now())
    assert customer(ada).lock_reason == "STAFF"


def test_a_lock_can_not_be_lifted_by_raw_sql_or_a_get(ada):
    security.report(user=ada, at=timezone.now())
    choose_password_by_mail(ANOTHER)
    assert came_in(password=ANOTHER).get("/security/unlock/").status_code == 405
    with acting_as(ada), pytest.raises(Exception, match="permission denied"):
        Customer.objects.filter(pk=ada.pk).update(status="ACTIVE", lock_reason="")


# Password and address


def test_a_reset_password_ends_every_session_and_is_in_the_trail(ada):
    here = came_in()
    browser().post("/accounts/password/reset/", {"email": ada.email})
    choose_password_by_mail(ANOTHER)
    assert here.get("/home/").url.startswith("/accounts/login/")
    assert "accounts.password.reset" in actions(ada)


def test_a_changed_password_is_in_the_trail(ada):
    here = came_in()
    form = {"oldpassword": PASSWORD, "password1": ANOTHER, "password2": ANOTHER}
    here.post("/accounts/password/change/", form)
    assert "accounts.password.changed" in actions(ada)
    assert mail.outbox[-1].subject == "Your password was changed"


def test_an_address_is_changed_only_after_a_proof_and_both_are_told(ada):
    here = came_in()
    answer = here.post("/accounts/email/", {"action_add": "", "email": "new@alajo.test"})
    assert answer.url.startswith("/accounts/reauthenticate/")
    with acting_as_service():
        assert not EmailAddress.objects.filter(email="new@alajo.test").exists()
        EmailAddress.objects.create(user=ada, email="new@alajo.test", verified=True, primary=False)
    prove_again(here)
    mail.outbox.clear()
    here.post("/accounts/email/", {"action_primary": "", "email": "new@alajo.test"})
    told = [(letter.subject, letter.to) for letter in mail.outbox]
    assert sorted(to for _subject, to in told) == [["ada@alajo.test"], ["new@alajo.test"]]
    assert {subject for subject, _to in told} == {"Your e-mail address was changed"}
    assert "accounts.email.changed" in actions(ada)
    with acting_as_service():
        assert "ada@" not in str(AuditEvent.objects.get(action="accounts.email.changed").data)
