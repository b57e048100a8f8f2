"""The rules of interest, each by itself and on random histories."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from savings.interest import (
    Band,
    Every,
    Method,
    Rate,
    Rounding,
    Standing,
    Terms,
    accrual,
    bands_of,
    close_day,
    close_days,
    ends_on,
    interest_of_a_year,
    tax_on,
    whole,
)

NEW_YEAR = date(2027, 1, 1)
DAY = timedelta(days=1)
MANY_MOVES = st.dictionaries(
    st.dates(NEW_YEAR, NEW_YEAR + 400 * DAY), st.integers(1, 10**9), min_size=1, max_size=12
)


def flat(percent: str, **changes: Any) -> Terms:
    return Terms(bands=(Band(0, Decimal(percent)),), **changes)


def run(terms: Terms, balance: int, days: int, start: date = NEW_YEAR) -> tuple[Standing, list[Any]]:
    return close_days({start: terms}, start=start, end=start + days * DAY, moves={start: balance})


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    floors = [0, *sorted(draw(st.sets(st.integers(1, 10**9), max_size=3)))]
    rates = st.decimals("0", "30", places=4)
    return Terms(
        bands=tuple(Band(floor, draw(rates)) for floor in floors),
        method=draw(st.sampled_from(Method)),
        day_count=draw(st.sampled_from(["ACT/365F", "ACT/360", "ACT/ACT-ISDA", "30E/360"])),
        capitalised=draw(st.sampled_from([Every.DAY, Every.MONTH, Every.END])),
        paid=draw(st.sampled_from(Every)),
        rounding=draw(st.sampled_from(Rounding)),
        tax=draw(st.sampled_from([Decimal(0), Decimal(10)])),
    )


# One day


def test_a_day_is_a_365th_in_a_leap_year_too_and_actual_actual_takes_the_years_own_length() -> None:
    leap_day = date(2028, 2, 29)
    assert accrual(flat("10"), 100_000, leap_day) == Decimal("27.3972602740")
    assert accrual(flat("10", day_count="ACT/ACT-ISDA"), 100_000, leap_day) == Decimal("27.3224043716")
    assert accrual(flat("10", day_count="ACT/ACT-ISDA"), 100_000, date(2027, 12, 31)) == Decimal(
        "27.3972602740"
    )


@pytest.mark.parametrize("balance", [0, -1, -100_000])
def test_nothing_and_less_earns_nothing(balance: int) -> None:
    assert accrual(flat("10"), balance, NEW_YEAR) == 0


def test_a_rate_of_zero_is_a_rate() -> None:
    standing, rows = run(flat("0", paid=Every.DAY), 100_000, 30)
    assert standing == Standing(100_000) and {row.paid for row in rows} == {0}


def test_a_tie_at_the_tenth_place_goes_to_the_even_digit() -> None:
    """1 kobo at 0.0000018 % over 360 days is 5e-11 a day."""
    up, down = (flat(rate, day_count="ACT/360") for rate in ("0.0000054", "0.0000018"))
    assert accrual(down, 1, NEW_YEAR) == 0
    assert accrual(up, 1, NEW_YEAR) == Decimal("2e-10")


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        (Every.DAY, ["2027-12-31", "2028-02-28", "2028-02-29", "2028-06-30"]),
        (Every.MONTH, ["2027-12-31", "2028-02-29", "2028-06-30"]),
        (Every.QUARTER, ["2027-12-31", "2028-06-30"]),
        (Every.HALF_YEAR, ["2027-12-31", "2028-06-30"]),
        (Every.YEAR, ["2027-12-31"]),
        (Every.END, []),
    ],
)
def test_a_period_ends_with_the_calendars(every: Every, ends: list[str]) -> None:
    days = ["2027-12-31", "2028-02-28", "2028-02-29", "2028-06-30"]
    assert [day for day in days if ends_on(every, date.fromisoformat(day))] == ends


# Bands


BANDS = (Band(0, Decimal(4)), Band(100_00, Decimal(8)))


def test_the_whole_balance_earns_at_its_band_or_each_part_at_its_own() -> None:
    whole_balance = Terms(bands=BANDS, day_count="ACT/360")
    parts = Terms(bands=BANDS, day_count="ACT/360", method=Method.MARGINAL)
    assert [accrual(whole_balance, balance, NEW_YEAR) * 360 for balance in (99_99, 100_00, 300_00)] == [
        pytest.approx(Decimal("399.96")),
        pytest.approx(800),
        pytest.approx(2400),
    ]
    assert accrual(parts, 300_00, NEW_YEAR) * 360 == pytest.approx(400 + 1600)
    assert accrual(parts, 100_00, NEW_YEAR) * 360 == pytest.approx(400)


def test_a_term_picks_the_row_of_the_table_that_starts_at_or_before_it() -> None:
    table = [Rate(30, 0, Decimal(6)), Rate(90, 0, Decimal(9)), Rate(90, 500, Decimal(10))]
    assert bands_of(table, 89) == (Band(0, Decimal(6)),)
    assert bands_of(table, 400) == (Band(0, Decimal(9)), Band(500, Decimal(10)))
    with pytest.raises(ValueError, match="29"):
        bands_of(table, 29)


@pytest.mark.parametrize("floors", [[], [1], [0, 0], [0, 500, 100]])
def test_bands_with_a_gap_or_out_of_order_are_refused(floors: list[int]) -> None:
    with pytest.raises(ValueError, match="Bands"):
        Terms(bands=tuple(Band(floor, Decimal(1)) for floor in floors))


@pytest.mark.parametrize("rate", ["-0.01", "1000.01"])
def test_a_rate_that_cannot_be_meant_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        flat(rate)


# Paying


def test_interest_is_rounded_once_and_the_rest_is_carried() -> None:
    """₦1,000 at 10 %: 31 days of 27.39… kobo are 849.31…; the .31… goes into February."""
    standing, rows = run(flat("10"), 100_000, 31)
    assert rows[-1].paid == 849
    assert standing.carry == sum(row.accrued for row in rows) - 849 == Decimal("0.3150684940")


def test_tax_is_taken_once_from_what_is_paid() -> None:
    standing, rows = run(flat("10", tax=Decimal(10)), 100_000, 31)
    assert (rows[-1].paid, rows[-1].tax, standing.balance) == (849, 85, 100_000 + 849 - 85)
    assert tax_on(5, Decimal(10)) == 1 and tax_on(4, Decimal(10)) == 0


def test_what_is_capitalised_earns_before_it_is_paid() -> None:
    lazy, eager = (
        run(flat("10", paid=Every.YEAR, capitalised=each), 100_000, 365)[0].balance
        for each in (Every.END, Every.DAY)
    )
    assert (lazy, eager) == (110_000, 110_516)


def test_the_last_day_pays_everything() -> None:
    standing, row = close_day(
        flat("10", paid=Every.END), Standing(100_000, Decimal("99.5")), NEW_YEAR, last=True
    )
    assert row.paid == 127 and standing.balance == 100_127 and standing.carry == Decimal("-0.1027397260")


@pytest.mark.parametrize(
    ("amount", "half_even", "half_up", "down"),
    [("2.5", 2, 3, 2), ("3.5", 4, 4, 3), ("2.51", 3, 3, 2), ("-0.4", 0, 0, 0)],
)
def test_rounding_is_a_products_choice(amount: str, half_even: int, half_up: int, down: int) -> None:
    found = [whole(Decimal(amount), mode) for mode in (Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.DOWN)]
    assert found == [half_even, half_up, down]


# Histories


def test_a_rate_changes_from_a_day_and_what_was_before_stays() -> None:
    change = NEW_YEAR + 10 * DAY
    _, rows = close_days(
        {NEW_YEAR: flat("10"), change: flat("20")},
        start=NEW_YEAR,
        end=NEW_YEAR + 20 * DAY,
        moves={NEW_YEAR: 100_000},
    )
    assert {row.accrued for row in rows[:10]} == {Decimal("27.3972602740")}
    assert {row.accrued for row in rows[10:]} == {Decimal("54.7945205479")}


@pytest.mark.parametrize(
    ("capitalised", "paid", "percent"),
    [
        (Every.END, Every.END, "10.00"),
        (Every.END, Every.MONTH, "10.47"),
        (Every.DAY, Every.MONTH, "10.52"),
        (Every.MONTH, Every.END, "10.47"),
    ],
)
def test_a_years_yield_counts_what_is_paid_and_stays(capitalised: Every, paid: Every, percent: str) -> None:
    terms = Terms(bands=(Band(0, Decimal(10)),), capitalised=capitalised, paid=paid, tax=Decimal(10))
    earned = interest_of_a_year(terms, 10_000_000, NEW_YEAR) / 100_000
    assert earned.quantize(Decimal("0.01")) == Decimal(percent)


def test_in_and_out_on_one_day_earns_nothing() -> None:
    _, [row] = close_days(
        {NEW_YEAR: flat("10")}, start=NEW_YEAR, end=NEW_YEAR + DAY, moves={NEW_YEAR: 500 - 500}
    )
    assert row.accrued == 0


@settings(deadline=None)
@given(terms=terms(), moves=MANY_MOVES, cut=st.integers(1, 400))
def test_to_the_end_at_once_or_in_two_runs_is_the_same(
    terms: Terms, moves: dict[date, int], cut: int
) -> None:
    start, end = NEW_YEAR, NEW_YEAR + 401 * DAY
    middle = start + cut * DAY
    versions = {start: terms}
    at_once = close_days(versions, start=start, end=end, moves=moves)
    first, rows = close_days(versions, start=start, end=middle, moves=moves)
    second, rest = close_days(versions, start=middle, end=end, moves=moves, standing=first)
    assert (second, [*rows, *rest]) == at_once


@settings(deadline=None)
@given(terms=terms(), moves=MANY_MOVES)
def test_every_kobo_is_accounted_for(terms: Terms, moves: dict[date, int]) -> None:
    standing, rows = close_days({NEW_YEAR: terms}, start=NEW_YEAR, end=NEW_YEAR + 401 * DAY, moves=moves)
    paid, tax = sum(row.paid for row in rows), sum(row.tax for row in rows)
    assert standing.balance == sum(moves.values()) + paid - tax
    assert standing.carry == sum(row.accrued for row in rows) - paid
    assert all(row.accrued >= 0 and row.paid >= 0 and 0 <= row.tax <= row.paid for row in rows)
    assert [row.day for row in rows] == [NEW_YEAR + number * DAY for number in range(401)]
