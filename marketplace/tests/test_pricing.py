from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.money import MAX_AMOUNT
from marketplace.pricing import Line, QuantityRefused, TooMuch, price_order, settle, tax_in

VAT = Decimal("7.5")


def test_a_small_order_worked_out_by_hand() -> None:
    # 2 x N1,500.00 with VAT and 1 x N700.00 without; N500.00 off both, delivery N1,075.00 with VAT.
    lines = [Line(150_000, 2, VAT), Line(70_000, 1)]
    total = price_order(lines, reductions={"EID": (50_000, [0, 1])}, delivery=107_500, delivery_tax_rate=VAT)
    # 50,000 x 300,000 / 370,000 = 40,540.54; 50,000 x 70,000 / 370,000 = 9,459.46: the kobo goes to the larger rest.
    assert [dict(line.reductions) for line in total.lines] == [{"EID": 40_541}, {"EID": 9_459}]
    assert [line.paid for line in total.lines] == [259_459, 60_541]
    # 259,459 x 7.5 / 107.5 = 18,101.79
    assert [line.tax for line in total.lines] == [18_102, 0]
    assert (total.gross, total.reduced, total.goods, total.delivery_tax) == (370_000, 50_000, 320_000, 7_500)
    assert (total.paid, total.tax) == (427_500, 25_602)


@pytest.mark.parametrize(
    ("paid", "rate", "tax"),
    [(107_500, "7.5", 7_500), (1, "7.5", 0), (0, "7.5", 0), (10, "0", 0), (215, "7.5", 15), (8, "100", 4)],
)
def test_the_tax_in_a_price(paid: int, rate: str, tax: int) -> None:
    assert tax_in(paid, Decimal(rate)) == tax


def test_half_a_kobo_of_tax_goes_up() -> None:
    assert tax_in(1, Decimal(100)) == 1  # half a kobo


@pytest.mark.parametrize("quantity", [0, -1, 10_001, -(2**63)])
def test_a_quantity_that_nobody_may_order(quantity: int) -> None:
    with pytest.raises(QuantityRefused) as refused:
        price_order([Line(100, quantity)], reductions={})
    assert refused.value.data == {"most": 10_000}


def test_a_sum_that_no_account_holds() -> None:
    with pytest.raises(TooMuch):
        price_order([Line(MAX_AMOUNT // 2, 3)], reductions={})
    with pytest.raises(TooMuch):
        price_order([Line(MAX_AMOUNT, 1)], reductions={}, delivery=1)


def test_reductions_come_one_after_the_other_and_never_below_nothing() -> None:
    total = price_order(
        [Line(1_000, 1), Line(500, 1)], reductions={"A": (900, [0]), "B": (700, [0, 1]), "C": (99, [0, 1])}
    )
    # After A there are 100 and 500: B takes all of both.
    assert [dict(line.reductions) for line in total.lines] == [{"A": 900, "B": 100}, {"B": 500}]
    assert total.paid == 0


def test_a_settlement_worked_out_by_hand() -> None:
    # N4,275.00 paid, N1,075.00 of it delivery: 8 % of N3,200.00 is N256.00, VAT on it N19.20.
    parts = settle(427_500, rate=Decimal(8), tax_rate=VAT, delivery=107_500)
    assert (parts.commission, parts.tax, parts.seller) == (25_600, 1_920, 399_980)
    with pytest.raises(ValueError, match="part of what is paid"):
        settle(100, rate=Decimal(8), tax_rate=VAT, delivery=101)


amounts = st.integers(0, 10**9)
rates = st.decimals(0, 30, places=2)
fuzz = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fuzz
@given(
    lines=st.lists(
        st.builds(Line, st.integers(1, 10**9), st.integers(1, 100), rates), min_size=1, max_size=8
    ),
    taken=st.lists(amounts, max_size=3),
    data=st.data(),
)
def test_to_the_kobo_whatever_is_bought(lines: list[Line], taken: list[int], data: st.DataObject) -> None:
    places = st.lists(st.integers(0, len(lines) - 1), min_size=1, unique=True)
    reductions = {str(key): (amount, data.draw(places)) for key, amount in enumerate(taken)}
    total = price_order(lines, reductions=reductions)
    for line in total.lines:
        assert line.gross == line.paid + sum(line.reductions.values())
        assert 0 <= line.tax <= line.paid and all(part > 0 for part in line.reductions.values())
    for key, (amount, where) in reductions.items():
        given_to = sum(line.reductions.get(key, 0) for line in total.lines)
        assert given_to <= amount
        assert given_to == amount or not any(total.lines[place].paid for place in where)


@fuzz
@given(paid=amounts, delivery=amounts, refunds=st.lists(amounts, max_size=5), rate=rates)
def test_what_is_refunded_in_parts_leaves_what_an_order_of_that_size_would(
    paid: int, delivery: int, refunds: list[int], rate: Decimal
) -> None:
    delivery = min(delivery, paid)
    before = settle(paid, rate=rate, tax_rate=VAT, delivery=delivery)
    assert before.commission + before.tax + before.seller == paid
    for refund in refunds:
        left = paid - min(refund, paid - delivery)
        after = settle(left, rate=rate, tax_rate=VAT, delivery=delivery)
        assert before.commission >= after.commission and before.tax >= after.tax
        assert (
            after.seller <= before.seller + 1
        )  # a kobo of commission and one of tax may fall due back at once
        paid, before = left, after
