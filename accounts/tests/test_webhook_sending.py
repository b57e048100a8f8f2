"""Webhooks on their way: signed, with one id, by the schedule, and what becomes of an endpoint that fails."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from accounts.models import AuditEvent, Notification, Organization, User, WebhookDelivery
from accounts.services import organizations
from accounts.services.webhooks import endpoints, planning, sending
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
)
from core import outbound
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


class Clock:
    """The moment that senders go by, set by the test."""

    def __init__(self) -> None:
        self.at = timezone.now()

    def __call__(self):
        return self.at


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
