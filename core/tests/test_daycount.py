"""Day counts against figures that others published, and against their own rules."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.daycount import (
    ADDITIVE,
    CONVENTIONS,
    actual_actual_icma,
    day_fraction,
    thirty_e_360_isda,
    year_fraction,
)
from core.tests.published import cases

NAMES = {
    "30/360 bond basis": "30/360",
    "30/360 US (February rule)": "30/360-US",
}
NOT_OFFERED = "no product uses this year"
DAYS = st.dates(date(1999, 1, 1), date(2102, 12, 31))


def years_of(inputs: dict[str, Any]) -> Fraction:
    start, end = date.fromisoformat(inputs["start"]), date.fromisoformat(inputs["end"])
    convention = inputs["convention"]
    if convention == "ACT/ACT-ISMA":
        period = (date.fromisoformat(inputs[name]) for name in ("ref_start", "ref_end"))
        return actual_actual_icma(start, end, period_start=next(period), period_end=next(period))
    if convention == "30E/360 ISDA":
        return thirty_e_360_isda(start, end, termination=date.fromisoformat(inputs["termination"]))
    return year_fraction(NAMES.get(convention, convention), start, end)


@pytest.mark.parametrize(
    "case",
    cases(
        __file__, "quantlib_daycount", ql_30_365=NOT_OFFERED, ql_act366=NOT_OFFERED, ql_act36525=NOT_OFFERED
    )
    + cases(
        __file__,
        "curo_daycounts",
        curo_EU_2008_48="a rule of the yearly cost of a loan, not of interest",
        curo_US_AppJ="a rule of the yearly cost of a loan, not of interest",
    ),
)
def test_a_published_day_count(case: dict[str, Any]) -> None:
    years, expected = years_of(case["inputs"]), case["expected"]
    if "days" in expected:
        assert years * 360 == expected["days"]
    else:
        assert abs(Decimal(years.numerator) / years.denominator - Decimal(expected["years"])) < Decimal(
            case["tolerance"]
        )


@pytest.mark.parametrize("convention", sorted(ADDITIVE))
@given(start=DAYS, length=st.integers(0, 900), cut=st.integers(0, 900))
def test_what_accrues_day_by_day_adds_up(convention: str, start: date, length: int, cut: int) -> None:
    end = start + timedelta(days=length)
    middle = start + timedelta(days=min(cut, length))
    parts = year_fraction(convention, start, middle) + year_fraction(convention, middle, end)
    assert parts == year_fraction(convention, start, end)


@pytest.mark.parametrize("convention", sorted(CONVENTIONS))
@given(day=DAYS)
def test_no_time_is_no_part_of_a_year(convention: str, day: date) -> None:
    assert year_fraction(convention, day, day) == 0


@pytest.mark.parametrize(
    ("convention", "day", "part"),
    [
        ("ACT/365F", date(2028, 2, 29), Fraction(1, 365)),
        ("ACT/360", date(2028, 2, 29), Fraction(1, 360)),
        ("ACT/ACT-ISDA", date(2027, 12, 31), Fraction(1, 365)),
        ("ACT/ACT-ISDA", date(2028, 1, 1), Fraction(1, 366)),
        ("ACT/ACT-ISDA", date(2028, 12, 31), Fraction(1, 366)),
        ("30E/360", date(2027, 1, 30), Fraction(0)),
        ("30E/360", date(2027, 1, 31), Fraction(1, 360)),
        ("30E/360", date(2027, 2, 28), Fraction(3, 360)),
        ("30E/360", date(2028, 2, 29), Fraction(2, 360)),
    ],
)
def test_what_one_day_is_of_a_year(convention: str, day: date, part: Fraction) -> None:
    assert day_fraction(convention, day) == part


def test_a_name_that_is_not_known_and_one_that_cannot_accrue_are_refused() -> None:
    with pytest.raises(ValueError, match="No day count"):
        year_fraction("ACT/364", date(2026, 1, 1), date(2026, 1, 2))
    with pytest.raises(ValueError, match="day by day"):
        day_fraction("30/360-US", date(2026, 1, 1))
    with pytest.raises(ValueError, match="period"):
        actual_actual_icma(
            date(2026, 1, 1), date(2026, 1, 2), period_start=date(2026, 1, 1), period_end=date(2026, 6, 1)
        )
