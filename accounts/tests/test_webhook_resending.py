"""Planning what the outbox tells, sending again what somebody asks for, and forgetting what is old."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import webhook_tasks
from accounts.models import Organization, User, WebhookDelivery
from accounts.services.webhooks import endpoints, failing, forgetting, planning, resending, sending
from accounts.services.webhooks.schedule import PAUSES
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
    told_of,
)
from core.actors import acting_as_service
from core.api.ids import encode
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
