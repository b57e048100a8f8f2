"""Who sees which rows of the shop, and who writes them, tried in raw SQL by each role of the database."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from django.apps import apps
from django.db import Error, ProgrammingError, connection, transaction

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from marketplace.models import Cart, Order, Product, Promotion, Seller
from marketplace.tests.factories import make_product, make_seller, variant_of
from marketplace.tests.furnishing import furnish_marketplace

pytestmark = pytest.mark.django_db

TABLES = sorted(model._meta.db_table for model in apps.get_app_config("marketplace").get_models())
# What the shop shows to everybody.
SHELVES = {"marketplace_category", "marketplace_taxclass", "marketplace_taxrate"}
ON_SALE = {f"marketplace_{name}" for name in ("product", "variant", "price", "seller", "deliveryoption")}
BUYERS = {
    f"marketplace_{name}"
    for name in (
        *("cart", "cartitem", "wish", "address", "checkout", "promotionuse", "review", "reviewreport"),
        *("order", "orderitem", "orderchange", "shipment", "refundrequest", "dispute"),
    )
}
SELLERS = {
    f"marketplace_{name}"
    for name in ("order", "orderitem", "orderchange", "ordermove", "shipment", "refundrequest", "dispute")
}


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


def seen(block: AbstractContextManager) -> set[str]:
    """The tables of which whoever acts sees a row."""
    found = set()
    with block:
        for table in TABLES:
            try:
                with transaction.atomic():
                    if count(table):
                        found.add(table)
            except ProgrammingError:
                continue
    return found


@pytest.fixture
def people(db: None) -> Iterator[tuple[User, User, User, Order]]:
    buyer, shopkeeper = make_person(name="Ada Obi"), make_person(name="Bola Ade")
    order = furnish_marketplace(buyer, shopkeeper)
    with acting_as_service():
        Promotion.objects.create(
            seller=order.seller, name="Mine", kind="AMOUNT", value=100, since=order.placed_at
        )
        order.seller.commissions.create(from_date="2026-01-01", basis_points=500)
        order.seller.imports.create(name="a.csv", sha256="0", made_by_id=shopkeeper.pk)
        Product.objects.get().pictures.create(name="a.jpg")
    yield buyer, shopkeeper, make_person(name="Chidi Eze"), order


def test_each_sees_what_is_on_sale_and_their_own_side_and_nobody_else_does(people):
    buyer, shopkeeper, stranger, _order = people
    shop = SHELVES | ON_SALE | {"marketplace_picture"}
    own_shop = {f"marketplace_{name}" for name in ("promotion", "sellercommission", "productimport")}
    assert seen(acting_as(stranger)) == shop
    assert seen(acting_as(buyer)) == shop | BUYERS
    assert seen(acting_as(shopkeeper)) == shop | SELLERS | own_shop
    assert seen(acting_as_anon()) == shop


@pytest.mark.parametrize("state", ["DRAFT", "IN_REVIEW", "PAUSED", "REMOVED"])
def test_what_is_not_on_sale_only_its_sellers_people_see(people, state):
    buyer, shopkeeper, stranger, _order = people
    with acting_as_service():
        Product.objects.update(state=state)
    hidden = {f"marketplace_{name}" for name in ("product", "variant", "price", "picture")}
    for block in (acting_as(buyer), acting_as(stranger), acting_as_anon()):
        assert not seen(block) & hidden
    assert hidden <= seen(acting_as(shopkeeper))


@pytest.mark.parametrize("state", ["APPLIED", "PAUSED"])
def test_of_a_seller_who_does_not_sell_nothing_is_seen_but_by_its_own_people(people, state):
    _buyer, shopkeeper, stranger, _order = people
    with acting_as_service():
        Seller.objects.update(state=state)
    hidden = ON_SALE | {"marketplace_picture"}
    for block in (acting_as(stranger), acting_as_anon()):
        assert not seen(block) & hidden
    assert hidden <= seen(acting_as(shopkeeper))


def test_a_stranger_reads_no_account_and_no_word_of_staff_of_a_seller(people):
    with acting_as_anon():
        for column in ("account_id", "reason", "support_email", "organization_id"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"select {column} from marketplace_seller")


def test_of_two_sellers_each_sees_its_own_drafts_alone(people):
    _buyer, shopkeeper, _stranger, _order = people
    rival = make_person(name="Ngozi Eke")
    draft = make_product(make_seller(rival, name="Ngozi's"), state="DRAFT")
    with acting_as(shopkeeper):
        assert not Product.objects.filter(pk=draft.pk).exists()
    with acting_as(rival):
        assert list(Product.objects.filter(state="DRAFT")) == [draft]
        assert not Order.objects.exists()


def test_a_guests_cart_is_seen_by_the_service_alone(people):
    buyer, *_others = people
    with acting_as_service():
        guest = Cart.objects.create(token_digest="0" * 64)
        guest.items.create(variant=variant_of(Product.objects.get()), quantity=1, price=1)
        assert count("marketplace_cart") == 2
    with acting_as(buyer):
        assert count("marketplace_cart") == 1 and count("marketplace_cartitem") == 1


@pytest.mark.parametrize("who", ["buyer", "shopkeeper", "anon"])
def test_nobody_but_the_service_writes_any_of_it(people, who):
    buyer, shopkeeper, *_others = people
    blocks = {"buyer": acting_as(buyer), "shopkeeper": acting_as(shopkeeper), "anon": acting_as_anon()}
    with blocks[who], connection.cursor() as cursor:
        for table in TABLES:
            column = "code" if table == "marketplace_taxclass" else "id"
            for statement in (
                f"insert into {table} default values",
                f"update {table} set {column} = {column}",
                f"delete from {table}",
            ):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    cursor.execute(statement)
        for call in (
            "marketplace.reserve(uuidv7(), '{}', '{}')",
            "marketplace.end_reservations('{}', 'SOLD')",
            "marketplace.lowest_price(uuidv7(), current_date)",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(f"select {call}")


FROZEN = [
    "update marketplace_order set paid = 1",
    "update marketplace_order set commission_points = 0",
    "update marketplace_orderitem set price = 1",
    "delete from marketplace_orderchange",
    "delete from marketplace_ordermove",
    "update marketplace_sellercommission set basis_points = 0",
    "update marketplace_checkout set posting_id = uuidv7()",
    "update marketplace_variant set sku = 'other'",
    "update marketplace_price set amount = 1",
    "delete from marketplace_order",
]


@pytest.mark.parametrize("statement", FROZEN)
def test_what_was_agreed_not_even_the_service_changes(people, statement):
    with acting_as_service(), connection.cursor() as cursor, pytest.raises(Error), transaction.atomic():
        cursor.execute(statement)
