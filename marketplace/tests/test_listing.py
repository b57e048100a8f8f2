"""Listing goods: from a draft to the shelf and off it, by those who manage the seller, with a price for every day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from marketplace import refusals, tasks
from marketplace.models import Category, Price, Product, Seller, Variant
from marketplace.services import listing, prices
from marketplace.services.listing import Listing
from marketplace.tests.factories import NAIRA, make_category, make_product, make_seller, variant_of
from marketplace.tests.furnishing import furnish_marketplace

pytestmark = pytest.mark.django_db

AT = timezone.now()
TODAY = timezone.localdate(AT)
SHOES = Listing(title="  Brown   shoes ", category="fashion/shoes", description="Leather", weight=900)


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def ada(db: None) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def seller(ada: User) -> Seller:
    make_category("shoes", parent=make_category("fashion"))
    return make_seller(ada)


@pytest.fixture
def draft(ada: User, seller: Seller) -> Product:
    return listing.list_product(product_id=uuid7(), seller_id=seller.pk, by=ada, listing=SHOES)


@pytest.fixture
def variant(ada: User, draft: Product) -> Variant:
    return listing.add_variant(product_id=draft.pk, by=ada, sku="S-42", options={"Size": "42"}, pieces=3)


def price_of(variant: Variant, day: date) -> int | None:
    with acting_as_service():
        return Price.objects.on(day).filter(variant=variant).values_list("amount", flat=True).first()


def stored(product: Product) -> Product:
    with acting_as_service():
        return Product.objects.get(pk=product.pk)


def test_from_a_draft_to_the_shelf_and_off_it_each_step_in_the_trail(ada, draft, variant):
    assert (draft.title, draft.state, draft.category.path) == ("Brown shoes", "DRAFT", "fashion/shoes")
    with pytest.raises(refusals.NoPrice):
        listing.submit_product(product_id=draft.pk, by=ada, at=AT)
    prices.set_price(variant_id=variant.pk, by=ada, amount=9_000 * NAIRA, since=TODAY, at=AT)
    listing.submit_product(product_id=draft.pk, by=ada, at=AT)
    live = listing.publish_product(product_id=draft.pk, by=make_person(), at=AT)
    assert (live.state, live.live_at, stored(draft).lowest_price) == ("LIVE", AT, 9_000 * NAIRA)
    listing.pause_product(product_id=draft.pk, by=ada)
    listing.submit_product(product_id=draft.pk, by=ada, at=AT)
    listing.remove_product(product_id=draft.pk, by=ada)
    with acting_as_service():
        events = AuditEvent.objects.filter(target_id=str(draft.pk)).order_by("pk")
        assert [event.action.removeprefix("marketplace.product.") for event in events] == [
            *("listed", "variant_added", "price_set", "submitted", "published", "paused", "submitted"),
            "removed",
        ]


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("DRAFT", {"submit", "remove"}),
        ("IN_REVIEW", {"publish", "remove"}),
        ("LIVE", {"pause", "remove"}),
        ("PAUSED", {"submit", "remove"}),
        ("REMOVED", set()),
    ],
)
def test_every_other_step_is_refused_by_name(ada, seller, state, allowed):
    steps = {
        "submit": lambda key: listing.submit_product(product_id=key, by=ada, at=AT),
        "publish": lambda key: listing.publish_product(product_id=key, by=ada, at=AT),
        "pause": lambda key: listing.pause_product(product_id=key, by=ada),
        "remove": lambda key: listing.remove_product(product_id=key, by=ada),
    }
    for name, step in steps.items():
        product = make_product(seller, state=state)
        if name in allowed:
            step(product.pk)
            continue
        with pytest.raises(refusals.ProductStateRefused) as refused:
            step(product.pk)
        assert refused.value.data == {"state": state} and stored(product).state == state


def test_the_same_listing_again_is_the_same_product_and_anothers_id_is_nobodys(ada, draft, seller):
    again = listing.list_product(product_id=draft.pk, seller_id=seller.pk, by=ada, listing=SHOES)
    assert again == draft
    bola = make_person()
    with pytest.raises(refusals.ProductNotFound):
        listing.list_product(
            product_id=draft.pk, seller_id=make_seller(bola, name="Bola's").pk, by=bola, listing=SHOES
        )


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 151}, "title"),
        ({"description": "x" * 5001}, "description"),
        ({"category": "fashion/hats"}, "category"),
        ({"tax_class": "NONE"}, "tax_class"),
        ({"weight": -1}, "weight"),
        ({"weight": 1_000_001}, "weight"),
    ],
)
def test_what_cannot_be_listed_is_refused_by_its_field(ada, seller, facts, field):
    wanted = Listing(**{"title": "Shoes", "category": "fashion/shoes"} | facts)
    with pytest.raises(refusals.ProductInvalid) as refused:
        listing.list_product(product_id=uuid7(), seller_id=seller.pk, by=ada, listing=wanted)
    assert refused.value.public_data == {"field": field}


def test_only_those_who_manage_the_seller_do_any_of_it(ada, seller, draft, variant):
    stranger, member = make_person(), make_person()
    with acting_as_service():
        seller.organization.memberships.create(user=member, role="MEMBER")
    facts = {"amount": 1, "since": TODAY, "at": AT}
    for who, refusal in ((stranger, refusals.ProductNotFound), (member, RoleNotEnough)):
        for deed in (
            lambda by: listing.add_variant(product_id=draft.pk, by=by, sku="x"),
            lambda by: listing.set_stock(variant_id=variant.pk, by=by, pieces=1),
            lambda by: listing.submit_product(product_id=draft.pk, by=by, at=AT),
            lambda by: listing.pause_product(product_id=draft.pk, by=by),
            lambda by: listing.remove_product(product_id=draft.pk, by=by),
            lambda by: prices.set_price(variant_id=variant.pk, by=by, **facts),
        ):
            with pytest.raises(refusal):
                deed(who)
    with pytest.raises(OrganizationNotFound):
        listing.list_product(product_id=uuid7(), seller_id=seller.pk, by=stranger, listing=SHOES)
    for unknown in (uuid7(), draft.pk):
        with pytest.raises(refusals.ProductNotFound):
            listing.set_stock(variant_id=unknown, by=ada, pieces=1)


def test_a_sku_and_a_choice_of_options_are_there_once(ada, seller, draft, variant):
    for facts in ({"sku": "S-42", "options": {"Size": "43"}}, {"sku": "S-43", "options": {"Size": "42"}}):
        with pytest.raises(refusals.SkuTaken):
            listing.add_variant(product_id=draft.pk, by=ada, **facts)
    other = make_seller(make_person(), name="Bola's")
    with acting_as_service():
        assert variant.seller_id == seller.pk
        # The database says whose a variant is, whatever is written.
        made = Variant.objects.create(product=draft, seller=other, sku="S-44", options={"Size": "44"})
        made.refresh_from_db()
        assert made.seller_id == seller.pk


@pytest.mark.parametrize(
    "options",
    [
        ["Size"],
        {"Size": 42},
        {"Size": ""},
        {"Size": " 42"},
        {"": "42"},
        {"Size": {"EU": "42"}},
        {"Size": "x" * 61},
        dict.fromkeys("abcd", "x"),
    ],
)
def test_options_are_few_short_words(ada, draft, options):
    with pytest.raises(refusals.ProductInvalid) as refused:
        listing.add_variant(product_id=draft.pk, by=ada, sku="x", options=options)
    assert refused.value.data == {"field": "options"}


def test_stock_is_never_set_below_what_is_promised(ada, variant):
    with acting_as_service():
        Variant.objects.filter(pk=variant.pk).update(reserved=2)
    with pytest.raises(refusals.StockRefused) as refused:
        listing.set_stock(variant_id=variant.pk, by=ada, pieces=1)
    assert refused.value.data == {"reserved": 2}
    listing.set_stock(variant_id=variant.pk, by=ada, pieces=2)
    for pieces in (-1, 1_000_001):
        with pytest.raises(refusals.ProductInvalid):
            listing.set_stock(variant_id=variant.pk, by=ada, pieces=pieces)
    with acting_as_service():
        event = AuditEvent.objects.get(action="marketplace.product.stock_set")
    assert event.data == {"variant": str(variant.pk), "was": 3, "now": 2}


# Prices


def test_a_sale_takes_its_days_and_gives_them_back(ada, variant):
    prices.set_price(variant_id=variant.pk, by=ada, amount=100, since=TODAY, at=AT)
    prices.set_price(variant_id=variant.pk, by=ada, amount=80, since=on(3), until=on(5), at=AT)
    assert [price_of(variant, on(day)) for day in (-1, 0, 2, 3, 4, 5, 400)] == [
        None,
        *(100, 100, 80, 80, 100, 100),
    ]
    prices.set_price(variant_id=variant.pk, by=ada, amount=90, since=on(4), at=AT)
    assert [price_of(variant, on(day)) for day in (3, 4, 5, 400)] == [80, 90, 90, 90]
    prices.set_price(variant_id=variant.pk, by=ada, amount=70, since=TODAY, until=on(4), at=AT)
    assert [price_of(variant, on(day)) for day in (0, 3, 4)] == [70, 70, 90]


@pytest.mark.parametrize(
    ("amount", "since", "until"),
    [(0, 0, None), (-1, 0, None), (2**63, 0, None), (1, -1, None), (1, 2, 2), (1, 2, 1)],
)
def test_a_price_that_cannot_be_is_refused_and_the_past_stays(ada, variant, amount, since, until):
    with pytest.raises(refusals.PriceInvalid):
        prices.set_price(
            variant_id=variant.pk,
            by=ada,
            amount=amount,
            since=on(since),
            until=None if until is None else on(until),
            at=AT,
        )


def test_the_least_that_a_product_costs_is_kept_from_day_to_day(ada, seller, draft, variant):
    other = listing.add_variant(product_id=draft.pk, by=ada, sku="S-43", options={"Size": "43"})
    prices.set_price(variant_id=variant.pk, by=ada, amount=100, since=TODAY, at=AT)
    prices.set_price(variant_id=other.pk, by=ada, amount=60, since=on(2), until=on(4), at=AT)
    listing.submit_product(product_id=draft.pk, by=ada, at=AT)
    listing.publish_product(product_id=draft.pk, by=ada, at=AT)
    kept = []
    for day in range(6):
        prices.keep_prices(on=on(day))
        kept.append(stored(draft).lowest_price)
    assert kept == [100, 100, 60, 60, 100, 100]
    assert prices.keep_prices(on=on(5)) == 0


def test_what_has_no_price_any_more_goes_off_the_shelf(ada, draft, variant):
    prices.set_price(variant_id=variant.pk, by=ada, amount=100, since=TODAY, until=on(2), at=AT)
    listing.submit_product(product_id=draft.pk, by=ada, at=AT)
    listing.publish_product(product_id=draft.pk, by=ada, at=AT)
    assert prices.keep_prices(on=on(1)) == 0 and stored(draft).state == "LIVE"
    assert prices.keep_prices(on=on(2)) == 1
    product = stored(draft)
    assert (product.state, product.lowest_price) == ("PAUSED", None)
    with acting_as_service():
        event = AuditEvent.objects.get(action="marketplace.product.price_ended")
    assert (event.target_id, event.data) == (str(draft.pk), {"on": on(2).isoformat()})


def test_the_task_keeps_what_products_cost_today(ada, draft, variant):
    prices.set_price(variant_id=variant.pk, by=ada, amount=100, since=TODAY, at=AT)
    with acting_as_service():
        Product.objects.filter(pk=draft.pk).update(state="PAUSED", lowest_price=7)
    tasks.keep_prices()
    assert stored(draft).lowest_price == 100


def test_two_prices_never_hold_on_one_day(variant):
    with acting_as_service():
        Price.objects.create(variant=variant, amount=1, valid=(on(0), on(5)))
        with pytest.raises(IntegrityError, match="price_one_at_a_time"), transaction.atomic():
            Price.objects.create(variant=variant, amount=2, valid=(on(4), None))
        Price.objects.create(variant=variant, amount=2, valid=(on(5), None))


# What the database keeps


def test_a_category_stands_under_its_parent_and_stays_there(ada, seller):
    with acting_as_service():
        shoes = Category.objects.get(path="fashion/shoes")
        under = {path for (path,) in Category.objects.under("fashion").values_list("path")}
        assert under == {"fashion", "fashion/shoes"}
        for change in ({"slug": "boots"}, {"parent": None}, {"path": "shoes"}):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                Category.objects.filter(pk=shoes.pk).update(**change)
        for facts in ({"slug": "Shoes"}, {"slug": "a--b"}, {"slug": "shoes", "parent": shoes.parent}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Category.objects.create(name="x", **facts)
        deep = shoes
        for slug in ("a", "b", "c"):
            deep = Category.objects.create(slug=slug, name="x", parent=deep)
        with pytest.raises(IntegrityError, match="such a path"), transaction.atomic():
            Category.objects.create(slug="d", name="x", parent=deep)


def test_stars_are_the_mean_of_the_reviews_that_are_shown(ada):
    order = furnish_marketplace(ada, make_person())
    with acting_as_service():
        item = order.items.get()
        product = Product.objects.get(pk=item.variant.product_id)
        assert (product.stars, product.reviews_count) == (Decimal(2), 1)
        other = order.items.create(
            variant=variant_of(make_product(order.seller)),
            title="Belt",
            sku="B",
            price=1,
            quantity=1,
            paid=1,
            tax_percent=0,
            tax=0,
        )
        kind = product.reviews.create(item=other, customer=ada, stars=5)
        product.refresh_from_db()
        assert (product.stars, product.reviews_count) == (Decimal("3.5"), 2)
        for review in product.reviews.all():
            review.state = "HIDDEN"
            review.save(update_fields=["state"])
        product.refresh_from_db()
        assert (product.stars, product.reviews_count) == (None, 0)
        kind.state = "SHOWN"
        kind.save(update_fields=["state"])
        product.refresh_from_db()
        assert (product.stars, product.reviews_count) == (Decimal(5), 1)
