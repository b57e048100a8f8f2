"""Two workers, one that is killed, a service that is away: each notice goes out once, or it is known why not."""

import threading
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.db import connections

from accounts import channels
from accounts.channels.mail import Mail
from accounts.models import AuditEvent, NotificationDelivery, User
from accounts.services import sending
from accounts.services.sending import LEASE, TRIES, NotFailed, SentInsideTransaction
from accounts.tests.factories import make_person
from accounts.tests.noticing import NOON, delivery, plan, send, settle, states, tell
from core.actors import acting_as_service
from core.ids import timestamp_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_mail(settings):
    settings.NOTICE_CHANNELS = {"EMAIL": "accounts.channels.mail.Mail"}


class Scripted:
    """A driver that does what it is told for each call in turn, and then sends."""

    def __init__(self, *script) -> None:
        self.script, self.ids = list(script), []

    def send(self, message) -> None:
        self.ids.append(message.id)
        act = self.script.pop(0) if self.script else None
        if isinstance(act, BaseException):
            raise act
        Mail().send(message)
        if callable(act):
            act()


@pytest.fixture
def driver(monkeypatch):
    def use(*script) -> Scripted:
        scripted = Scripted(*script)
        monkeypatch.setattr(channels, "driver_of", lambda channel: scripted)
        return scripted

    return use


class Killed(BaseException):
    """What a signal does to a worker: nothing after it runs."""


def waiting(*people: User, many: int = 1) -> None:
    plan(*[tell(person) for person in people for _ in range(many)], at=NOON)


def test_nothing_is_sent_inside_a_transaction(ada: User):
    waiting(ada)
    with acting_as_service(), pytest.raises(SentInsideTransaction):
        send(NOON)


def test_a_worker_killed_before_the_call_leaves_it_to_another_when_its_lease_is_over(ada: User, driver):
    waiting(ada)
    driver(Killed())
    with pytest.raises(Killed):
        send(NOON)
    assert send(NOON + LEASE - timedelta(seconds=1)) == 0
    assert send(NOON + LEASE) == 1
    assert len(mail.outbox) == 1 and delivery().state == "SENT"


def test_a_worker_killed_between_call_and_mark_sends_a_repeat_that_can_be_recognised(ada: User, driver):
    def die() -> None:
        raise Killed

    waiting(ada)
    scripted = driver(die)
    with pytest.raises(Killed):
        send(NOON)
    send(NOON + LEASE)
    first, second = mail.outbox
    assert (
        first.extra_headers["Message-ID"]
        == second.extra_headers["Message-ID"]
        == f"<{delivery().pk}@testserver>"
    )
    assert len(set(scripted.ids)) == 1
    assert send(NOON + 2 * LEASE) == 0


def test_the_repeat_of_a_daily_mail_can_be_recognised_and_another_one_is_not_taken_for_it(ada: User, driver):
    def die() -> None:
        raise Killed

    settle(ada, digest="DAILY", digest_hour=18)
    waiting(ada, many=2)
    scripted = driver(die)
    hour = NOON + timedelta(hours=6)
    with pytest.raises(Killed):
        send(hour)
    send(hour + LEASE)
    # It was planned for the same hour, and committed too late for the first mail.
    waiting(ada)
    send(hour + LEASE)
    assert scripted.ids[0] == scripted.ids[1] != scripted.ids[2]


def test_a_worker_that_comes_back_too_late_changes_nothing_any_more(ada: User, driver):
    """Its lease ran out while the mail server kept it waiting; another has sent it, and then marked it."""
    waiting(ada)

    def meanwhile() -> None:
        driver()
        send(NOON + LEASE)
        raise channels.ChannelUnavailable

    driver(meanwhile)
    send(NOON)
    assert (delivery().state, delivery().tries) == ("SENT", 2)


def test_two_workers_at_once_send_each_once():
    people = [make_person() for _ in range(5)]
    waiting(*people, many=8)
    start = threading.Barrier(3)
    failures = []

    def work() -> None:
        try:
            start.wait()
            while send(NOON):
                pass
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    ids = [letter.extra_headers["Message-ID"] for letter in mail.outbox]
    assert len(ids) == len(set(ids)) == 40
    assert {state for _channel, state, _why in states()} == {"SENT"}


