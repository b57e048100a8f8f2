"""The outbox forgets what is old, never what somebody still has to read."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import make_person
from core import partitions
from core.actors import acting_as, acting_as_service
from core.embedded import Postgres
from core.ids import uuid7_at
from realtime import figures
from realtime import services as realtime
from realtime.models import Consumer, Message, ParkedMessage, Position
from realtime.services import forgetting, outbox

pytestmark = pytest.mark.django_db(transaction=True)


def published(*ages: timedelta) -> None:
    """Messages of these ages, each with its place."""
    for age in ages:
        with acting_as_service():
            moment = timezone.now() - age
            Message.objects.create(
                id=uuid7_at(moment),
                topic="room",
                extension="event",
                event="old",
                payload={},
                inserted_at=moment,
            )
        outbox.sequence(limit=10)


def everybody_is_at(position: int) -> None:
    with acting_as_service():
        Consumer.objects.update(position=position)


def positions() -> list[int]:
    with acting_as_service():
        return list(Position.objects.order_by("position").values_list("position", flat=True))


def test_places_are_forgotten_after_days_but_not_before_every_consumer_had_them(monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    start = outbox.head()
    published(timedelta(days=6), timedelta(days=5), timedelta(days=4), timedelta(days=1))
    everybody_is_at(start + 1)
    with acting_as_service():
        Consumer.objects.filter(name="webhooks").update(position=start + 4)
    assert forgetting.forget_positions() == 1
    assert positions() == [start + 2, start + 3, start + 4]
    everybody_is_at(start + 4)
    forgetting.forget_positions()
    assert positions() == [start + 3, start + 4], "whoever stands at the newest old one goes on from there"
    published(timedelta())
    assert positions()[-1] == start + 5


def test_months_are_dropped_when_two_have_gone_by():
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=settings.DATABASES["default"]["NAME"])
    ) as owner:
        for month in (datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)):
            owner.execute("select partitions.ensure('realtime_message', %s, 0)", [month])
    before = months()
    assert forgetting.forget_months() == len([name for name in before if name < _keeping()])
    left = months()
    assert left == [name for name in before if name >= _keeping()]
    assert forgetting.forget_months() == 0
    published(timedelta())


def months() -> list[str]:
    with acting_as_service():
        return [partition.name for partition in partitions.partitions_of("realtime_message")]


def _keeping() -> str:
    """The name of the oldest month that is kept: two before this one."""
    today = timezone.now().astimezone(UTC)
    months = today.year * 12 + today.month - 1 - 2
    return f"realtime_message_y{months // 12}m{months % 12 + 1:02d}"


def test_backlogs_tell_how_many_wait_and_since_when():
    everybody_is_at(outbox.head())
    assert {backlog.waiting for backlog in figures.backlogs(at=timezone.now())} == {0}
    with acting_as_service():
        realtime.publish(topic="room", event="said", payload={})
    later = timezone.now() + timedelta(seconds=90)
    found = {backlog.reader: backlog for backlog in figures.backlogs(at=later)}
    assert (found["numbering"].waiting, round(found["numbering"].age)) == (1, 90)
    assert (found["webhooks"].waiting, found["webhooks"].age) == (0, 0.0)
    outbox.sequence(limit=10)
    found = {backlog.reader: backlog for backlog in figures.backlogs(at=later)}
    assert (found["numbering"].waiting, found["webhooks"].waiting) == (0, 1)
    assert round(found["webhooks"].age) == 90


def test_metrics_are_for_who_has_the_token(client, settings):
    everybody_is_at(outbox.head())
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = "for-the-monitor"
    for wrong in ("", "Bearer", "Bearer other", "for-the-monitor"):
        assert client.get("/metrics", headers={"authorization": wrong}).status_code == 404
    with acting_as_service():
        message = Message.objects.create(topic="room", extension="event", event="said", payload={})
        ParkedMessage.objects.create(
            consumer_id="webhooks", message=message, error="?", parked_at=timezone.now()
        )
    answer = client.get("/metrics", headers={"authorization": "Bearer for-the-monitor"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'alajo_outbox_waiting{reader="numbering"} 1.0' in text
    assert 'alajo_outbox_age_seconds{reader="webhooks"} 0.0' in text
    assert "alajo_outbox_parked 1.0" in text


def test_nobody_but_the_service_forgets():
    for statement in ("select realtime.drop_old_months()", "delete from realtime_position"):
        with acting_as(make_person()), pytest.raises(Exception, match="permission denied"):
            connection.cursor().execute(statement)
