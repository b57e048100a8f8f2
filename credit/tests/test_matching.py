"""Which offers are valid, in what order they are shown, and that what we earn on them never matters."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.matching import Asked, Bar, Lender, Offer, Product, bars_to_accept, bars_to_offer, ranked
from credit.tests.fuzz import fuzz

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
TODAY = date(2027, 3, 1)
HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)
LENDER = Lender(is_active=True, licensed_until=date(2027, 12, 31), headroom=500_000)
PRODUCT = Product(least=10_000, most=400_000, shortest=3, longest=12)
CAP = Decimal(48)


def offer(number: int = 1, **changes: Any) -> Offer:
    facts: dict[str, Any] = {
        "id": UUID(int=number),
        "provider_id": UUID(int=100 + number),
        "amount": 100_000,
        "term": 6,
        "rate": Decimal(24),
        "apr": Decimal("26.82"),
        "total_payable": 107_000,
        "made_at": NOON - HOUR,
        "expires_at": NOON + 24 * HOUR,
        "our_fee": 0,
    }
    return Offer(**{**facts, **changes})


OFFERS = st.lists(
    st.builds(
        offer,
        st.integers(1, 10**6),
        apr=st.decimals(0, 3, places=1),
        total_payable=st.integers(100_000, 100_003),
        made_at=st.integers(0, 3).map(lambda hours: NOON - hours * HOUR),
        our_fee=st.integers(0, 10**6),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


# The order


def test_the_order_is_apr_then_total_then_time_then_id() -> None:
    first = offer(9, apr=Decimal("26.81"), total_payable=200_000)
    second = offer(8, total_payable=106_999)
    third = offer(7, made_at=NOON - 2 * HOUR)
    fourth, fifth = offer(1), offer(2)
    assert ranked([fifth, third, first, fourth, second]) == [first, second, third, fourth, fifth]


@fuzz
@given(OFFERS, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_they_come_in(
    offers: list[Offer], chance: random.Random
) -> None:
    mixed = list(offers)
    chance.shuffle(mixed)
    assert ranked(mixed) == ranked(offers)


@fuzz
@given(OFFERS, st.randoms(use_true_random=False))
def test_what_we_earn_is_never_looked_at(offers: list[Offer], chance: random.Random) -> None:
    fees = [one.our_fee for one in offers]
    chance.shuffle(fees)
    shuffled = [replace(one, our_fee=fee) for one, fee in zip(offers, fees, strict=True)]
    assert [one.id for one in ranked(shuffled)] == [one.id for one in ranked(offers)]
    flipped = [replace(one, our_fee=-one.our_fee) for one in offers]
    assert [one.id for one in ranked(flipped)] == [one.id for one in ranked(offers)]


@fuzz
@given(OFFERS)
def test_no_dearer_offer_stands_before_a_cheaper_one(offers: list[Offer]) -> None:
    found = ranked(offers)
    keys = [(one.apr, one.total_payable, one.made_at, one.id) for one in found]
    assert keys == sorted(keys) and set(found) == set(offers)


def test_digits_that_a_search_leaves_behind_decide_nothing() -> None:
    """Two rates that differ in the twentieth place are one rate, and the total decides."""
    dearer = offer(1, apr=Decimal("26.82000000000000000001"), total_payable=106_000)
    cheaper = offer(2, apr=Decimal("26.82000000000000000002"), total_payable=105_000)
    assert ranked([dearer, cheaper]) == [cheaper, dearer]
    assert ranked([replace(cheaper, apr=Decimal("26.8200000002")), dearer])[0] == dearer


def test_rates_of_millions_of_percent_have_an_order() -> None:
    dear, cheap = offer(1, apr=Decimal("1E+30")), offer(2, apr=Decimal("9.99E+29"))
    assert ranked([dear, cheap]) == [cheap, dear]


# Valid offers


def bars(one: Offer, **changes: Any) -> tuple[Bar, ...]:
    facts: dict[str, Any] = {
        "lender": LENDER,
        "product": PRODUCT,
        "cap": CAP,
        "deadline": NOON + HOUR,
        "live": [],
        "at": NOON,
        "on": TODAY,
    }
    return bars_to_offer(one, **{**facts, **changes})


def test_a_valid_offer_is_barred_by_nothing() -> None:
    assert bars(offer()) == ()


@pytest.mark.parametrize(
    ("change", "bar"),
    [
        ({"is_active": False}, Bar.PROVIDER_INACTIVE),
        ({"licensed_until": None}, Bar.NOT_LICENSED),
        ({"licensed_until": date(2027, 2, 28)}, Bar.NOT_LICENSED),
        ({"licensed_until": TODAY}, None),
        ({"headroom": 99_999}, Bar.HEADROOM_SHORT),
        ({"headroom": 100_000}, None),
        ({"headroom": -1}, Bar.HEADROOM_SHORT),
    ],
)
def test_a_provider_is_active_licensed_and_good_for_the_amount(
    change: dict[str, Any], bar: Bar | None
) -> None:
    assert bars(offer(), lender=replace(LENDER, **change)) == ((bar,) if bar else ())


@pytest.mark.parametrize(
    ("change", "bar"),
    [
        ({"amount": 9_999}, Bar.AMOUNT_OUTSIDE_PRODUCT),
        ({"amount": 10_000}, None),
        ({"amount": 400_000}, None),
        ({"amount": 400_001}, Bar.AMOUNT_OUTSIDE_PRODUCT),
        ({"term": 2}, Bar.TERM_OUTSIDE_PRODUCT),
        ({"term": 3}, None),
        ({"term": 12}, None),
        ({"term": 13}, Bar.TERM_OUTSIDE_PRODUCT),
        ({"rate": Decimal(48)}, None),
        ({"rate": Decimal("48.0000000001")}, Bar.RATE_ABOVE_CAP),
        ({"rate": Decimal(0)}, None),
        ({"rate": Decimal("-0.01")}, Bar.RATE_BELOW_ZERO),
        ({"expires_at": NOON}, Bar.EXPIRED),
        ({"expires_at": NOON + TICK}, None),
    ],
)
def test_an_offer_keeps_to_the_product_the_cap_and_the_clock(change: dict[str, Any], bar: Bar | None) -> None:
    assert bars(offer(**change)) == ((bar,) if bar else ())


def test_a_product_without_a_floor_still_lends_something_for_some_time() -> None:
    nothing = Product(least=0, most=400_000, shortest=0, longest=12)
    assert bars(offer(amount=0), product=nothing) == (Bar.AMOUNT_OUTSIDE_PRODUCT,)
    assert bars(offer(term=0), product=nothing) == (Bar.TERM_OUTSIDE_PRODUCT,)


@pytest.mark.parametrize(("deadline", "late"), [(NOON + TICK, False), (NOON, True), (NOON - TICK, True)])
def test_an_offer_in_the_very_second_of_the_deadline_is_late(deadline: datetime, late: bool) -> None:
    assert bars(offer(), deadline=deadline) == ((Bar.PAST_DEADLINE,) if late else ())


def test_a_provider_has_one_live_offer_for_an_application() -> None:
    assert bars(offer(2), live=[offer(1)]) == (Bar.OFFER_ALREADY_LIVE,)
    assert bars(offer(2), live=[offer(1, expires_at=NOON)]) == ()
    assert bars(offer(2), live=[offer(1)], replaces=UUID(int=1)) == ()
    assert bars(offer(3), live=[offer(1), offer(2)], replaces=UUID(int=1)) == (Bar.OFFER_ALREADY_LIVE,)


def test_an_offer_that_replaces_another_may_use_what_that_one_reserves() -> None:
    lender = replace(LENDER, headroom=50_000)
    live = [offer(1, amount=60_000)]
    assert bars(offer(2), lender=lender, live=live) == (Bar.HEADROOM_SHORT, Bar.OFFER_ALREADY_LIVE)
    assert bars(offer(2), lender=lender, live=live, replaces=UUID(int=1)) == ()
    assert bars(offer(2, amount=110_001), lender=lender, live=live, replaces=UUID(int=1)) == (
        Bar.HEADROOM_SHORT,
    )
    # Not of one that has expired, nor of another's.
    assert bars(offer(2), lender=lender, live=[offer(1, expires_at=NOON)], replaces=UUID(int=1)) == (
        Bar.HEADROOM_SHORT,
    )
    assert bars(offer(2), lender=lender, replaces=UUID(int=7)) == (Bar.HEADROOM_SHORT,)


def test_everything_that_is_wrong_is_named() -> None:
    worst = offer(amount=10**12, term=99, rate=Decimal(1000), expires_at=NOON - HOUR)
    found = bars(
        worst,
        lender=Lender(is_active=False, licensed_until=None, headroom=0),
        deadline=NOON,
        live=[offer(2)],
        asked=Asked(most=1, term=6),
    )
    by_whom = {Bar.NOT_POOLABLE, Bar.OWN_APPLICATION}
    assert set(found) == set(Bar) - {Bar.RATE_BELOW_ZERO, Bar.RATE_BELOW_PRODUCT} - by_whom


@pytest.mark.parametrize(
    ("asked", "bar"),
    [
        (Asked(most=100_000), None),
        (Asked(most=99_999), Bar.AMOUNT_ABOVE_ASKED),
        (Asked(most=100_000, term=6), None),
        (Asked(most=100_000, term=7), Bar.TERM_NOT_ASKED),
    ],
)
def test_an_offer_is_for_no_more_than_is_asked(asked: Asked, bar: Bar | None) -> None:
    assert bars(offer(), asked=asked) == ((bar,) if bar else ())


def test_an_offer_below_the_lowest_rate_of_its_product_is_barred() -> None:
    dear = replace(PRODUCT, lowest_rate=Decimal(24))
    assert bars(offer(), product=dear) == ()
    assert bars(offer(rate=Decimal("23.9999")), product=dear) == (Bar.RATE_BELOW_PRODUCT,)


def test_a_provider_is_good_for_what_the_offer_sets_aside_not_for_its_amount() -> None:
    """Fees are kept back, and what the provider owes us comes on top."""
    lender = replace(LENDER, headroom=99_000)
    assert bars(offer(reserve=99_000), lender=lender) == ()
    assert bars(offer(reserve=99_001), lender=lender) == (Bar.HEADROOM_SHORT,)
    facts: dict[str, Any] = {"lender": LENDER, "at": NOON, "on": TODAY}
    assert bars_to_accept(offer(reserve=99_000), reserved=99_000, **facts) == ()
    assert bars_to_accept(offer(reserve=99_000), reserved=98_999, **facts) == (Bar.HEADROOM_SHORT,)


# Accepting


def test_an_offer_that_still_stands_may_be_accepted() -> None:
    assert (
        bars_to_accept(offer(), lender=replace(LENDER, headroom=0), reserved=100_000, at=NOON, on=TODAY) == ()
    )


@pytest.mark.parametrize(
    ("change", "bar"),
    [
        ({"lender": replace(LENDER, is_active=False)}, Bar.PROVIDER_INACTIVE),
        ({"lender": replace(LENDER, licensed_until=date(2027, 2, 28))}, Bar.NOT_LICENSED),
        ({"lender": replace(LENDER, headroom=-1)}, Bar.HEADROOM_SHORT),
        ({"reserved": 99_999}, Bar.HEADROOM_SHORT),
        ({"at": NOON + 24 * HOUR}, Bar.EXPIRED),
    ],
)
def test_what_changed_since_an_offer_was_made_bars_it(change: dict[str, Any], bar: Bar) -> None:
    facts: dict[str, Any] = {"lender": LENDER, "reserved": 100_000, "at": NOON, "on": TODAY}
    assert bars_to_accept(offer(), **{**facts, **change}) == (bar,)
