from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from marketplace.pricing import Line, price_order
from marketplace.promotions import CouponRefused, Item, Kind, Promotion, Why, check_coupon, reductions

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SHOES = Item(200_000, product="shoes", seller="bata", categories=frozenset({"fashion"}))
RICE = Item(100_000, product="rice", seller="mile-12", categories=frozenset({"food", "staples"}))
TENTH = Promotion("TENTH", Kind.PERCENT, Decimal(10), since=NOW - timedelta(days=1), is_combinable=True)
LESS = Promotion("LESS", Kind.AMOUNT, Decimal(50_000), since=NOW - timedelta(days=1), is_combinable=True)
ALONE = replace(TENTH, key="ALONE", value=Decimal(25), is_combinable=False)


def taken(*promotions: Promotion) -> dict[str, int]:
    found = reductions(promotions, [SHOES, RICE], at=NOW)
    return {key: amount for key, (amount, _places) in found.items()}


def test_percents_come_before_amounts_and_each_on_what_is_left() -> None:
    assert taken(LESS, TENTH) == {"TENTH": 30_000, "LESS": 50_000}
    fifth = replace(TENTH, key="FIFTH", value=Decimal(20))
    assert taken(TENTH, fifth) == {"TENTH": 30_000, "FIFTH": 54_000}


def test_one_that_stands_alone_is_taken_where_it_gives_more() -> None:
    assert taken(TENTH, ALONE) == {"ALONE": 75_000}
    assert taken(TENTH, LESS, ALONE) == {"TENTH": 30_000, "LESS": 50_000}
    same = replace(ALONE, key="SAME", value=Decimal(10))
    assert taken(same, TENTH) == {"TENTH": 30_000}  # of the same cost: those together come first
    assert taken() == {}


def test_it_is_for_its_products_sellers_or_categories_alone() -> None:
    for only in ("rice", "mile-12", "staples"):
        found = reductions([replace(TENTH, only=frozenset({only}))], [SHOES, RICE], at=NOW)
        assert found == {"TENTH": (10_000, [1])}
    total = price_order([Line(200_000, 1), Line(100_000, 1)], reductions=found)
    assert [line.paid for line in total.lines] == [200_000, 90_000]


def test_caps_and_budgets_hold() -> None:
    assert taken(replace(TENTH, most=12_345)) == {"TENTH": 12_345}
    assert taken(replace(LESS, budget_left=1)) == {"LESS": 1}
    assert taken(replace(LESS, value=Decimal(10**12))) == {"LESS": 300_000}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"since": NOW + timedelta(seconds=1)}, Why.NOT_YET),
        ({"until": NOW}, Why.OVER),
        ({"budget_left": 0}, Why.SPENT),
        ({"uses_left": 0}, Why.USED),
        ({"only": frozenset({"books"})}, Why.NOTHING_FOR_IT),
        ({"least": 300_001}, Why.TOO_LITTLE),
        ({"least": 100_001, "only": frozenset({"food"})}, Why.TOO_LITTLE),
    ],
)
def test_what_cannot_be_used_says_why_and_gives_nothing(changes: dict, why: Why) -> None:
    coupon = replace(TENTH, **changes)
    assert taken(coupon) == {}
    with pytest.raises(CouponRefused) as refused:
        check_coupon(coupon, [SHOES, RICE], at=NOW)
    assert refused.value.data["why"] == why
    assert refused.value.data.get("least") == (coupon.least or None)


def test_it_may_be_used_from_its_first_second_to_before_its_last() -> None:
    check_coupon(replace(TENTH, since=NOW, until=NOW + timedelta(seconds=1)), [SHOES], at=NOW)
    check_coupon(replace(TENTH, least=200_000, uses_left=1, budget_left=1), [SHOES], at=NOW)
