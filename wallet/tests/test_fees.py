"""What movements cost: the arithmetic alone. Number 13 of the ledger's tests begins here."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.money import split
from wallet import fees
from wallet.fees import FEE, LEVY, STAMP_DUTY, VAT, Band, FeeQuote, Tariff

NAIRA = 100
BANK = Tariff(
    bands=(
        Band(FEE, 0, flat=10 * NAIRA),
        Band(FEE, 5_000 * NAIRA + 1, flat=25 * NAIRA),
        Band(FEE, 50_000 * NAIRA + 1, flat=50 * NAIRA),
        Band(STAMP_DUTY, 10_000 * NAIRA, flat=50 * NAIRA, waived_for=frozenset({"SALARY"})),
    ),
    tax_rate=Decimal("0.075"),
    schedule_id=7,
)
MERCHANT = Tariff(
    bands=(
        Band(FEE, 0, rate=Decimal("0.015"), maximum=2_000 * NAIRA),
        Band(FEE, 2_500 * NAIRA, flat=100 * NAIRA, rate=Decimal("0.015"), maximum=2_000 * NAIRA),
    ),
)


def cost(tariff: Tariff, amount: int, *waivers: str) -> dict[str, int]:
    found = fees.quote(kind="WITHDRAWAL", amount=amount, tariff=tariff, waivers=waivers)
    return {line.kind: line.amount for line in found.lines}


@pytest.mark.parametrize(
    ("amount", "fee", "tax"),
    [
        (1, 1_000, 75),
        (5_000 * NAIRA, 1_000, 75),
        (5_000 * NAIRA + 1, 2_500, 188),
        (50_000 * NAIRA, 2_500, 188),
        (50_000 * NAIRA + 1, 5_000, 375),
        (10**12, 5_000, 375),
    ],
)
def test_a_fee_is_that_of_its_band_and_its_tax_is_rounded_half_up(amount: int, fee: int, tax: int) -> None:
    found = cost(BANK, amount)
    assert (found[FEE], found[VAT]) == (fee, tax)


def test_duty_begins_with_its_threshold_and_carries_no_tax() -> None:
    assert STAMP_DUTY not in cost(BANK, 10_000 * NAIRA - 1)
    assert cost(BANK, 10_000 * NAIRA) == {FEE: 2_500, VAT: 188, STAMP_DUTY: 5_000}


def test_an_exemption_waives_the_charge_that_names_it_and_no_other() -> None:
    assert cost(BANK, 10**7, "SALARY", "OTHER") == {FEE: 5_000, VAT: 375}
    assert cost(BANK, 10**7, "OTHER")[STAMP_DUTY] == 5_000


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (33, 0),  # 0.495 kobo
        (34, 1),  # 0.51
        (100, 2),  # 1.5: half up
        (2_500 * NAIRA - 1, 3_750),
        (2_500 * NAIRA, 13_750),
        (126_666 * NAIRA, 199_999),
        (126_667 * NAIRA, 200_000),
        (10**18, 200_000),
    ],
)
def test_a_share_with_a_flat_part_stays_within_its_bounds(amount: int, fee: int) -> None:
    assert cost(MERCHANT, amount).get(FEE, 0) == fee


def test_a_minimum_is_charged_where_the_share_is_less() -> None:
    tariff = Tariff((Band(FEE, 0, rate=Decimal("0.01"), minimum=500),))
    assert [cost(tariff, amount)[FEE] for amount in (1, 50_000, 50_100)] == [500, 500, 501]


def test_what_the_receiver_bears_is_told_apart_and_not_charged_to_the_payer() -> None:
    found = fees.quote(kind="TRANSFER", amount=10**6, tariff=Tariff((Band(LEVY, 10**6, flat=5_000),)))
    assert (found.total, found.levied, found.paid) == (0, 5_000, ())


def test_what_costs_nothing_has_no_line() -> None:
    assert cost(Tariff((Band(FEE, 0),), tax_rate=Decimal(1)), 10**6) == {}
    assert cost(Tariff(), 10**6) == {}


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_charged_for_no_amount(amount: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        cost(BANK, amount)


def test_a_quote_that_was_kept_is_the_quote() -> None:
    found = fees.quote(kind="WITHDRAWAL", amount=10**7, tariff=BANK)
    assert FeeQuote.from_data(found.as_data()) == found
    assert found.schedule_id == 7


fuzz = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
money = st.integers(1, 10**12)
rates = st.integers(0, 10**7).map(lambda parts: Decimal(parts).scaleb(-7))
tax_rates = st.integers(0, 10**5).map(lambda parts: Decimal(parts).scaleb(-5))
bounds = st.tuples(st.integers(0, 10**9), st.none() | st.integers(0, 10**9)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + pair[1])
)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    bands = []
    for charge in (FEE, STAMP_DUTY):
        for start in draw(st.sets(st.integers(0, 10**12), max_size=3)):
            minimum, maximum = draw(bounds)
            flat = draw(st.integers(0, 10**9))
            bands.append(Band(charge, start, flat, draw(rates), minimum, maximum))
    return Tariff(tuple(bands), draw(tax_rates))


@fuzz
@given(tariff=tariffs(), amount=money)
def test_number_13_gross_is_net_and_fee_and_tax_and_duty_to_the_kobo(tariff: Tariff, amount: int) -> None:
    found = fees.quote(kind="TRANSFER", amount=amount, tariff=tariff)
    lines = {line.kind: line.amount for line in found.lines}
    parts = [lines.get(kind, 0) for kind in (FEE, VAT, STAMP_DUTY)]
    assert found.gross == amount + sum(parts)
    assert amount == found.net + sum(parts)
    assert all(type(line.amount) is int and line.amount > 0 for line in found.lines)
    # Tax is that of the fee to within half a kobo, and half a kobo goes up.
    exact = parts[0] * Fraction(tariff.tax_rate)
    assert Fraction(-1, 2) <= exact - parts[1] < Fraction(1, 2)


@fuzz
@given(tariff=tariffs(), amount=money)
def test_number_13_every_amount_falls_into_one_band_of_a_charge(tariff: Tariff, amount: int) -> None:
    for charge in (FEE, STAMP_DUTY):
        starts = sorted(band.from_amount for band in tariff.bands if band.charge == charge)
        reached = [start for start in starts if start <= amount][-1:]
        band = fees.band_of(tariff.bands, charge, amount)
        assert [band.from_amount] == reached if band else not reached


@fuzz
@given(total=money, weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=256))
def test_number_13_a_split_of_n_parts_sums_to_the_whole(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))


@fuzz
@given(amount=money, rate=rates)
def test_number_13_a_share_is_within_half_a_kobo_of_the_truth(amount: int, rate: Decimal) -> None:
    assert Fraction(-1, 2) <= amount * Fraction(rate) - fees.share_of(amount, rate) < Fraction(1, 2)
