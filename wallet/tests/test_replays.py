"""Staff have a webhook dealt with again: the gateway is asked once more, and nothing is credited twice."""

from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import services as wallet
from wallet import tasks
from wallet.models import Account, WebhookEvent
from wallet.services import webhooks
from wallet.tests.demo_world import make_demo_world
from wallet.tests.deposits import balance, events, no_worker, now, pay, start
from wallet.tests.factories import make_wallet
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)
AGENT = "agent@alajo.test"


@pytest.fixture
def finance(db: None) -> Client:
    """The browser of somebody of Finance."""
    make_demo_world()
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name=roles.FINANCE))
    return past_both_factors(AGENT)


@pytest.fixture
def purse(finance: Client, paystack: str) -> Account:
    return make_wallet(make_person())


def page(event: WebhookEvent) -> str:
    return reverse("admin:wallet_webhookevent_change", args=[event.pk])


def again(event: WebhookEvent) -> str:
    return reverse("admin:wallet_webhookevent_replay", args=[event.pk])


def replays() -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action="wallet.webhook.replayed").order_by("id"))


def test_a_settled_deposit_stays_as_it_is_however_often_its_webhook_is_replayed(finance, purse):
    payment = pay(start(purse))
    [event] = events()
    before = now(payment).settled_at
    for _ in range(3):
        answer = finance.post(again(event), follow=True)
        assert (answer.status_code, answer.redirect_chain) == (200, [(page(event), 302)])
    assert "It is being dealt with again." in answer.content.decode()
    assert ([e.state for e in events()], now(payment).settled_at) == (["PROCESSED"], before)
    assert balance(purse) == 250_000
    with acting_as_service():
        agent = User.objects.get(email=AGENT).pk
    assert [(e.actor_id, e.target_id, e.data["was"]) for e in replays()] == [
        (agent, str(event.pk), "PROCESSED")
    ] * 3


def test_a_webhook_that_was_given_up_credits_once_it_is_replayed(finance, purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    [event] = events()
    with acting_as_service():
        WebhookEvent.objects.update(
            state="FAILED", attempts=webhooks.TRIES, error="gateway_unavailable: late"
        )
    tasks.process_waiting_webhooks()
    assert (now(payment).state, balance(purse)) == ("PENDING", 0)
    assert finance.post(again(event)).status_code == 302
    [event] = events()
    assert (event.state, event.error, now(payment).state) == ("PROCESSED", "", "SUCCEEDED")
    assert balance(purse) == 250_000


def test_without_a_worker_the_sweep_takes_up_what_was_replayed(finance, purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
        [event] = events()
        with acting_as_service():
            old = event.received_at - timedelta(days=9)
            WebhookEvent.objects.update(state="FAILED", attempts=webhooks.TRIES, received_at=old)
        assert finance.post(again(event)).status_code == 302
    assert events()[0].state == "RECEIVED"
    tasks.process_waiting_webhooks()
    assert (events()[0].state, balance(purse)) == ("PROCESSED", 250_000)


def test_the_worker_hears_of_a_replay_only_when_it_stands(purse):
    pay(start(purse))
    [event] = events()
    with patch.object(tasks.process_webhook, "delay") as told, acting_as_service():
        wallet.replay_webhook(event_id=event.pk)
        assert not told.called
    assert events()[0].state == "RECEIVED"


def test_the_button_is_for_who_may_press_it(finance, purse):
    pay(start(purse))
    [event] = events()
    assert "Deal with it again" in finance.get(page(event)).content.decode()
    assert finance.get(again(event)).status_code == 403
    assert finance.post(reverse("admin:wallet_webhookevent_replay", args=[uuid4()])).status_code == 404
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name=roles.AUDITOR))
    answer = finance.get(page(event))
    assert answer.status_code == 200 and "Deal with it again" not in answer.content.decode()
    assert finance.post(again(event)).status_code == 403
    assert replays() == []
