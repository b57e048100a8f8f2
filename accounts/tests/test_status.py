"""What a customer's status may become, by whom, until when; what lies beneath comes back; the customer is told."""

import json
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.core import mail
from django.db import Error, connection
from django.utils import timezone

from accounts import check_tasks, status_words
from accounts.models import AuditEvent, Customer, CustomerStatusChange, Notification, User
from accounts.services import find_recipient, personal_data, security, status
from accounts.services.people import RecipientNotFound
from accounts.statuses import FOLLOWS
from accounts.tests.factories import make_person, sign_in
from accounts.tests.staff import ALL, WHY, address, at_work, make_agent
from accounts.tests.status_steps import changes, customer_of, holds, lift, restrict, submit
from accounts.tests.test_ways_in import at_once
from core.actors import acting_as, acting_as_service
from realtime.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def set_to(user: User, state: str) -> None:
    with acting_as_service():
        Customer.objects.filter(pk=user.pk).update(status=state)


@pytest.fixture
def agent() -> User:
    return make_agent(*ALL)


@pytest.mark.parametrize("before", Customer.Status.values)
@pytest.mark.parametrize("to", Customer.Status.values)
def test_every_pair_of_statuses(ada, agent, before, to):
    set_to(ada, before)
    allowed = {
        "ACTIVE": {"NO_DEBIT", "NO_CREDIT", "FROZEN"},
        "NO_DEBIT": {"NO_DEBIT", "FROZEN"},
        "NO_CREDIT": {"NO_CREDIT", "FROZEN"},
        "FROZEN": {"FROZEN"},
        "LOCKED": {"FROZEN"},
        "CLOSED": set(),
    }[before]
    if to in allowed:
        restrict(ada, to, by=agent)
        assert holds(ada) == to
    else:
        with pytest.raises(status.AccountIsClosed if before == "CLOSED" else status.StatusNotAllowed):
            restrict(ada, to, by=agent)
        assert holds(ada) == before


def test_closed_is_the_end():
    assert FOLLOWS["CLOSED"] == frozenset()


def test_who_is_restricted_reads_what_it_means_why_and_what_to_do(ada, agent):
    until = timezone.now() + 3 * DAY
    restrict(ada, "NO_DEBIT", by=agent, reason="DOCUMENTS", until=until)
    [letter] = [letter for letter in mail.outbox if letter.to == [ada.email]]
    assert letter.subject == "You cannot send money for now"
    for words in ("Nothing leaves your account", "Documents that we need", "It ends by itself on"):
        assert words in letter.body
    assert WHY not in letter.body
    with acting_as_service():
        notice = Notification.objects.get(user=ada, event="security.restricted")
        facts = AuditEvent.objects.get(action="accounts.user.restricted").data
        told = Message.objects.get(event="account.status_changed")
    assert notice.data == {"status": "NO_DEBIT", "reason": "DOCUMENTS", "until": until.isoformat()}
    assert (facts["reason"], facts["reason_code"], facts["cause"]) == (WHY, "DOCUMENTS", "STAFF")
    assert (told.topic, told.payload["status"]) == (f"user:{ada.pk}", "NO_DEBIT")


def test_every_page_says_what_is_restricted_and_the_security_page_since_when(client, ada, agent):
    sign_in(client, ada)
    assert "You cannot send money" not in client.get("/notices/").content.decode()
    restrict(ada, "NO_DEBIT", by=agent)
    for page in ("/notices/", "/security/"):
        assert "You cannot send money" in client.get(page).content.decode()
    lift(ada, by=agent)
    page = client.get("/security/").content.decode()
    assert "What was restricted, and when" in page
    assert "What we looked into is settled" in page
    assert agent.email not in page and WHY not in page


