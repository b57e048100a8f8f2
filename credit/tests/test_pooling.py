"""One loan from several providers: nothing is lost or made, and each gets back what it lent."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credit.matching import Offer
from credit.pooling import Holding, Share, divide, give_back, pay_out, pool
from credit.tests.fuzz import fuzz
from credit.tests.test_matching import HOUR, NOON, OFFERS, offer

IDS = [UUID(int=number) for number in range(1, 9)]
AMOUNTS = st.integers(1, 10**14)
RATES = st.decimals(0, 100, places=2)
WEIGHTS = st.lists(st.fractions(0, 10**9), min_size=1, max_size=8)


def ids_of(found: Any) -> list[int]:
    return [share.offer_id.int for share in found.shares]


def holdings_of(rows: list[tuple[int, int, str]]) -> list[Holding]:
    return [
        Holding(IDS[place], amount, owed, Decimal(rate)) for place, (amount, owed, rate) in enumerate(rows)
    ]


# Filling


def test_the_cheapest_fill_first_and_the_last_gives_a_part() -> None:
    found = pool(
        250_000,
        [
            offer(1, apr=Decimal(30), rate=Decimal(27)),
            offer(2, apr=Decimal(20), rate=Decimal(18)),
            offer(3, apr=Decimal(25), rate=Decimal(22)),
            offer(4, apr=Decimal(40), rate=Decimal(36)),
        ],
    )
    assert [(share.offer_id.int, share.amount) for share in found.shares] == [
        (2, 100_000),
        (3, 100_000),
        (1, 50_000),
    ]
    assert found.is_full and found.short_by == 0
    assert found.rate == Decimal("21.4000000000")  # 18 and 22 twice as much as 27


def test_equal_rates_go_by_time_then_by_id_and_not_by_the_total() -> None:
    offers = [
        offer(3, total_payable=1),
        offer(2),
        offer(1, made_at=NOON, total_payable=1),
        offer(4, made_at=NOON - 5 * HOUR),
    ]
    assert ids_of(pool(350_000, offers)) == [4, 2, 3, 1]


def test_too_little_says_by_how_much() -> None:
    found = pool(250_001, [offer(1), offer(2)])
    assert (found.funded, found.short_by, found.is_full) == (200_000, 50_001, False)


def test_a_pool_of_nothing_is_short_by_all_of_it_and_has_no_rate() -> None:
    found = pool(5, [])
    assert (found.funded, found.short_by, found.shares) == (0, 5, ())
    with pytest.raises(ValueError, match="no rate"):
        _ = found.rate


@pytest.mark.parametrize(
    ("asked", "offers"),
    [
        (0, [offer(1)]),
        (-1, [offer(1)]),
        (5, [offer(1), offer(1)]),
        (5, [offer(1), offer(2, term=7)]),
        (5, [offer(1, amount=0)]),
    ],
)
def test_what_makes_no_pool_is_refused(asked: int, offers: list[Offer]) -> None:
    with pytest.raises(ValueError):
        pool(asked, offers)


@fuzz
@given(st.integers(1, 2_000_000), OFFERS)
def test_a_pool_never_takes_more_than_is_asked_or_offered(asked: int, offers: list[Offer]) -> None:
    found = pool(asked, offers)
    offered = {one.id: one.amount for one in offers}
    assert found.funded == min(asked, sum(offered.values()))
    assert found.funded + found.short_by == asked
    assert all(0 < share.amount <= offered[share.offer_id] for share in found.shares)
    # Only the last may give a part, and nobody cheaper than it is left out.
    assert all(share.amount == offered[share.offer_id] for share in found.shares[:-1])
    apr = {one.id: one.apr for one in offers}
    dearest = max((apr[share.offer_id] for share in found.shares), default=None)
    left_out = offered.keys() - {share.offer_id for share in found.shares}
    assert all(dearest is not None and apr[one] >= dearest for one in left_out)


@fuzz
@given(st.lists(st.tuples(AMOUNTS, RATES), min_size=1, max_size=8))
def test_the_blended_rate_earns_what_the_shares_earn(rows: list[tuple[int, Decimal]]) -> None:
    shares = tuple(Share(IDS[place], *row) for place, row in enumerate(rows))
    found = replace(pool(1, [offer(1)]), shares=shares)
    own = sum(Fraction(share.rate) * share.amount for share in shares)
    assert abs(Fraction(found.rate) * found.funded - own) <= Fraction(found.funded, 2 * 10**10)
    assert min(one.rate for one in shares) <= found.rate <= max(one.rate for one in shares)


# Dividing


def test_a_part_is_rounded_down_and_the_rest_goes_to_the_largest_then_the_lowest_id() -> None:
    thirds = {IDS[2]: Fraction(1), IDS[0]: Fraction(1), IDS[1]: Fraction(1)}
    assert divide(101, thirds) == {IDS[0]: 35, IDS[1]: 33, IDS[2]: 33}
    assert divide(100, {IDS[0]: Fraction(33), IDS[1]: Fraction(34), IDS[2]: Fraction(0)}) == {
        IDS[0]: 49,
        IDS[1]: 51,
        IDS[2]: 0,
    }


@fuzz
@given(st.integers(0, 10**16), WEIGHTS)
def test_what_is_divided_adds_up(amount: int, rows: list[Fraction]) -> None:
    assume(any(rows))
    weights = dict(zip(IDS, rows, strict=False))
    found = divide(amount, weights)
    assert sum(found.values()) == amount
    largest = min(weights, key=lambda key: (-weights[key], key))
    for key, weight in weights.items():
        exact = amount * weight / sum(rows)
        assert found[key] == exact // 1 or (key == largest and exact // 1 <= found[key] < exact + len(rows))


@pytest.mark.parametrize(("amount", "rows"), [(-1, [1]), (1, [0, 0]), (1, [2, -1]), (1, [])])
def test_what_cannot_be_divided_is_refused(amount: int, rows: list[int]) -> None:
    with pytest.raises(ValueError):
        divide(amount, {key: Fraction(row) for key, row in zip(IDS, rows, strict=False)})


# Giving back


def test_a_kobo_at_a_time_comes_back_to_each_as_it_was_lent() -> None:
    """By first shares the largest would be given each single kobo; by what is still owed each has its turn."""
    owed = dict.fromkeys(IDS[:4], 25)
    for _ in range(100):
        parts = give_back(1, owed)
        owed = {key: owed[key] - parts[key] for key in owed}
        assert max(owed.values()) - min(owed.values()) <= 1
    assert owed == dict.fromkeys(IDS[:4], 0)


def test_nobody_is_given_more_than_is_owed() -> None:
    """Two of three kobo: each part rounded down is nothing, and the first cannot have both."""
    assert give_back(2, dict.fromkeys(IDS[:3], 1)) == {IDS[0]: 1, IDS[1]: 1, IDS[2]: 0}
    assert give_back(0, {IDS[0]: 0}) == {IDS[0]: 0}


@fuzz
@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=8), st.data())
def test_what_comes_back_adds_up_and_is_never_too_much(rows: list[int], data: st.DataObject) -> None:
    owed = dict(zip(IDS, rows, strict=False))
    amount = data.draw(st.integers(0, sum(rows)))
    found = give_back(amount, owed)
    assert sum(found.values()) == amount
    assert all(0 <= found[key] <= owed[key] for key in owed)
    if any(rows):
        assert all(found[key] >= amount * owed[key] // sum(rows) for key in owed)


@pytest.mark.parametrize(("amount", "rows"), [(-1, [5]), (6, [5]), (3, [5, -1])])
def test_what_cannot_come_back_is_refused(amount: int, rows: list[int]) -> None:
    with pytest.raises(ValueError):
        give_back(amount, dict(zip(IDS, rows, strict=False)))


# Paying out


def test_a_payment_is_paid_out_by_what_each_is_owed_and_earns() -> None:
    holdings = holdings_of([(60_000, 60_000, "20"), (40_000, 40_000, "30")])
    found = pay_out(holdings, principal=10_001, interest=2_001, charges=501)
    assert [(one.principal, one.interest, one.charges) for one in found] == [
        (6_001, 1_001, 301),
        (4_000, 1_000, 200),
    ]
    assert [one.total for one in found] == [7_303, 5_200]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([(50, 0, "20"), (50, 0, "30")], [40, 60]),  # after the last principal, by what was lent
        ([(75, 50, "0"), (25, 50 // 2, "0")], [75, 25]),  # nobody's rate is above zero
        ([(75, 75, "0"), (25, 25, "10")], [0, 100]),
        ([(75, 0, "10"), (25, 25, "10")], [0, 100]),
    ],
)
def test_interest_goes_to_those_who_earn_it(rows: list[tuple[int, int, str]], wanted: list[int]) -> None:
    found = pay_out(holdings_of(rows), principal=0, interest=100)
    assert [one.interest for one in found] == wanted


@pytest.mark.parametrize("rows", [[], [(0, 0, "1")], [(5, 6, "1")], [(5, -1, "1")], [(5, 5, "-1")]])
def test_shares_that_cannot_be_are_refused(rows: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError):
        pay_out(holdings_of(rows), principal=0, interest=0)


def test_a_share_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValueError):
        pay_out(holdings_of([(5, 5, "1")]) * 2, principal=0, interest=0)


@fuzz
@given(
    st.lists(st.tuples(st.integers(1, 10**12), RATES), min_size=1, max_size=6),
    st.integers(1, 24),
    st.randoms(use_true_random=False),
)
def test_over_a_whole_loan_each_gets_back_what_it_lent_and_earns_its_own_rate(
    rows: list[tuple[int, Decimal]], payments: int, chance: Any
) -> None:
    """Uneven payments of principal, interest a month at the blended rate: the borrower's and the lenders' agree."""
    shares = tuple(Share(IDS[place], *row) for place, row in enumerate(rows))
    found = replace(pool(1, [offer(1)]), shares=shares)
    owed = {share.offer_id: share.amount for share in shares}
    got = dict.fromkeys(owed, 0)
    earned, fair = dict.fromkeys(owed, 0), dict.fromkeys(owed, Fraction(0))
    for left in range(payments, 0, -1):
        total = sum(owed.values())
        interest = int(total * Fraction(found.rate) / 1200)
        principal = total if left == 1 else chance.randint(0, total // left)
        holdings = [Holding(one.offer_id, one.amount, owed[one.offer_id], one.rate) for one in shares]
        for one in pay_out(holdings, principal=principal, interest=interest):
            fair[one.id] += owed[one.id] * Fraction({s.offer_id: s.rate for s in shares}[one.id]) / 1200
            owed[one.id] -= one.principal
            got[one.id] += one.principal
            earned[one.id] += one.interest
    assert got == {share.offer_id: share.amount for share in shares}
    # The blended rate is kept to ten places, and each month's interest is rounded down once for all.
    slack = payments * (len(rows) + 2 + sum(one.amount for one in shares) // 10**12)
    assert all(abs(earned[key] - fair[key]) <= slack for key in earned)
