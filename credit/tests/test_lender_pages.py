"""A lender's desk, as its people see it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, User
from accounts.tests.factories import make_organization, make_person, prove_factor, sign_in
from core.actors import acting_as_service
from credit.models import AutoRule, LoanProduct, ProductTerms, Provider
from credit.tests import world
from credit.tests.products import TERMS
from wallet.models import Account
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_person()


@pytest.fixture
def client(client: Client, owner: User) -> Client:
    sign_in(client, owner)
    prove_factor(owner)
    return client


def test_an_organisation_applies_in_one_form_and_its_members_cannot(client: Client, owner: User) -> None:
    firm = make_organization(owner=owner)
    desk = f"/organizations/{firm.slug}/lending/"
    assert client.get(desk).headers["Location"] == f"{desk}apply/"
    wrong = client.post(f"{desk}apply/", {"display_name": "www.free-money.example", "complaints_email": "x"})
    assert wrong.status_code == 422
    typed = {
        "display_name": "Harvest",
        "licence_number": "FCCPC/1",
        "complaints_email": "help@harvest.example",
    }
    assert client.post(f"{desk}apply/", typed).headers["Location"] == desk
    assert "We are looking at your application" in client.get(desk).content.decode()
    member = make_person()
    with acting_as_service():
        Membership.objects.create(organization=firm, user=member, role="MEMBER")
    sign_in(client, member)
    assert client.get(desk).status_code == 200
    for page in ("settings/", "money/in/", "products/new/"):
        assert client.get(desk + page).status_code == 404
    sign_in(client, make_person())
    assert client.get(desk).status_code == 404


def test_a_product_is_made_changed_and_closed(client: Client, owner: User) -> None:
    provider = world.lender(owner)
    desk = f"/organizations/{provider.organization.slug}/lending/products/"
    today = timezone.localdate()
    typed = {**TERMS, "name": "Market day", "summary": "For traders", "from_date": today.isoformat()}
    wrong = client.post(f"{desk}new/", {**typed, "most": "1"})
    assert wrong.status_code == 422
    assert "The most is not below the least" in wrong.content.decode()
    made = client.post(f"{desk}new/", typed)
    with acting_as_service():
        product = LoanProduct.objects.get(provider=provider)
        terms = ProductTerms.objects.get(product=product)
    assert made.headers["Location"] == f"{desk}{product.pk}/"
    assert (terms.least, terms.highest_rate, terms.late["most"]) == (1_000_000, Decimal(36), 500_000)
    assert terms.conditions == ["You have worked for three months.", "You live in Nigeria."]
    form = client.get(f"{desk}{product.pk}/terms/").context["form"]
    again = {name: form.initial.get(name, "") for name in TERMS}
    again |= {"from_date": (today + timedelta(days=2)).isoformat(), "highest_rate": "30"}
    assert client.post(f"{desk}{product.pk}/terms/", again).status_code == 302
    with acting_as_service():
        newest = ProductTerms.objects.filter(product=product).latest("from_date")
    assert (newest.rules, newest.late, newest.highest_rate) == (terms.rules, terms.late, Decimal(30))
    client.post(f"{desk}{product.pk}/open/", {"open": "0"})
    with acting_as_service():
        product.refresh_from_db()
    assert not product.is_open


def test_money_goes_in_once_however_often_the_form_is_sent(client: Client, owner: User) -> None:
    make_wallet(owner, amount=5_000_000, tier=3)
    provider = world.lender(owner, naira=0)
    address = f"/organizations/{provider.organization.slug}/lending/money/in/"
    key = client.get(address).context["form"].initial["form_key"]
    assert client.post(address, {"amount": "60,000", "form_key": key}).status_code == 422
    for _again in range(2):
        assert client.post(address, {"amount": "20,000", "form_key": key}).status_code == 302
    with acting_as_service():
        assert Account.objects.get(pk=provider.account_id).balance == 2_000_000


def test_the_overview_and_the_list_of_loans_ask_the_database_as_often_with_many_loans(
    client: Client, owner: User
) -> None:
    provider = world.lender(owner)
    terms = world.product(provider)
    desk = f"/organizations/{provider.organization.slug}/lending/"
    counts = []
    client.get(desk)
    for many in (1, 2):
        for _loan in range(many):
            world.lent(make_person(), terms, at=world.moment(world.day(3)))
        counts.append([queries(client, desk + page) for page in ("", "loans/", "loans/?bucket=CURRENT")])
    assert counts[0] == counts[1]
    page = client.get(f"{desk}loans/?bucket=CURRENT").content.decode()
    assert page.count('<th scope="row"') == 3
    assert "No loans here" in client.get(f"{desk}loans/?bucket=DAYS_OVER_90").content.decode()
    with acting_as_service():
        Provider.objects.filter(pk=provider.pk).update(state="SUSPENDED")
    assert "You make no new loans" in client.get(desk).content.decode()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_a_rule_is_made_in_words_tried_in_order_rested_and_ended(client: Client, owner: User) -> None:
    provider = world.lender(owner)
    terms = world.product(provider)
    address = f"/organizations/{provider.organization.slug}/lending/rules/"
    typed = {
        "name": "Traders",
        "product": str(terms.product_id),
        "rate": "24",
        "valid_days": "7",
        "income_min": "200,000",
        "score_min": "600",
        "purpose_in": ["BUSINESS", "EDUCATION"],
    }
    for changes, said in (
        ({"rate": "60"}, "not among those of the product"),
        ({"amount_min": "10,000", "amount_max": "5,000"}, "The least is above the most"),
    ):
        wrong = client.post(f"{address}new/", {**typed, **changes})
        assert (wrong.status_code, said in wrong.content.decode()) == (422, True)
    assert client.post(f"{address}new/", typed).status_code == 302
    client.post(f"{address}new/", {**typed, "name": "Others", "purpose_in": []})
    with acting_as_service():
        first, second = AutoRule.objects.filter(provider=provider).order_by("position")
    assert first.conditions == {
        "income": {"min": 20_000_000},
        "score": {"min": 600},
        "purpose": {"in": ["BUSINESS", "EDUCATION"]},
    }
    page = client.get(address).content.decode()
    assert "Comes in a month: at least ₦200,000" in page
    assert page.index("Traders") < page.index("Others")
    client.post(f"{address}{second.pk}/", {"what": "raise"})
    page = client.get(address).content.decode()
    assert page.index("Others") < page.index("Traders")
    client.post(f"{address}{second.pk}/", {"what": "off"})
    assert "Resting" in client.get(address).content.decode()
    client.post(f"{address}{second.pk}/", {"what": "end"})
    assert "Others" not in client.get(address).content.decode()