def test_what_lies_beneath_comes_back_and_what_ran_out_meanwhile_does_not(ada, agent):
    at = timezone.now()
    restrict(ada, "NO_DEBIT", by=agent, at=at)
    restrict(ada, "FROZEN", by=agent, at=at)
    lift(ada, by=agent, at=at)
    assert holds(ada) == "NO_DEBIT"
    with acting_as_service():
        assert status.layer_of(customer_of(ada)).reason_code == "REVIEW"
    lift(ada, by=agent, at=at)
    restrict(ada, "NO_CREDIT", by=agent, at=at, until=at + DAY)
    restrict(ada, "FROZEN", by=agent, at=at)
    lift(ada, by=agent, at=at + 2 * DAY)
    assert holds(ada) == "ACTIVE"
    with pytest.raises(status.NotRestricted):
        lift(ada, by=agent)


def test_a_lock_that_comes_back_after_a_freeze_is_for_staff_to_lift(ada, agent):
    security.report(user=ada, at=timezone.now())
    restrict(ada, "FROZEN", by=agent)
    lift(ada, by=agent)
    assert (holds(ada), customer_of(ada).lock_reason) == ("LOCKED", "DOUBTFUL")
    with pytest.raises(security.OnlyStaffUnlock):
        security.unlock(user=ada, session_id=None, at=timezone.now())
    lift(ada, by=agent)
    assert (holds(ada), customer_of(ada).lock_reason) == ("ACTIVE", "")


def test_another_reason_replaces_the_first_and_the_same_is_refused(ada, agent):
    restrict(ada, "NO_DEBIT", by=agent)
    with pytest.raises(status.AlreadySo):
        restrict(ada, "NO_DEBIT", by=agent)
    restrict(ada, "NO_DEBIT", by=agent, reason="AUTHORITY")
    lift(ada, by=agent)
    assert holds(ada) == "ACTIVE"


def test_an_end_that_is_past_is_refused(ada, agent):
    at = timezone.now()
    with pytest.raises(status.UntilNotAhead):
        restrict(ada, "FROZEN", by=agent, at=at, until=at)


def test_what_has_an_end_is_lifted_by_itself_once_and_only_if_nothing_changed(ada, bola, chidi, agent):
    at = timezone.now()
    for person in (ada, bola, chidi):
        restrict(person, "NO_DEBIT", by=agent, at=at, until=at + DAY)
    restrict(bola, "NO_DEBIT", by=agent, at=at, reason="AUTHORITY")
    restrict(chidi, "FROZEN", by=agent, at=at, until=at + 3 * DAY)
    rules = check_tasks.status_rules
    assert rules.lift_expired(at=at) == 0
    assert rules.lift_expired(at=at + 2 * DAY) == 1
    assert rules.lift_expired(at=at + 2 * DAY) == 0
    assert (holds(ada), holds(bola), holds(chidi)) == ("ACTIVE", "NO_DEBIT", "FROZEN")
    assert rules.lift_expired(at=at + 4 * DAY) == 1
    assert holds(chidi) == "ACTIVE"
    assert changes(ada)[-1] == ("NO_DEBIT", "ACTIVE", "OVER")


def test_two_colleagues_at_once_leave_one_change_and_one_refusal(ada):
    agents = [make_agent(*ALL) for _ in range(2)]
    deeds = [lambda by=by: restrict(ada, "FROZEN", by=by) and None for by in agents]
    assert at_once(*deeds) == ["", "AlreadySo"]
    assert at_once(*[lambda by=by: lift(ada, by=by) and None for by in agents]) == ["", "NotRestricted"]
    assert len(changes(ada)) == 2


def test_who_may_receive_is_found_and_who_may_not_is_not(ada):
    for state in Customer.Status.values:
        set_to(ada, state)
        if state in ("ACTIVE", "NO_DEBIT"):
            assert find_recipient(text=ada.email).user_id == ada.pk
        else:
            with pytest.raises(RecipientNotFound):
                find_recipient(text=ada.email)


def test_who_is_restricted_may_log_in_and_stays_logged_in(client, ada, agent):
    sign_in(client, ada)
    restrict(ada, "NO_DEBIT", by=agent)
    assert client.get("/security/").status_code == 200
    restrict(ada, "FROZEN", by=agent)
    assert client.get("/security/").status_code == 302
    sign_in(client, ada)
    assert "Your account is frozen" in client.get("/security/").content.decode()


