"""A person's security pages: the overview, where they are signed in, what happened, a new password or address."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import audit, factors, security_events
from accounts.models import AuditEvent, User
from accounts.services import account_life, sessions
from accounts.services.new_devices import network_of
from accounts.tests.factories import PASSWORD, make_person, prove_again
from accounts.tests.security import (
    ANOTHER,
    CHROME,
    FIREFOX,
    NEWER_CHROME,
    actions,
    browser,
    came_in,
    choose_password_by_mail,
    sessions_of,
)
from accounts.tests.status_steps import restrict
from accounts.tests.test_sign_in import log_in
from accounts.tests.test_wire_sign_in import call
from core.actors import acting_as_service

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


def test_pages_open_while_valkey_is_away(ada, settings):
    here = came_in()
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": away}
    assert here.get("/security/sessions/").status_code == 200


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
    assert "Your account was frozen" in text
    assert "secret doubt" not in text
    assert agent.email not in text


def test_staff_do_not_find_what_they_did_to_others_in_their_own_history(ada):
    agent, at = make_person(role="AGENT", email="agent@alajo.test"), timezone.now()
    with acting_as_service():
        sessions.start(user=ada, face="APP", method="password", at=at)
    with acting_as_service(on_behalf_of=agent):
        restrict(ada, "FROZEN", by=agent, at=at)
        account_life.end_sessions(user=ada, by=agent, reason="Asked for by phone", at=at)
    told = [str(event.words.title) for event in security_events.page_of(user=agent).events]
    assert told == ["Account opened"]
    hers = [str(event.words.title) for event in security_events.page_of(user=ada).events]
    assert {"Your account was frozen", "Logged out everywhere by our staff"} <= set(hers)


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
