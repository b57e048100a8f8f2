"""Many senders at once: one that dies loses nothing, two send nothing twice, no endpoint is in the way of another."""

import json
import re
import threading
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Organization, User, WebhookDelivery
from accounts.services.webhooks import sending
from accounts.services.webhooks.schedule import MOST_TRIES
from accounts.tests.factories import make_person
from accounts.tests.organizations import make_organization
from accounts.tests.receivers import (
    attempts_of,
    deliveries,
    fresh,
    make_endpoint,
    plan,
    receiver,
    send_all,
)
from core import outbound
from core.actors import acting_as_service
from core.api.ids import encode
from core.embedded import Postgres
from core.ids import uuid7

pytestmark = pytest.mark.django_db(transaction=True)
STATE = WebhookDelivery.State


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(ada)


class TestWorkers:
    def test_a_worker_killed_between_call_and_writing_sends_again_with_the_same_id(self, ada, firm):
        at = timezone.now()
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            at = timezone.now()
            taken = sending.take_due(at=at)
            assert sending.call(taken).succeeded
            # Here the worker dies. While its lease runs, nobody else takes the delivery.
            assert sending.recover(at=at + sending.LEASE) == 0
            assert not sending.send_next(clock=lambda: at + sending.LEASE)
            later = at + sending.LEASE + timedelta(seconds=1)
            assert sending.recover(at=later) == 1
            assert sending.recover(at=later) == 0
            assert send_all(clock=lambda: later + timedelta(seconds=5)) == 1
        assert len(server.received) == 2 and len(set(server.ids)) == 1
        [delivery] = deliveries()
        assert delivery.state == STATE.DELIVERED
        assert [(each.number, each.error, each.status) for each in attempts_of(delivery)] == [
            (1, "interrupted", None),
            (2, "", 204),
        ]

    def test_a_worker_taken_for_dead_that_is_not_still_has_its_say(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            at = timezone.now()
            taken = sending.take_due(at=at)
            outcome = sending.call(taken)
            later = at + sending.LEASE + timedelta(seconds=1)
            sending.recover(at=later)
            sending.record(taken, outcome, at=later, chance=0.0)
            [delivery] = deliveries()
            assert (
                delivery.state == STATE.DELIVERED and send_all(clock=lambda: later + timedelta(days=1)) == 0
            )
            assert [(each.error, each.status) for each in attempts_of(delivery)] == [("", 204)]

    def test_a_late_word_does_not_undo_what_the_next_worker_does(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            at = timezone.now()
            slow = sending.take_due(at=at)
            later = at + sending.LEASE + timedelta(seconds=1)
            sending.recover(at=later)
            second = sending.take_due(at=later + timedelta(seconds=5))
            sending.record(slow, sending.Outcome(60_000, error="timed_out"), at=later, chance=0.0)
            assert deliveries()[0].state == STATE.SENDING
            sending.record(second, sending.call(second), at=later, chance=0.0)
        [delivery] = deliveries()
        assert delivery.state == STATE.DELIVERED
        assert [(each.number, each.error) for each in attempts_of(delivery)] == [(1, "timed_out"), (2, "")]

    def test_what_kills_every_worker_comes_to_an_end(self, ada, firm):
        make_endpoint(firm, ada)
        plan(firm, "member.joined")
        at = timezone.now()
        for _ in range(MOST_TRIES):
            assert sending.take_due(at=at)
            at += sending.LEASE + timedelta(seconds=1)
            assert sending.recover(at=at) == 1
            at += timedelta(days=2)
        assert deliveries()[0].state == STATE.FAILED and sending.take_due(at=at) is None

    def test_two_workers_at_once_send_each_delivery_once(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            make_endpoint(firm, ada, url=server.url)
            told = plan(firm, *["member.joined"] * 20)
            failures = []

            def work() -> None:
                try:
                    while deliveries_left():
                        sending.send_next()
                except Exception as error:
                    failures.append(error)
                finally:
                    connections.close_all()

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        assert failures == []
        assert sorted(server.ids) == sorted(encode("msg", each.id) for each in told for _ in range(2))
        assert {each.state for each in deliveries()} == {STATE.DELIVERED}
        assert all(len(attempts_of(each)) == 1 for each in deliveries())


def deliveries_left() -> bool:
    with acting_as_service():
        return WebhookDelivery.objects.exclude(state=STATE.DELIVERED).exists()


class TestFairness:
    def test_no_endpoint_has_more_than_its_share_under_way(self, ada, firm):
        busy = make_endpoint(firm, ada, event_types=["member.joined"]).endpoint
        quiet = make_endpoint(firm, ada, event_types=["member.left"]).endpoint
        plan(firm, *["member.joined"] * 10, "member.left")
        at = timezone.now()
        taken = [one for one in (sending.take_due(at=at) for _ in range(8)) if one]
        assert [each.endpoint_id for each in taken].count(busy.pk) == sending.AT_ONCE
        assert [each.endpoint_id for each in taken].count(quiet.pk) == 1
        sending.record(taken[0], sending.Outcome(1, outbound.Answer(200)), at=at, chance=0.0)
        assert sending.take_due(at=at).endpoint_id == busy.pk
        assert sending.take_due(at=at) is None

    def test_one_that_fails_has_one_call_at_a_time(self, ada, firm):
        endpoint = make_endpoint(firm, ada).endpoint
        plan(firm, *["member.joined"] * 5)
        at = timezone.now()
        first = sending.take_due(at=at)
        sending.record(first, sending.Outcome(20_000, error="timed_out"), at=at, chance=0.0)
        second = sending.take_due(at=at)
        assert second and sending.take_due(at=at) is None
        sending.record(second, sending.Outcome(1, outbound.Answer(200)), at=at, chance=0.0)
        assert fresh(endpoint).failing_since is None
        assert len([one for one in (sending.take_due(at=at) for _ in range(8)) if one]) == 3

    def test_one_that_hangs_holds_up_nobody_else(self, ada, firm):
        answered = threading.Event()
        with receiver() as slow, receiver() as quick:
            slow.during = lambda: answered.wait(20)
            make_endpoint(firm, ada, url=slow.url, event_types=["member.joined"])
            make_endpoint(firm, ada, url=quick.url, event_types=["member.left"])
            plan(firm, *["member.joined"] * 10, *["member.left"] * 10)

            def work() -> None:
                send_all()
                connections.close_all()

            threads = [threading.Thread(target=work) for _ in range(sending.AT_ONCE + 1)]
            for thread in threads:
                thread.start()
            # All that the quick one is to get arrives while every call to the slow one hangs.
            while len(quick.received) < 10 and any(thread.is_alive() for thread in threads):
                threads[-1].join(0.05)
            assert len(quick.received) == 10 and len(slow.received) <= sending.AT_ONCE
            answered.set()
            for thread in threads:
                thread.join(60)

    def test_choosing_touches_no_row_of_a_long_backlog(self, ada, firm):
        endpoint = make_endpoint(firm, ada).endpoint
        at = timezone.now()
        with acting_as_service():
            WebhookDelivery.objects.bulk_create(
                WebhookDelivery(
                    organization=firm,
                    endpoint=endpoint,
                    message_id=uuid7(),
                    event="member.joined",
                    next_try_at=at,
                )
                for _ in range(5000)
            )
        name = settings.DATABASES["default"]["NAME"]
        dsn = Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name)
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute("analyze accounts_webhookdelivery")
        with acting_as_service(), connection.cursor() as cursor:
            explain = "explain (analyze, buffers off, format json) "
            cursor.execute(explain + sending._CHOOSE, {"at": at, "at_once": 4, "failing": 1})
            found = json.dumps(cursor.fetchone()[0])
        assert "webhook_delivery_waiting" in found and "webhook_delivery_sending" in found
        assert max(float(rows) for rows in re.findall(r'"Actual Rows": ([\d.]+)', found)) < 10