def test_staff_see_what_will_be_read_before_they_do_it(ada, agent):
    staff = at_work(agent)
    form = {"to": "NO_DEBIT", "reason_code": "FRAUD_SUSPECTED", "text": WHY, "until": "2099-01-02"}
    seen = staff.post(address(ada, "restrict"), form)
    page = seen.content.decode()
    assert seen.status_code == 200 and holds(ada) == "ACTIVE"
    assert "We are looking into something about your account" in page and "2 January 2099" in page
    # What was not seen is not done: another date is another text.
    previewed = seen.context["form"]["previewed"].value()
    other = {**form, "previewed": previewed, "until": "2099-01-03"}
    assert staff.post(address(ada, "restrict"), other).status_code == 200
    assert holds(ada) == "ACTIVE"
    assert staff.post(address(ada, "restrict"), {**form, "previewed": previewed}).status_code == 302
    assert holds(ada) == "NO_DEBIT"


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "CLOSED"},
        {"reason_code": "SCREENING"},
        {"until": "2001-01-01"},
        {"until": "x"},
        {"text": "short"},
    ],
)
def test_staff_cannot_send_what_the_form_does_not_offer(ada, agent, wrong):
    assert submit(at_work(agent), ada, "restrict", **{"to": "NO_CREDIT", **wrong}).status_code == 422
    assert holds(ada) == "ACTIVE"


def test_a_person_who_is_no_customer_is_not_restricted(agent):
    assert submit(at_work(agent), make_person(role="AGENT"), "freeze").status_code == 422


def test_staff_read_the_history_on_the_customers_page(ada, agent):
    restrict(ada, "NO_DEBIT", by=agent, reason="AUTHORITY")
    page = at_work(make_agent("view_customer")).get(f"/staff/accounts/customer/{ada.pk}/change/")
    text = page.content.decode()
    assert "Order of a court or an authority" in text and WHY in text


def test_every_reason_has_words_for_every_status_and_gives_no_suspicion_away():
    for code in {**status_words.REASONS, **status_words.LIFTED}:
        for state in Customer.Status.values:
            told = status_words.told(status=state, reason_shown=status_words.shown(code), until=None)
            assert told.title and told.why
            assert not {"fraud", "sanction", "screening", "suspicion"} & set(told.text.lower().split())
    for secret in ("SCREENING", "FRAUD_SUSPECTED"):
        assert status_words.shown(secret) == status_words.shown("REVIEW")


def test_customers_read_their_own_changes_and_no_reason_and_change_nothing(ada, bola, agent):
    restrict(ada, "NO_DEBIT", by=agent, reason="FRAUD_SUSPECTED")
    with acting_as(ada):
        assert CustomerStatusChange.objects.values_list("to_status", flat=True).get() == "NO_DEBIT"
    with acting_as(bola):
        assert not CustomerStatusChange.objects.values("id").exists()
    for statement in (
        "select reason_code from accounts_customerstatuschange",
        "select text from accounts_customerstatuschange",
        "update accounts_customerstatuschange set to_status = 'ACTIVE'",
        "delete from accounts_customerstatuschange",
    ):
        with acting_as(ada), connection.cursor() as cursor, pytest.raises(Error, match="permission denied"):
            cursor.execute(statement)


def test_the_export_tells_what_was_restricted_as_it_was_told(ada, agent):
    restrict(ada, "NO_DEBIT", by=agent, reason="FRAUD_SUSPECTED")
    with acting_as(ada), ZipFile(personal_data.write_export(user=ada)) as archive:
        text = archive.read("status_changes.json").decode()
        everything = " ".join(archive.read(name).decode() for name in archive.namelist())
    assert json.loads(text)[0]["to_status"] == "NO_DEBIT"
    assert "FRAUD" not in everything and WHY not in everything and agent.email not in everything
