"""Trying to get round the masks of the staff pages, and to read of people without a line in the trail."""

import json
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent, Customer, Organization, Profile, User
from accounts.tests.factories import make_organization
from config.tests.test_trail import BORN, PHONE, address, as_role, found, latest, write
from core import staff
from core.actors import acting_as_service
from wallet.models import Account, PaymentGateway, WebhookEvent
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(transactional_db) -> User:
    make_demo_world()
    with acting_as_service():
        user = User.objects.get(email="ada@alajo.test")
        Customer.objects.filter(pk=user.pk).update(phone=PHONE, date_of_birth=BORN)
    return user


@pytest.fixture
def boss(ada: User) -> Client:
    return past_both_factors("admin@alajo.test")


@pytest.fixture
def support(ada: User) -> Client:
    return as_role(roles.SUPPORT)


BY_LETTERS = [
    (User, "email__startswith", "ada@"),
    (User, "email", "ada@alajo.test"),
    (User, "password__startswith", "argon2"),
    (User, "user_metadata__icontains", "a"),
    (User, "customer__phone__startswith", "+234"),
    (User, "emailaddress__email__startswith", "ada@"),
    (User, "authenticator__data__icontains", "a"),
    (Customer, "phone__startswith", "+23480"),
    (Customer, "date_of_birth__year", "1990"),
    (Customer, "user__email__startswith", "ada@"),
    (Profile, "user__email__startswith", "ada@"),
    (Account, "owner__email__startswith", "ada@"),
    (Account, "owner__customer__phone__startswith", "+23480"),
    (PaymentGateway, "credentials__startswith", "a"),
    (AuditEvent, "data__icontains", "ada"),
    (AuditEvent, "user_agent__startswith", "Moz"),
]


@pytest.mark.parametrize(
    ("model", "lookup", "value"),
    BY_LETTERS,
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_no_list_is_narrowed_by_what_it_does_not_show(boss, model, lookup, value):
    assert boss.get(address(model, "changelist"), {lookup: value}).status_code == 400


def test_every_column_of_every_list_is_closed_but_for_the_filters_it_offers(boss):
    request = RequestFactory().get("/")
    for model, model_admin in admin.site._registry.items():
        open_to = {
            f"{field.name}{how}"
            for field in model._meta.get_fields()
            for how in ("", "__exact", "__startswith", "__regex", "__gte")
            if model_admin.lookup_allowed(field.name + how, "x", request)
        }
        named = {name for each in model_admin.list_filter for name in staff._parameters_of(each)}
        assert open_to <= named | {*model_admin.linked_by}, model


@pytest.mark.parametrize(
    "query",
    [
        {"app_label": "accounts", "model_name": "customer", "field_name": "user", "term": ""},
        {"app_label": "accounts", "model_name": "membership", "field_name": "user", "term": "a"},
        {"app_label": "wallet", "model_name": "account", "field_name": "owner", "term": "ada"},
    ],
)
def test_nothing_is_looked_up_as_one_types(boss, query):
    assert boss.get("/staff/autocomplete/", query).status_code == 404


def test_an_object_is_not_asked_for_by_another_column(boss, ada):
    for name in ("email", "password", "customer"):
        page = boss.get(address(User, "change", ada.email), {"_to_field": name})
        assert page.status_code in (302, 400)
        assert boss.get(address(User, "changelist"), {"_to_field": name}).status_code == 400


@pytest.mark.parametrize("query", [{"_popup": "1"}, {"_facets": "True"}, {"all": ""}, {"o": "1"}, {"e": "1"}])
def test_no_way_of_showing_a_list_shows_more(support, ada, query):
    for model in (User, Customer, Account):
        answer = support.get(address(model, "changelist"), query, follow=True)
        text = answer.content.decode()
        assert "ada@alajo.test" not in text and PHONE not in text
        assert latest(f"{model._meta.app_label}.{model._meta.model_name}.listed") is not None


def test_the_history_page_leads_to_the_trail_and_shows_nothing_itself(support, ada):
    answer = support.get(address(User, "history", ada.pk))
    assert answer.status_code == 302 and b"ada@alajo.test" not in answer.content


def test_an_invitation_on_an_organisations_page_is_masked(support, ada):
    firm = make_organization(owner=ada)
    with acting_as_service():
        offer = {"email": "chidi@alajo.test", "digest": "x", "invited_by": ada, "role": "MEMBER"}
        firm.invitations.create(expires_at=timezone.now() + timedelta(days=1), **offer)
    text = support.get(address(Organization, "change", firm.pk)).content.decode()
    assert "chidi@" not in text and "c•••@alajo.test" in text


def test_what_a_gateway_says_of_a_person_is_masked_and_reading_it_is_written_down(support, ada):
    said = {
        "data": {
            "customer": {"email": ada.email, "phone": PHONE},
            "ip_address": "203.0.113.77",
            "message": f"Paid by {ada.email}",
        }
    }
    with acting_as_service():
        facts = {
            "gateway": PaymentGateway.objects.get(pk="paystack"),
            "event": "charge.success",
            "reference": "r-1",
        }
        event = WebhookEvent.objects.create(**facts, dedupe_key="pii", body=json.dumps(said).encode())
    text = support.get(address(WebhookEvent, "change", event.pk)).content.decode()
    for secret in (ada.email, PHONE, "203.0.113.77"):
        assert secret not in text
    assert "a•••@alajo.test" in text
    assert latest("wallet.webhookevent.viewed").target_id == str(event.pk)


def test_guessing_an_address_by_its_beginning_is_written_down_in_every_list(support, ada):
    for name in ("payment", "hold"):
        support.get(reverse(f"admin:wallet_{name}_changelist"), {"q": "ada"})
        assert latest(f"wallet.{name}.listed").data["asked"] == {"q": "ada"}


def test_reading_the_trail_of_a_person_is_in_the_trail(boss, ada):
    write("test.ada.did", actor_id=ada.pk)
    found(boss, person=ada.email)
    event = latest("accounts.auditevent.listed")
    assert event.data["asked"] == {"person": "a•••@alajo.test"}
    with acting_as_service():
        row = AuditEvent.objects.filter(action="test.ada.did").first()
    boss.get(address(AuditEvent, "change", row.pk))
    assert latest("accounts.auditevent.viewed").target_id == str(row.pk)


def test_a_reveal_by_put_or_without_a_token_shows_nothing(support, ada):
    where = reverse("admin:accounts_customer_reveal", args=[ada.pk])
    assert support.put(where, {"reason": "Caller asks to check"}).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = support.cookies
    assert strict.post(where, {"reason": "Caller asks to check"}).status_code == 403
    assert latest("accounts.customer.revealed") is None
