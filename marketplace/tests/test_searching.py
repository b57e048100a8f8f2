"""Searching what is on sale: by words, misspelt ones too, by facets that count, in pages that miss nothing."""

import json
from base64 import urlsafe_b64encode
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from marketplace.models import Product, Seller, Variant
from marketplace.refusals import SearchInvalid
from marketplace.services.searching import Filters, Order, search, statements
from marketplace.tests.factories import NAIRA, make_category, make_product, make_seller
from wallet.tests.ledger import root

pytestmark = pytest.mark.django_db


def titles(**wanted: object) -> list[str]:
    return [hit.title for hit in search(**wanted).hits]


@pytest.fixture
def shop(db: None) -> dict[str, Seller]:
    fashion = make_category("fashion")
    shoes, fabric = (make_category(slug, parent=fashion) for slug in ("shoes", "fabric"))
    phones = make_category("phones")
    first, second = (make_seller(make_person(), name=name) for name in ("Kasuwa", "Ngozi's"))
    for seller, title, price, stock, category, stars, text in (
        (first, "Leather shoes", 9_000, 5, shoes, 5, "Brown, made in Aba"),
        (first, "Canvas shoes", 4_000, 0, shoes, 3, "For running"),
        (second, "Ankara fabric", 5_000, 9, fabric, 4, "Six yards; goes with leather"),
        (second, "Smartphone", 90_000, 2, phones, None, "Two cameras"),
        (second, "Ọ̀ṣun soap", 500, 7, fabric, None, "Black soap"),
    ):
        facts = {"stars": stars, "reviews_count": 1} if stars else {}
        make_product(
            seller,
            title,
            price=price * NAIRA,
            stock=stock,
            category=category,
            description=text,
            **facts,
        )
    return {"first": first, "second": second}


def test_titles_come_before_descriptions_and_words_are_found_in_any_form(shop):
    assert titles(query="leather") == ["Leather shoes", "Ankara fabric"]
    assert set(titles(query="shoe")) == {"Leather shoes", "Canvas shoes"}
    assert titles(query="osun") == titles(query="Ọ̀ṣun") == ["Ọ̀ṣun soap"]
    assert titles(query='"black soap"') == ["Ọ̀ṣun soap"]
    assert "Canvas shoes" not in titles(query="shoes -canvas")[:1]
    assert titles(query="bicycle") == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("smartfone", "Smartphone"),
        ("samrtphone", "Smartphone"),
        ("leahter", "Leather shoes"),
        ("ankra", "Ankara fabric"),
        ("canvass", "Canvas shoes"),
    ],
)
def test_a_misspelt_word_finds_what_was_meant(shop, typed, meant):
    assert titles(query=typed)[0] == meant


def test_filters_narrow_and_each_facet_counts_as_if_nothing_were_chosen_in_it(shop):
    assert set(titles(filters=Filters(category="fashion"))) == {
        *("Leather shoes", "Canvas shoes", "Ankara fabric", "Ọ̀ṣun soap"),
    }
    # A path is no more than itself and what stands below it.
    assert titles(filters=Filters(category="fash")) == []
    assert titles(filters=Filters(least=5_000 * NAIRA, most=9_000 * NAIRA), order=Order.CHEAPEST) == [
        "Ankara fabric",
        "Leather shoes",
    ]
    assert titles(filters=Filters(stars=4), order=Order.BEST) == ["Leather shoes", "Ankara fabric"]
    assert set(titles(filters=Filters(sellers=[shop["first"].pk]))) == {"Leather shoes", "Canvas shoes"}
    found = search(filters=Filters(category="fashion/shoes", in_stock=True))
    assert [hit.title for hit in found.hits] == ["Leather shoes"]
    facets = found.facets
    assert {choice.value: choice.many for choice in facets.categories} == {
        "fashion/shoes": 1,
        "fashion/fabric": 2,
        "phones": 1,
    }
    assert [(choice.name, choice.many) for choice in facets.sellers] == [("Kasuwa", 1)]
    assert [(choice.value, choice.many) for choice in facets.stars] == [
        ("4", 1),
        ("3", 1),
        ("2", 1),
        ("1", 1),
    ]
    assert (facets.in_stock, facets.total) == (1, 1)
    assert (facets.lowest, facets.highest) == (9_000 * NAIRA, 9_000 * NAIRA)
    all_of_it = search().facets
    assert (all_of_it.total, all_of_it.in_stock, all_of_it.lowest) == (5, 4, 500 * NAIRA)
    nothing = search(query="bicycle").facets
    assert (nothing.total, nothing.lowest, nothing.categories) == (0, None, [])


def test_a_hit_says_what_a_list_shows(shop):
    with acting_as_service():
        product = Product.objects.get(title="Canvas shoes")
        product.pictures.create(name="second.jpg", position=2)
        product.pictures.create(name="first.jpg", position=1)
    (hit,) = search(query="canvas").hits
    assert (hit.id, hit.price, hit.seller, hit.stars, hit.reviews) == (
        *(product.pk, 4_000 * NAIRA, "Kasuwa", 3, 1),
    )
    assert (hit.in_stock, hit.picture) == (False, "first.jpg")
    with acting_as_service():
        Variant.objects.filter(product=product).update(stock=2, reserved=2)
    assert not search(query="canvas").hits[0].in_stock


