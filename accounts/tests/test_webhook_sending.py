"""Webhooks on their way: signed, at least once with one id, by the schedule, and no endpoint in the way of another."""

import json
import re
import threading
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from accounts import webhook_tasks
from accounts.models import AuditEvent, Notification, Organization, User, WebhookDelivery
from accounts.services import organizations
from accounts.services.webhooks import endpoints, failing, forgetting, planning, resending, sending
from accounts.services.webhooks.schedule import MOST_TRIES, PAUSES
from accounts.tests.factories import make_person
from accounts.tests.organizations import join, make_organization
from accounts.tests.receivers import (
    attempts_of,
    deliveries,
    fresh,
    make_endpoint,
    plan,
    receiver,
    send_all,
    told_of,
)
from core import outbound
from core.actors import acting_as_service
from core.api.ids import encode
from core.embedded import Postgres
from core.ids import uuid7
from realtime.models import Message
from realtime.services.consuming import Told

pytestmark = pytest.mark.django_db(transaction=True)
STATE = WebhookDelivery.State


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(ada)


class Clock:
    """The moment that senders go by, set by the test."""

    def __init__(self) -> None:
        self.at = timezone.now()

    def __call__(self):
        return self.at


class TestPlanning:
    def test_each_endpoint_gets_the_types_it_wants_and_other_organisations_nothing(self, ada, firm):
        other = make_organization(make_person(name="Bola Ade"), name="Other")
        all_of_it = make_endpoint(firm, ada).endpoint
        joined = make_endpoint(firm, ada, event_types=["member.joined"]).endpoint
        off = make_endpoint(firm, ada).endpoint
        endpoints.disable(endpoint_id=off.pk, by=ada)
        gone = make_endpoint(firm, ada).endpoint
        endpoints.delete(endpoint_id=gone.pk, by=ada, at=timezone.now())
        told = plan(firm, "member.joined", "member.left")
        plan(other, "member.joined")
        found = {(each.endpoint_id, each.message_id, each.state) for each in deliveries()}
        assert found == {
            (all_of_it.pk, told[0].id, STATE.WAITING),
            (all_of_it.pk, told[1].id, STATE.WAITING),
            (joined.pk, told[0].id, STATE.WAITING),
        }

    def test_what_is_not_in_the_catalogue_or_not_an_organisations_stays_inside(self, ada, firm):
        make_endpoint(firm, ada)
        plan(firm, "internal.secret", "webhook.test")
        at = timezone.now()
        with acting_as_service():
            for topic in (
                f"user:{ada.pk}",
                f"organisation:{firm.pk}",
                "org:",
                "org:x",
                f"org:{firm.pk}x",
                "",
            ):
                planning.take([Told(uuid7(), topic, "member.joined", {}, at)])
            planning.take([])
        assert deliveries() == []

    def test_the_same_told_twice_is_planned_once(self, ada, firm):
        make_endpoint(firm, ada)
        [told] = plan(firm, "member.joined")
        with acting_as_service():
            planning.take([told])
        assert len(deliveries()) == 1

    def test_many_events_cost_as_few_queries_as_one(self, ada, firm):
        def cost(number: int) -> int:
            told = told_of(firm, *["member.joined"] * number)
            with acting_as_service(), CaptureQueriesContext(connection) as found:
                planning.take(told)
            return len(found)

        for _ in range(3):
            make_endpoint(firm, ada)
        assert cost(1) == cost(100) <= 2

    def test_the_commit_starts_senders_and_a_rollback_does_not(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            told = told_of(firm, "member.joined", "member.left")
            with pytest.raises(ZeroDivisionError), acting_as_service():
                planning.take(told[:1])
                raise ZeroDivisionError
            assert server.received == []
            with acting_as_service():
                planning.take(told)
                assert server.received == []
            assert server.ids == [encode("msg", each.id) for each in told]

    def test_beat_takes_up_what_no_sender_was_started_for(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            webhook_tasks.take_up.delay()
            assert len(server.received) == 1 and deliveries()[0].state == STATE.DELIVERED


class TestOneDelivery:
    def test_the_reference_library_verifies_what_arrives(self, ada, firm):
        with receiver((200, {"Content-Type": "text/plain", "X-Own": "1"}, b"thanks\x00\xff")) as server:
            made = make_endpoint(firm, ada, url=server.url)
            [told] = plan(firm, "member.joined", member="mem_x", name="Chidi Ọlá")
            assert send_all() == 1
        [one] = server.received
        assert one.verified_by(made.secret) == {
            "id": encode("evt", told.id),
            "type": "member.joined",
            "timestamp": told.inserted_at.isoformat().replace("+00:00", "Z"),
            "data": {"member": "mem_x", "name": "Chidi Ọlá"},
        }
        assert one.headers["webhook-id"] == encode("msg", told.id)
        assert one.headers["user-agent"] == "Alajo-Webhooks/1"
        assert one.headers["content-type"] == "application/json"
        with pytest.raises(WebhookVerificationError):
            one.verified_by(make_endpoint(firm, ada).secret)
        with pytest.raises(WebhookVerificationError):
            type(one)(one.body + b" ", one.headers).verified_by(made.secret)
        [delivery] = deliveries()
        [attempt] = attempts_of(delivery)
        assert delivery.state == STATE.DELIVERED and delivery.delivered_at and delivery.attempts == 1
        assert (attempt.status, attempt.error, attempt.number) == (200, "", 1)
        assert attempt.response_body == "thanks��"
        assert (
            attempt.response_headers["content-type"] == "text/plain"
            and "x-own" not in attempt.response_headers
        )
        assert attempt.request_headers["webhook-signature"] == one.headers["webhook-signature"]

    def test_for_a_while_after_rolling_two_secrets_sign(self, ada, firm, time_machine):
        with receiver() as server:
            made = make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            send_all()
            at = timezone.now()
            rolled = endpoints.roll_secret(
                endpoint_id=made.endpoint.pk, by=ada, overlap=timedelta(hours=1), at=at
            )
            plan(firm, "member.joined")
            send_all()
            time_machine.move_to(at + timedelta(hours=1, minutes=1))
            plan(firm, "member.joined")
            send_all()
            before, during, after = server.received
            assert [len(each.headers["webhook-signature"].split()) for each in server.received] == [1, 2, 1]
            assert rolled.secret != made.secret
            after.verified_by(rolled.secret)
            with pytest.raises(WebhookVerificationError):
                after.verified_by(made.secret)
            time_machine.move_to(at)
            before.verified_by(made.secret)
            during.verified_by(made.secret)
            during.verified_by(rolled.secret)

    def test_rolling_at_once_ends_the_old_secret(self, ada, firm):
        with receiver() as server:
            made = make_endpoint(firm, ada, url=server.url)
            endpoints.roll_secret(
                endpoint_id=made.endpoint.pk, by=ada, overlap=timedelta(0), at=timezone.now()
            )
            plan(firm, "member.joined")
            send_all()
        with pytest.raises(WebhookVerificationError):
            server.received[0].verified_by(made.secret)

    def test_tries_have_one_id_and_one_body_and_each_its_own_time(self, ada, firm):
        clock = Clock()
        with receiver(500, 503, 200) as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            clock.at = timezone.now()
            for seconds in (0, 5, 300):
                clock.at += timedelta(seconds=seconds)
                assert send_all(clock=clock, chance=lambda: 0.0) == 1
        assert len(set(server.ids)) == 1 and len({each.body for each in server.received}) == 1
        times = [int(each.headers["webhook-timestamp"]) for each in server.received]
        assert times[1] - times[0] == 5 and times[2] - times[1] == 300
        assert len({each.headers["webhook-signature"] for each in server.received}) == 3
        [delivery] = deliveries()
        assert [each.status for each in attempts_of(delivery)] == [500, 503, 200]
        assert delivery.state == STATE.DELIVERED and fresh(delivery.endpoint).failing_since is None

    def test_the_schedule_is_kept_to_the_second_and_ends(self, ada, firm):
        clock, seen = Clock(), []
        with receiver(500) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined")
            clock.at = timezone.now()
            for number in range(MOST_TRIES):
                assert sending.send_next(clock=clock, chance=lambda: 0.5)
                assert not sending.send_next(clock=clock)
                [delivery] = deliveries()
                if delivery.next_try_at:
                    seen.append((delivery.next_try_at - clock.at) / PAUSES[number])
                    clock.at = delivery.next_try_at - timedelta(milliseconds=1)
                    assert not sending.send_next(clock=clock)
                    clock.at = delivery.next_try_at
        assert seen == [pytest.approx(1.1)] * 9
        [delivery] = deliveries()
        assert delivery.state == STATE.FAILED and delivery.attempts == len(server.received) == 10
        # Three and a half days are less than the five after which an endpoint is disabled.
        assert fresh(endpoint).is_enabled and fresh(endpoint).failing_since

    def test_retry_after_is_heeded(self, ada, firm):
        clock = Clock()
        with receiver((429, {"Retry-After": "3600"}, b"")) as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            clock.at = timezone.now()
            send_all(clock=clock, chance=lambda: 0.0)
        assert deliveries()[0].next_try_at == clock.at + timedelta(hours=1)

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_any_2xx_is_success(self, ada, firm, status):
        with receiver(status) as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            send_all()
        assert deliveries()[0].state == STATE.DELIVERED

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 401, 404, 500, 503])
    def test_anything_else_is_failure_and_a_redirect_leads_nowhere(self, ada, firm, status):
        with receiver() as elsewhere, receiver((status, {"Location": elsewhere.url}, b"")) as server:
            made = make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            send_all()
            assert elsewhere.received == []
        [delivery] = deliveries()
        assert delivery.state == STATE.WAITING and attempts_of(delivery)[0].status == status
        assert fresh(made.endpoint).failing_since

    def test_an_endpoint_that_points_inside_is_never_called(self, ada, firm, settings):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            make_endpoint(firm, ada, url="https://localhost/")
            settings.OUTBOUND_LOCAL = False
            plan(firm, "member.joined")
            send_all()
            assert server.received == []
        assert {attempts_of(each)[0].error for each in deliveries()} == {"url_refused", "address_refused"}
        assert {each.state for each in deliveries()} == {STATE.WAITING}

    @pytest.mark.parametrize("failure", [outbound.TimedOut, outbound.TlsFailed, outbound.NameNotFound])
    def test_why_there_was_no_answer_is_kept_by_name(self, ada, firm, failure):
        def post(*args, **how):
            raise failure

        make_endpoint(firm, ada)
        plan(firm, "member.joined")
        assert send_all(post=post) == 1
        assert attempts_of(deliveries()[0])[0].error == failure.name

    def test_a_large_event_is_told_of_without_its_data(self, ada, firm):
        with receiver() as server:
            made = make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined", text="x" * 30_000)
            send_all()
        told = server.received[0].verified_by(made.secret)
        assert told["data"] == {} and told["too_large"] is True and len(server.received[0].body) < 20_000

    def test_an_event_that_is_no_longer_kept_is_cancelled(self, ada, firm):
        with receiver() as server:
            make_endpoint(firm, ada, url=server.url)
            with acting_as_service():
                planning.take([Told(uuid7(), f"org:{firm.pk}", "member.joined", {}, timezone.now())])
            assert server.received == []
        [delivery] = deliveries()
        assert delivery.state == STATE.CANCELLED and attempts_of(delivery)[0].error == "event_forgotten"

    def test_nobody_is_called_inside_a_transaction(self, ada, firm):
        make_endpoint(firm, ada)
        plan(firm, "member.joined")
        taken = sending.take_due(at=timezone.now())
        with acting_as_service(), pytest.raises(RuntimeError):
            sending.call(taken)