def test_two_workers_at_once_make_one_daily_mail_of_it():
    people = [make_person() for _ in range(4)]
    for person in people:
        settle(person, digest="DAILY", digest_hour=18)
    waiting(*people, many=5)
    hour, start = NOON + timedelta(hours=6), threading.Barrier(3)

    def work() -> None:
        try:
            start.wait()
            for _ in range(8):
                send(hour)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(person.email for person in people)
    assert {letter.subject for letter in mail.outbox} == {"5 notices for you"}


def test_while_the_mail_server_is_away_each_try_comes_later_until_it_is_given_up(ada: User, driver):
    waiting(ada)
    driver(*[channels.ChannelUnavailable()] * TRIES)
    at, pauses = NOON, []
    while delivery().state == "WAITING":
        send(at)
        pauses.append((delivery().not_before - at) // timedelta(minutes=1))
        at = delivery().not_before
    assert pauses[:-1] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert (delivery().state, delivery().error, delivery().tries) == ("FAILED", "unavailable", TRIES)
    assert send(at + timedelta(days=1)) == 0


def test_what_was_taken_and_not_tried_waits_for_its_turn_and_that_counts_for_nothing(ada: User, driver):
    waiting(ada, many=3)
    driver(channels.ChannelUnavailable())
    send(NOON)
    with acting_as_service():
        rows = NotificationDelivery.objects.order_by("pk").values_list("state", "tries", "error")
        assert list(rows) == [("WAITING", 1, "unavailable"), ("WAITING", 0, ""), ("WAITING", 0, "")]
    send(NOON + timedelta(minutes=1))
    assert len(mail.outbox) == 3


def test_a_fault_in_one_keeps_no_other_from_being_sent(ada: User, driver, caplog):
    waiting(ada, many=3)
    driver(ValueError("out of words"))
    send(NOON)
    assert [why for _channel, _state, why in states()] == ["fault", "", ""]
    assert len(mail.outbox) == 2 and "out of words" in caplog.text


def test_one_that_kills_every_worker_is_given_up(ada: User, driver):
    waiting(ada)
    driver(*[Killed()] * TRIES)
    at = NOON
    for _ in range(TRIES):
        with pytest.raises(Killed):
            send(at)
        at += LEASE
    assert send(at) == 0
    assert sending.settle_hopeless(at=at) == 1
    assert (delivery().state, delivery().error) == ("FAILED", "gave_up")


@pytest.mark.parametrize(
    ("said", "state", "why"),
    [
        (SMTPRecipientsRefused({"ada@alajo.test": (550, b"no such user")}), "FAILED", "refused"),
        (SMTPRecipientsRefused({"ada@alajo.test": (450, b"greylisted")}), "WAITING", "unavailable"),
        (SMTPDataError(554, b"spam"), "FAILED", "refused"),
        (SMTPServerDisconnected("bye"), "WAITING", "unavailable"),
        (TimeoutError("slow"), "WAITING", "unavailable"),
    ],
)
def test_what_a_mail_server_says_is_told_apart(ada: User, monkeypatch, said, state, why):
    def refuse(*args: object) -> None:
        raise said

    waiting(ada)
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    send(NOON)
    assert (delivery().state, delivery().error) == (state, why)


def test_what_waits_for_a_channel_that_is_no_longer_offered_is_closed(ada: User, settings):
    waiting(ada)
    settings.NOTICE_CHANNELS = {}
    assert send(NOON) == 0
    assert sending.settle_hopeless(at=NOON) == 1
    assert (delivery().state, delivery().error) == ("SKIPPED", "not_offered")


def test_staff_have_what_failed_sent_again_and_that_is_written_down(ada: User, driver):
    waiting(ada)
    driver(channels.MessageRefused())
    send(NOON)
    assert delivery().state == "FAILED"
    sending.send_again(delivery_id=delivery().pk, at=NOON)
    send(NOON)
    assert (delivery().state, len(mail.outbox)) == ("SENT", 1)
    with pytest.raises(NotFailed):
        sending.send_again(delivery_id=delivery().pk, at=NOON)
    with acting_as_service():
        (line,) = AuditEvent.objects.filter(action="accounts.notice.sent_again")
    assert (line.target_id, line.data["why"]) == (str(delivery().pk), "refused")


def test_what_is_over_is_forgotten_after_its_time_and_what_is_open_is_not(ada: User):
    waiting(ada)
    assert sending.forget(at=delivery_time() + timedelta(days=91)) == 0
    send(NOON)
    assert sending.forget(at=delivery_time() + timedelta(days=89)) == 0
    assert sending.forget(at=delivery_time() + timedelta(days=91)) == 1


def delivery_time():
    return timestamp_of(delivery().pk)
