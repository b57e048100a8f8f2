"""A notice reaches its person by each channel they want, when they want, and once."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import notice_kinds, notice_words
from accounts.models import Notification, NotificationDelivery, User
from accounts.services import deliveries, notify
from accounts.tests.factories import make_person
from accounts.tests.noticing import (
    NOON,
    backdate,
    choose,
    delivery,
    give_phone,
    plan,
    send,
    settle,
    states,
    take_all,
    tell,
    told,
)
from core.actors import acting_as, acting_as_service
from core.dev import texts
from core.ids import uuid7
from realtime.services.consuming import Told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_texts(settings, tmp_path):
    settings.TEXTS_PATH = tmp_path / "texts.jsonl"


@pytest.fixture
def only_mail(settings):
    settings.NOTICE_CHANNELS = {"EMAIL": "accounts.channels.mail.Mail"}


def test_the_whole_story(ada: User):
    """From the service that tells, by the outbox, to a mail and a push; told twice, it is sent once."""
    notice = tell(ada)
    (event,) = told()
    assert (event.topic, event.event) == (f"user:{ada.pk}", "notification.created")
    assert event.payload == {"notification": str(notice.pk), "event": notice.event, "data": notice.data}
    take_all()
    take_all()
    assert states() == [("EMAIL", "SENT", ""), ("PUSH", "SENT", "")]
    (letter,) = mail.outbox
    assert letter.to == ["ada@alajo.test"]
    assert letter.subject == "Money was added to your account"
    (push,) = texts.sent()
    assert (push.channel, push.to, push.text) == ("PUSH", str(ada.pk), "Money was added to your account")
    assert push.href == f"http://testserver/notices/{notice.pk}/"


def test_nothing_is_told_of_what_was_rolled_back(ada: User):
    with pytest.raises(RuntimeError), acting_as_service():
        tell(ada)
        raise RuntimeError
    assert told() == []
    with acting_as_service():
        assert not Notification.objects.exists()


def test_a_mail_says_that_something_happened_and_neither_who_nor_how_much(ada: User):
    data = {"name": "Bola <b>evil.example</b>", "note": "call 0800", "transaction": str(ada.pk)}
    notice = tell(ada, "transfer.received", **data)
    take_all()
    (letter,) = mail.outbox
    html = letter.alternatives[0].content
    for part in (letter.body, html):
        assert f"http://testserver/notices/{notice.pk}/" in part
        assert "Money arrived in your account" in part
        for secret in ("Bola", "evil.example", "0800", "2,500", "250000", "ada@"):
            assert secret not in part
    assert "<img" not in html and "://" in html
    assert {address.split("/")[2] for address in html.split('"') if "://" in address} == {"testserver"}


def test_a_mail_can_be_unsubscribed_by_one_click_unless_it_is_locked(ada: User, only_mail):
    tell(ada)
    tell(ada, "legal.terms_changed")
    take_all()
    money, legal = mail.outbox
    assert money.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = money.extra_headers["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://testserver/notices/unsubscribe/") and link in money.body
    assert "List-Unsubscribe" not in legal.extra_headers and "unsubscribe" not in legal.body


def test_a_text_has_no_link_and_needs_a_number(ada: User):
    choose(ada, "MONEY_IN", "SMS", True)
    tell(ada)
    take_all()
    assert [channel for channel, _state, _why in states()] == ["EMAIL", "PUSH"]
    give_phone(ada)
    tell(ada)
    take_all()
    text = next(each for each in texts.sent() if each.channel == "SMS")
    assert text.to == "+2348031234567"
    assert "://" not in text.text and text.href == "" and len(text.text) <= 160


def test_an_event_whose_service_writes_a_letter_is_not_mailed_twice(ada: User):
    tell(ada, "security.frozen")
    take_all()
    assert states() == [("PUSH", "SENT", "")] and mail.outbox == []


def test_an_address_that_nobody_confirmed_gets_nothing(ada: User, only_mail):
    with acting_as_service():
        EmailAddress.objects.filter(user=ada).update(verified=False)
    tell(ada)
    take_all()
    assert states() == []


def test_a_channel_without_a_driver_is_not_planned_for(ada: User, only_mail):
    give_phone(ada)
    choose(ada, "MONEY_IN", "SMS", True)
    tell(ada)
    take_all()
    assert states() == [("EMAIL", "SENT", "")]


def test_what_somebody_switched_off_does_not_come(ada: User, bola: User):
    choose(ada, "MONEY_IN", "EMAIL", False)
    tell(ada)
    tell(bola)
    take_all()
    assert [channel for channel, *_ in states(of=ada)] == ["PUSH"]
    assert [channel for channel, *_ in states(of=bola)] == ["EMAIL", "PUSH"]


def test_what_is_not_wanted_in_the_app_is_kept_and_not_shown(ada: User, only_mail):
    choose(ada, "MONEY_IN", "IN_APP", False)
    tell(ada)
    with acting_as(ada):
        assert Notification.objects.visible_to(ada).count() == 1
        assert not Notification.objects.visible_to(ada).listed().exists()
        assert not Notification.objects.visible_to(ada).unread().exists()
    take_all()
    assert states() == [("EMAIL", "SENT", "")]


def test_rows_that_sql_wrote_are_muted_when_they_are_taken_up(ada: User):
    choose(ada, "MONEY_IN", "IN_APP", False)
    with acting_as_service():
        notice = Notification.objects.create(user=ada, event="transfer.received")
        plan(notice)
        notice.refresh_from_db()
    assert notice.muted


def test_quiet_hours_hold_a_notice_until_they_end(ada: User, only_mail):
    settle(ada, quiet_from="22:00", quiet_until="07:00")
    night = NOON + timedelta(hours=12)  # 00:00 in Lagos
    plan(tell(ada), at=night)
    assert delivery().not_before == NOON + timedelta(hours=19)
    assert send(night + timedelta(hours=6)) == 0
    assert send(NOON + timedelta(hours=19)) == 1
    assert states() == [("EMAIL", "SENT", "")]


def test_security_and_legal_matters_wait_neither_for_the_night_nor_for_a_digest(ada: User, only_mail):
    settle(ada, quiet_from="22:00", quiet_until="07:00", digest="DAILY")
    night = NOON + timedelta(hours=12)
    plan(tell(ada, "legal.terms_changed"), tell(ada, "security.new_rule"), at=night)
    with acting_as_service():
        assert {(row.not_before, row.digest_at) for row in NotificationDelivery.objects.all()} == {
            (night, None)
        }


def test_what_was_read_before_its_time_is_not_sent(ada: User, only_mail):
    settle(ada, quiet_from="22:00", quiet_until="07:00")
    money, legal = tell(ada), tell(ada, "legal.terms_changed")
    plan(money, legal, at=NOON + timedelta(hours=12))
    with acting_as_service():
        Notification.objects.update(read_at=NOON)
    send(NOON + timedelta(hours=24))
    # Who reads along in somebody's account must not be able to keep a warning from its owner.
    assert states() == [("EMAIL", "SKIPPED", "read"), ("EMAIL", "SENT", "")]


def test_what_was_switched_off_before_its_time_is_not_sent(ada: User, only_mail):
    settle(ada, digest="DAILY", digest_hour=18)
    plan(tell(ada), at=NOON)
    choose(ada, "MONEY_IN", "EMAIL", False)
    send(NOON + timedelta(hours=7))
    assert states() == [("EMAIL", "SKIPPED", "unwanted")] and mail.outbox == []


def test_whoever_left_gets_nothing(ada: User, bola: User, only_mail):
    plan(tell(ada), at=NOON)
    with acting_as_service():
        User.objects.filter(pk__in=[ada.pk, bola.pk]).update(is_active=False)
    plan(tell(bola), at=NOON)
    send(NOON)
    assert states() == [("EMAIL", "SKIPPED", "closed")] and mail.outbox == []


def test_an_address_that_went_away_meanwhile_is_not_written_to(ada: User, only_mail):
    plan(tell(ada), at=NOON)
    with acting_as_service():
        EmailAddress.objects.filter(user=ada).delete()
    send(NOON)
    assert states() == [("EMAIL", "SKIPPED", "no_address")]


def test_what_the_outbox_kept_for_days_is_no_news(ada: User, only_mail):
    notice = tell(ada)
    backdate(notice, timedelta(days=3))
    take_all()
    assert states() == [("EMAIL", "SKIPPED", "too_old")] and mail.outbox == []


def test_a_daily_mail_gathers_what_happened(ada: User, bola: User, only_mail):
    settle(ada, digest="DAILY", digest_hour=18)
    notices = [tell(ada), tell(ada, "transfer.received"), tell(bola)]
    plan(*notices, at=NOON)
    send(NOON)
    assert [letter.to for letter in mail.outbox] == [["bola@alajo.test"]]
    send(NOON + timedelta(hours=5, minutes=59))
    assert len(mail.outbox) == 1
    assert send(NOON + timedelta(hours=6)) == 2
    letter = mail.outbox[1]
    assert letter.subject == "2 notices for you" and letter.to == ["ada@alajo.test"]
    for notice in notices[:2]:
        assert (
            f"/notices/{notice.pk}/" in letter.body
            and f"/notices/{notice.pk}/" in letter.alternatives[0].content
        )
    assert send(NOON + timedelta(hours=7)) == 0
    # What happens after the hour belongs to the next day.
    plan(tell(ada), at=NOON + timedelta(hours=6))
    with acting_as_service():
        waiting = NotificationDelivery.objects.get(state="WAITING")
    assert waiting.digest_at == NOON + timedelta(hours=30)


def test_the_digest_of_many_people_is_a_mail_each(only_mail):
    people = [make_person() for _ in range(3)]
    for person in people:
        settle(person, digest="DAILY", digest_hour=18)
    plan(*[tell(person) for person in people for _ in range(2)], at=NOON)
    while send(NOON + timedelta(hours=6)):
        pass
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(person.email for person in people)


def test_an_event_that_nobody_knows_goes_nowhere_and_breaks_nothing(ada: User):
    notices = [Notification(user=ada, event="weather.changed", data={"x": 1})]
    notices += [Notification(user=ada, event="deposit.succeeded", data={"payment": 7})]
    notices += [Notification(user=ada, event="organization.joined", data=[])]
    notify(notices=notices)
    take_all()
    assert [notice_words.said(notice).title for notice in notices] == ["There is news about your account"] * 3
    assert notice_kinds.kind_of("weather.changed").code == "OTHER"
    assert len(mail.outbox) == 2


def test_a_batch_of_hundreds_costs_as_many_queries_as_one(only_mail):
    people = [make_person() for _ in range(4)]
    for person in people:
        settle(person, digest="DAILY")
        choose(person, "MONEY_OUT", "EMAIL", False)
    counts = []
    for many in (1, 75):
        notices = [tell(person) for person in people for _ in range(many)]
        with CaptureQueriesContext(connection) as asked, acting_as_service():
            plan(*notices, at=NOON)
            counts.append(len(asked))
    assert counts[0] == counts[1] <= 16
    with acting_as_service():
        assert NotificationDelivery.objects.count() == 4 + 300


def test_an_event_that_names_no_notice_is_not_swallowed():
    with pytest.raises(KeyError), acting_as_service():
        deliveries.take([Told(uuid7(), "user:x", "notification.created", {}, NOON)])


@pytest.mark.parametrize(
    "facts",
    [{"channel": "IN_APP"}, {"channel": "FAX"}, {"channel": "EMAIL", "state": "SENT"}],
)
def test_the_database_refuses_what_is_no_delivery(ada: User, facts):
    notice = tell(ada)
    with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
        NotificationDelivery.objects.create(notification=notice, user=ada, not_before=NOON, **facts)