@pytest.mark.parametrize("state", ["DRAFT", "IN_REVIEW", "PAUSED", "REMOVED"])
def test_what_is_not_on_sale_is_not_found(shop, state):
    with acting_as_service():
        Product.objects.filter(title="Smartphone").update(state=state)
    assert titles(query="smartphone") == [] and "Smartphone" not in titles()
    with acting_as_service():
        Seller.objects.update(state="PAUSED")
    assert search().hits == [] and search().facets.total == 0


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("query", ["", "shoes"])
def test_pages_miss_nothing_and_repeat_nothing_also_where_many_are_equal(shop, order, query):
    for number in range(14):
        make_product(shop["first"], f"Shoes number {number}", price=(number % 3 + 1) * NAIRA)
    seen, cursor = [], ""
    while True:
        found = search(query=query, order=order, cursor=cursor, limit=4)
        seen += [hit.id for hit in found.hits]
        cursor = found.cursor
        if not cursor:
            break
        assert len(found.hits) == 4
    assert len(seen) == len(set(seen)) == found.facets.total >= 16
    prices = [hit.price for hit in search(query=query, order=order, limit=100).hits]
    if order is Order.CHEAPEST:
        assert all(before <= after for before, after in pairwise(prices))
    if order is Order.DEAREST:
        assert all(before >= after for before, after in pairwise(prices))


@pytest.mark.parametrize(
    "query",
    [
        "'",
        "\\",
        "%",
        "_",
        ":*",
        "a & | !",
        "((",
        "\0",
        "'; drop table marketplace_product; --",
        "🥿",
        "<script>",
    ],
)
def test_no_query_breaks_it(shop, query):
    assert search(query=query).facets.total <= 5


@pytest.mark.parametrize("cursor", ["x", "====", "bmV3ZXN0fDF8Mg", "\0", "é"])
def test_a_cursor_that_is_none_is_refused(shop, cursor):
    with pytest.raises(SearchInvalid) as refused:
        search(cursor=cursor)
    assert refused.value.public_data == {"field": "cursor"}


def test_a_cursor_of_another_order_too_long_a_query_and_no_such_limit_are_refused(shop):
    cursor = search(order=Order.CHEAPEST, limit=2).cursor
    for wanted, field in (
        ({"cursor": cursor, "order": Order.DEAREST}, "cursor"),
        ({"query": "x" * 101}, "query"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
    ):
        with pytest.raises(SearchInvalid) as refused:
            search(**wanted)
        assert refused.value.data == {"field": field}


def asked(**wanted: object) -> int:
    with CaptureQueriesContext(connection) as queries:
        search(**wanted)
    return len([1 for query in queries.captured_queries if "marketplace_" in query["sql"]])


def test_it_asks_as_much_for_many_hits_as_for_one(shop):
    few = asked(query="shoes")
    for number in range(30):
        make_product(shop["second"], f"Shoes number {number}")
    assert asked(query="shoes") == asked() == few == 2


MANY = """
insert into marketplace_product (id, seller_id, category_id, tax_class_id, title, description, weight, state, reason,
    lowest_price, reviews_count, live_at)
select uuidv7(), %s, %s, 'STANDARD', md5(n::text) || ' ' || md5((n + 1)::text), md5((n + 2)::text), 0, 'LIVE', '',
    n, 0, now() from generate_series(1, 5000) n
"""


@pytest.mark.django_db(transaction=True)
def test_words_and_misspelt_words_are_found_by_their_indexes():
    seller, category = make_seller(make_person()), make_category()
    make_product(seller, "Leather shoes", category=category)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(MANY, [seller.pk, category.pk])
    with root() as database:
        database.execute("vacuum analyze marketplace_product")
    for query in ("leather", "leahter"):
        assert titles(query=query) == ["Leather shoes"]
        facts = dict.fromkeys(("least", "most", "stars", "key", "after")) | {
            **{"query": query, "category": "", "sellers": [], "in_stock": False},
            **{"limit": 25, "choices": 20},
        }
        for statement in statements(query=query, order=Order.RELEVANCE):
            with acting_as_service(), connection.cursor() as cursor:
                cursor.execute("explain (format json) " + statement, facts)
                plan = json.dumps(cursor.fetchone()[0])
            assert "product_words" in plan and "product_title_letters" in plan
            assert scans_of("marketplace_product", plan) == set()


def scans_of(table: str, plan: str) -> set[str]:
    """The ways in which a plan reads all of a table."""
    found: set[str] = set()

    def look(node: object) -> None:
        if isinstance(node, list):
            for child in node:
                look(child)
        elif isinstance(node, dict):
            if node.get("Relation Name") == table and node.get("Node Type") == "Seq Scan":
                found.add("Seq Scan")
            for child in node.values():
                look(child)

    look(json.loads(plan))
    return found


def test_no_product_of_another_id_is_reached_by_a_cursor(shop):
    """The key of a cursor is compared, never put into the statement."""
    text = f"cheapest|1 or true|{uuid7()}"
    with pytest.raises(SearchInvalid):
        search(order=Order.CHEAPEST, cursor=urlsafe_b64encode(text.encode()).decode())