class TestDisabling:
    def test_gone_disables_at_once_and_tells_those_who_manage(self, ada, firm):
        bola, chidi = make_person(name="Bola Ade"), make_person(name="Chidi Eze")
        join(firm, ada, bola, "ADMIN")
        join(firm, ada, chidi)
        mail.outbox.clear()
        with receiver(410) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined", "member.left")
            assert send_all() == 1
        assert (fresh(endpoint).state, fresh(endpoint).reason) == ("DISABLED", "GONE")
        assert [each.state for each in deliveries()] == [STATE.FAILED, STATE.WAITING]
        assert sorted(each.to[0] for each in mail.outbox) == sorted([ada.email, bola.email])
        letter = mail.outbox[0]
        assert server.url in letter.body and f"/webhooks/{endpoint.pk}/" in letter.body
        with acting_as_service():
            told = Notification.objects.filter(event="webhook.disabled").values_list("user_id", flat=True)
            assert {*told} == {ada.pk, bola.pk}
            event = Message.objects.get(event="webhook_endpoint.disabled")
            assert event.payload == {"webhook_endpoint": encode("whe", endpoint.pk), "reason": "GONE"}
            line = AuditEvent.objects.get(action="accounts.webhook_endpoint.disabled")
            assert line.data["reason"] == "GONE" and line.actor_id is None

    def test_five_days_of_failure_disable_and_one_success_forgives(self, ada, firm):
        clock = Clock()
        with receiver(500) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint

            def one_more(days: float) -> None:
                clock.at += timedelta(days=days)
                plan(firm, "member.joined")
                with acting_as_service():
                    newest = WebhookDelivery.objects.order_by("-pk").first()
                    WebhookDelivery.objects.exclude(pk=newest.pk).delete()
                    WebhookDelivery.objects.filter(pk=newest.pk).update(next_try_at=clock.at)
                assert send_all(clock=clock) == 1

            one_more(0)
            one_more(4.9)
            server.answers = [200]
            one_more(0.05)
            assert fresh(endpoint).failing_since is None
            server.answers = [500]
            one_more(0)
            one_more(4.99)
            assert fresh(endpoint).is_enabled and mail.outbox == []
            one_more(0.02)
        assert fresh(endpoint).reason == "FAILING" and len(mail.outbox) == 1
        assert "five days" in mail.outbox[0].body

    def test_what_waited_goes_out_when_it_is_enabled_again(self, ada, firm):
        with receiver(500, 200) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined")
            send_all()
            with acting_as_service():
                WebhookDelivery.objects.update(next_try_at=timezone.now())
            endpoints.disable(endpoint_id=endpoint.pk, by=ada)
            assert send_all() == 0
            endpoints.enable(endpoint_id=endpoint.pk, by=ada)
            assert len(server.received) == 2 and deliveries()[0].state == STATE.DELIVERED
        assert fresh(endpoint).failing_since is None

    def test_a_closed_organisations_servers_hear_of_it(self, ada, firm):
        with receiver() as server:
            made = make_endpoint(firm, ada, url=server.url)
            organizations.close(organization_id=firm.pk, by=ada, at=timezone.now())
            with acting_as_service():
                message = Message.objects.get(event="organization.closed")
                planning.take(
                    [Told(message.id, message.topic, message.event, message.payload, message.inserted_at)]
                )
            assert server.received[0].verified_by(made.secret)["type"] == "organization.closed"


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


