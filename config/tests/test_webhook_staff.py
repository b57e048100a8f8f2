"""What staff do with organisations' webhooks: look, and have one sent again."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import roles
from accounts.models import AuditEvent, Organization, User, WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks import endpoints
from accounts.tests.receivers import deliveries, make_endpoint, plan, receiver, send_all
from core.actors import acting_as_service
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import only_reads, past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)
AGENT = "agent@alajo.test"


@pytest.fixture
def bola(transactional_db) -> User:
    make_demo_world()
    with acting_as_service():
        return User.objects.get(email="bola@alajo.test")


@pytest.fixture
def shop(bola: User) -> Organization:
    with acting_as_service():
        return Organization.objects.get(slug="kasuwa-stores")


def as_role(name: str) -> Client:
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name=name))
    return past_both_factors(AGENT)


def page(model: type, key: object, name: str = "change") -> str:
    return reverse(f"admin:accounts_{model._meta.model_name}_{name}", args=[key])


def test_support_sends_one_again_and_the_trail_says_who(bola, shop):
    with receiver() as server:
        made = make_endpoint(shop, bola, url=server.url)
        plan(shop, "member.joined", name="Chidi Eze")
        send_all()
        [delivery] = deliveries()
        support = as_role(roles.SUPPORT)
        shown = support.get(page(WebhookDelivery, delivery.pk)).content.decode()
        assert "Send again" in shown and "Chidi Eze" not in shown
        assert made.secret not in shown and made.endpoint.secret not in shown
        answer = support.post(page(WebhookDelivery, delivery.pk, "resend"), follow=True)
        assert "It is sent again" in answer.content.decode()
        assert len(server.received) == 2 and len(set(server.ids)) == 1
        with acting_as_service():
            line = AuditEvent.objects.get(action="accounts.webhook_delivery.resent")
            assert line.actor_id == User.objects.get(email=AGENT).pk and line.data["by_staff"]
        assert support.get(page(WebhookDelivery, delivery.pk, "resend")).status_code == 403
        auditor = as_role(roles.AUDITOR)
        assert "Send again" not in auditor.get(page(WebhookDelivery, delivery.pk)).content.decode()
        assert auditor.post(page(WebhookDelivery, delivery.pk, "resend")).status_code == 403
        assert len(server.received) == 2


def test_a_disabled_endpoint_gets_nothing_from_staff_either(bola, shop):
    endpoint = make_endpoint(shop, bola).endpoint
    plan(shop, "member.joined")
    [delivery] = deliveries()
    endpoints.disable(endpoint_id=endpoint.pk, by=bola)
    support = as_role(roles.SUPPORT)
    answer = support.post(page(WebhookDelivery, delivery.pk, "resend"), follow=True)
    assert "Enable it first" in answer.content.decode() and deliveries()[0].attempts == 0


def test_lists_cost_the_same_at_any_length(bola, shop):
    make_endpoint(shop, bola)
    support = as_role(roles.SUPPORT)

    def cost(model: type) -> int:
        with CaptureQueriesContext(connection) as found:
            answer = support.get(reverse(f"admin:accounts_{model._meta.model_name}_changelist"))
        assert answer.status_code == 200
        return len(only_reads(found))

    plan(shop, "member.joined")
    cost(WebhookDelivery), cost(WebhookEndpoint)
    alone = cost(WebhookDelivery), cost(WebhookEndpoint)
    plan(shop, *["member.joined"] * 60)
    for _ in range(5):
        make_endpoint(shop, bola)
    assert (cost(WebhookDelivery), cost(WebhookEndpoint)) == alone and max(alone) <= 10


def test_what_was_disabled_by_itself_stands_on_the_first_page(bola, shop):
    with receiver(410) as server:
        make_endpoint(shop, bola, url=server.url)
        plan(shop, "member.joined")
        send_all()
    index = as_role(roles.SUPPORT).get(reverse("admin:index")).content.decode()
    assert "Disabled webhook endpoints" in index and "reason__exact=GONE" in index
