"""What staff see of the shop: lists and pages with what hangs on each row, in few queries, and nothing to change."""

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from marketplace.models import Category, Order, Product, Seller
from marketplace.services import approved
from marketplace.tests.factories import make_seller
from marketplace.tests.furnishing import furnish_marketplace
from wallet.tests.approving import address_of, browser_of
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import only_reads, past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss() -> Client:
    make_demo_world()
    with acting_as_service():
        ada, bola = (User.objects.get(email=f"{name}@alajo.test") for name in ("ada", "bola"))
    furnish_marketplace(ada, bola)
    return past_both_factors("admin@alajo.test")


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:marketplace_{model._meta.model_name}_{page}", args=args)


def newest(model: type[models.Model]) -> models.Model:
    with acting_as_service():
        return model.objects.order_by("-pk").first()


def test_lists_and_pages_open_with_a_bounded_number_of_queries_and_offer_nothing_to_change(boss):
    for model in (Seller, Category, Product, Order):
        with CaptureQueriesContext(connection) as asked:
            listed = boss.get(address(model, "changelist"))
        assert listed.status_code == 200 and len(only_reads(asked)) <= 10
        page = address(model, "change", newest(model).pk)
        answer = boss.get(page)
        assert answer.status_code == 200
        assert b"<input" not in answer.content.replace(b'<input type="hidden"', b"")
        assert boss.post(page, {"title": "x"}).status_code == 403


def test_each_is_found_by_its_id_and_by_how_it_is_called(boss):
    for model, terms in (
        (Seller, ["Kasuwa S"]),
        (Category, ["shelf"]),
        (Product, ["ankara"]),
        (Order, [str(newest(Order).customer_id), str(newest(Order).checkout_id)]),
    ):
        row = newest(model)
        for term in [str(row.pk), *terms]:
            found = boss.get(address(model, "changelist"), {"q": term}).context["cl"].result_list
            assert found == [row], (model, term)
        assert boss.get(address(model, "changelist"), {"q": "nobody"}).context["cl"].result_list == []


def test_an_order_shows_what_was_bought_what_became_of_it_and_its_money_and_not_where_it_goes(boss):
    text = boss.get(address(Order, "change", newest(Order).pk)).content.decode()
    for told in (
        "Ankara fabric",
        "₦5,000.00",
        "₦348.84",
        "Waiting for payment",
        "Set aside until it arrives",
    ):
        assert told in text
    assert "Allen Avenue" not in text and "+234" not in text


def test_a_product_shows_its_variants_with_stock_and_every_price(boss):
    with acting_as_service():
        newest(Product).variants.update(stock=7, reserved=3, options={"Size": "42"})
    text = boss.get(address(Product, "change", newest(Product).pk)).content.decode()
    for told in ("Size: 42", "<td", "2020-06-01", "₦5,000.00", "Standard"):
        assert told in text


FORMS = [
    (approved.APPROVE_SELLER.code, {"words": "Papers seen"}, "Papers seen"),
    (approved.PAUSE.code, {"words": "Complaints"}, "Complaints"),
    (approved.COMMISSION.code, {"basis_points": "500"}, "500"),
]


@pytest.mark.parametrize(("code", "facts", "told"), FORMS)
def test_a_sellers_page_leads_to_each_proposal_which_another_decides(code, facts, told):
    seller = make_seller(
        make_person(), state="APPLIED" if code == approved.APPROVE_SELLER.code else "APPROVED"
    )
    browser = browser_of(make_colleague(approved.PROPOSE, "marketplace.view_seller"))
    form = f"{address_of(code)}?seller={seller.pk}"
    assert form in browser.get(address(Seller, "change", seller.pk)).content.decode()
    assert f'value="{seller.pk}" selected' in browser.get(form).content.decode()
    if "basis_points" in facts:
        facts = facts | {"from_date": timezone.localdate().isoformat()}
    sent = {"seller": str(seller.pk), **facts, "reason": "Looked at with care", "ticket": "T-1"}
    assert told in browser.post(address_of(code), {**sent, "step": "preview"}).content.decode()
    done = browser.post(address_of(code), {**sent, "step": "propose"})
    checker = browser_of(make_colleague(approved.APPROVE, "accounts.view_approval"))
    page = checker.get(done.url).content.decode()
    assert told in page and "Kasuwa Stores" in page


def test_who_may_not_propose_is_led_nowhere():
    seller = make_seller(make_person())
    page = browser_of(make_colleague("marketplace.view_seller")).get(address(Seller, "change", seller.pk))
    assert page.status_code == 200 and "/propose/" not in page.content.decode()