class TestResending:
    def test_one_is_sent_again_with_its_id_and_begins_a_round_of_its_own(self, ada, firm):
        with receiver(200, 500) as server:
            make_endpoint(firm, ada, url=server.url)
            plan(firm, "member.joined")
            send_all()
            [delivery] = deliveries()
            resending.resend(delivery_id=delivery.pk, by=ada, at=timezone.now())
            assert len(server.received) == 2 and len(set(server.ids)) == 1
        [delivery] = deliveries()
        assert (delivery.state, delivery.attempts, delivery.tries) == (STATE.WAITING, 2, 1)
        assert [each.manual for each in attempts_of(delivery)] == [False, True]

    def test_what_is_being_sent_is_not_sent_twice_at_once(self, ada, firm):
        make_endpoint(firm, ada)
        plan(firm, "member.joined")
        sending.take_due(at=timezone.now())
        with pytest.raises(resending.DeliveryUnderWay):
            resending.resend(delivery_id=deliveries()[0].pk, by=ada, at=timezone.now())

    def test_a_disabled_endpoint_is_sent_nothing(self, ada, firm):
        endpoint = make_endpoint(firm, ada).endpoint
        plan(firm, "member.joined")
        endpoints.disable(endpoint_id=endpoint.pk, by=ada)
        at = timezone.now()
        for ask in (
            lambda: resending.resend(delivery_id=deliveries()[0].pk, by=ada, at=at),
            lambda: resending.send_test(endpoint_id=endpoint.pk, by=ada, at=at),
            lambda: resending.resend_range(
                endpoint_id=endpoint.pk,
                by=ada,
                since=at - timedelta(hours=1),
                until=at,
                only_failed=True,
                at=at,
            ),
        ):
            with pytest.raises(resending.EndpointDisabled):
                ask()

    def test_a_test_event_goes_to_the_one_endpoint_whatever_it_wants(self, ada, firm):
        with receiver() as server, receiver() as other:
            made = make_endpoint(firm, ada, url=server.url, event_types=["api_key.revoked"])
            make_endpoint(firm, ada, url=other.url)
            resending.send_test(endpoint_id=made.endpoint.pk, by=ada, at=timezone.now())
            told = server.received[0].verified_by(made.secret)
            assert told["type"] == "webhook.test" and other.received == []
            assert told["data"] == {"webhook_endpoint": encode("whe", made.endpoint.pk)}

    def test_thirty_tests_an_hour(self, ada, firm):
        with receiver() as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            for _ in range(30):
                resending.send_test(endpoint_id=endpoint.pk, by=ada, at=timezone.now())
            with pytest.raises(resending.TooManyTests):
                resending.send_test(endpoint_id=endpoint.pk, by=ada, at=timezone.now())

    def test_a_stretch_of_time_again_what_failed_or_all_also_what_was_missed(self, ada, firm):
        since = timezone.now()
        with receiver(200) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            good, bad = plan(firm, "member.joined", "member.left")
            send_all()
            endpoints.disable(endpoint_id=endpoint.pk, by=ada)
            missed = plan(firm, "member.role_changed", "not.told")[0]
            endpoints.enable(endpoint_id=endpoint.pk, by=ada)
            with acting_as_service():
                WebhookDelivery.objects.filter(message_id=bad.id).update(state=STATE.FAILED)
            until = timezone.now() + timedelta(seconds=1)

            def again(only_failed: bool) -> list[str]:
                server.received.clear()
                resending.resend_range(
                    endpoint_id=endpoint.pk,
                    by=ada,
                    since=since,
                    until=until,
                    only_failed=only_failed,
                    at=timezone.now(),
                )
                return server.ids

            assert again(True) == [encode("msg", bad.id)]
            told = again(False)
            with acting_as_service():
                disabled = Message.objects.get(event="webhook_endpoint.disabled").pk
            assert told == [encode("msg", key) for key in (good.id, bad.id, disabled, missed.id)]
            # Nothing failed any more, and nothing lies before.
            assert again(True) == []

    def test_a_stretch_of_time_has_bounds(self, ada, firm):
        endpoint = make_endpoint(firm, ada).endpoint
        at = timezone.now()
        for since, until in (
            (at, at),
            (at, at - timedelta(hours=1)),
            (at - timedelta(days=30, seconds=1), at),
        ):
            with pytest.raises(resending.RangeInvalid):
                resending.resend_range(
                    endpoint_id=endpoint.pk, by=ada, since=since, until=until, only_failed=False, at=at
                )
        told_of(firm, *["member.joined"] * 1001)
        with pytest.raises(resending.RangeTooLarge):
            resending.resend_range(
                endpoint_id=endpoint.pk,
                by=ada,
                since=at - timedelta(hours=1),
                until=timezone.now() + timedelta(hours=1),
                only_failed=False,
                at=timezone.now(),
            )
        assert deliveries() == []


class TestForgetting:
    def test_after_thirty_days_it_is_gone_and_a_deleted_endpoint_with_it(self, ada, firm):
        with receiver() as server:
            kept = make_endpoint(firm, ada, url=server.url).endpoint
            deleted = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined")
            send_all()
            endpoints.delete(endpoint_id=deleted.pk, by=ada, at=timezone.now())
            webhook_tasks.forget.delay()
        [left] = deliveries()
        assert left.endpoint_id == kept.pk
        with acting_as_service():
            assert not type(kept).objects.filter(pk=deleted.pk).exists()
        assert forgetting.forget(at=timezone.now() + timedelta(days=29)) == 0
        assert forgetting.forget(at=timezone.now() + timedelta(days=31)) == 1
        assert deliveries() == [] and fresh(kept).is_enabled

    def test_patience_is_longer_than_a_schedule(self):
        assert sum(PAUSES, timedelta(0)) * 1.2 < failing.PATIENCE
