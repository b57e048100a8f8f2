"""Rates of credit against figures that others published."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

from core.tests.published import cases
from credit import apr
from credit.apr import Flow, UnitFlow
from credit.roots import NoRate, nearest_root

REGZ = [case for case in cases(__file__, "regz_appendix_j") if "advances" in case.values[0]["inputs"]]
UNITS = [case for case in cases(__file__, "regz_appendix_j") if "interval" in case.id]


@pytest.mark.parametrize("case", REGZ)
def test_regulation_z_appendix_j(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    flows = [
        UnitFlow(Decimal(one["amount"]), one["t"], Fraction(one["f_days"], one["f_den"]))
        for one in inputs["advances"]
    ]
    for one in inputs["payments"]:
        part = Fraction(one["f_days"], one["f_den"])
        flows += [UnitFlow(-Decimal(one["amount"]), one["t"] + n, part) for n in range(one["count"])]
    found = apr.apr(flows, periods_a_year=Fraction(inputs["unit_periods_per_year"]))
    assert abs(found - Decimal(case["expected"]["apr_pct"])) <= Decimal(case["tolerance"]["apr_pct"])


@pytest.mark.parametrize("case", UNITS)
def test_unit_periods_of_appendix_j(case: dict[str, Any]) -> None:
    inputs, unit = case["inputs"], case["inputs"]["unit_period"]
    of = {"months": int(unit[:-1])} if unit.endswith("M") else {"days": int(unit[:-1])}
    found = apr.unit_periods(date.fromisoformat(inputs["from"]), date.fromisoformat(inputs["to"]), **of)
    wanted = case["expected"]
    assert found == (wanted["full_unit_periods"], wanted["odd_days"], wanted["denominator"])


def eu_flows(inputs: dict[str, Any]) -> list[Flow]:
    flows = [Flow(Decimal(one["amount"]), Fraction(one["month"], 12)) for one in inputs["drawdowns"]]
    for series in inputs["payments"]:
        amounts = series.get("amounts") or [series["amount"]] * series["count"]
        extra = Fraction(series.get("extra_days", 0), series.get("days_in_year", 365))
        for n, amount in enumerate(amounts):
            month = series["first_month"] + n * series.get("every_months", 1)
            flows.append(Flow(-Decimal(amount), Fraction(month, 12) + extra))
    return flows


@pytest.mark.parametrize("case", cases(__file__, "eu_aprc_examples"))
def test_examples_of_the_european_commission(case: dict[str, Any]) -> None:
    found = apr.aprc(eu_flows(case["inputs"]))
    assert abs(found - Decimal(case["expected"]["X_pct"])) <= Decimal(case["tolerance"]["X_pct"])
    assert apr.disclosed(found) == Decimal(case["expected"]["apr_1dp"])


@pytest.mark.parametrize("case", cases(__file__, "eu_time_intervals"))
def test_intervals_of_the_european_commission(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    if "percent" in inputs:
        assert apr.disclosed(Decimal(inputs["percent"]), inputs["places"]) == Decimal(wanted["percent"])
        return
    start, end = date.fromisoformat(inputs["start"]), date.fromisoformat(inputs["end"])
    whole, days, length = apr.years_between(start, end, inputs["period_kind"])
    assert (whole, days, length) == (
        wanted["whole_periods"],
        wanted["leftover_days"],
        wanted["day_denominator"],
    )
    years = apr.interval(start, end, inputs["period_kind"])
    assert abs(Decimal(years.numerator) / years.denominator - Decimal(wanted["years"])) < Decimal("1e-12")


@pytest.mark.parametrize(
    "case",
    cases(__file__, "short_term_apr", apr_short_5d="365 days where the EU counts back to a year of 366"),
)
def test_short_loans_of_millions_of_percent(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    flows = [Flow(Decimal(inputs["advance"]), Fraction(0))]
    for days, amount in inputs["payments"]:
        flows.append(Flow(-Decimal(amount), Fraction(days) / Fraction(inputs["year_days"])))
    found = apr.aprc(flows)
    assert abs(found - Decimal(case["expected"]["apr_pct"])) <= Decimal(case["tolerance"])


def test_the_five_days_of_october_2012_end_in_a_year_of_366() -> None:
    years = apr.interval(date(2012, 10, 10), date(2012, 10, 15), "month")
    assert years == Fraction(5, 366)
    found = apr.aprc([Flow(Decimal(500), Fraction(0)), Flow(Decimal(-510), years)])
    assert abs(found - Decimal("326.12")) < Decimal("0.01")


# Rates of return of plain rows of amounts


def rate_of(values: Sequence[Any]) -> Decimal:
    amounts = [Decimal(value) for value in values]
    if all(amount <= 0 for amount in amounts):
        raise NoRate
    return nearest_root(
        lambda rate: sum((amount / (1 + rate) ** n for n, amount in enumerate(amounts)), Decimal(0)),
        above=Decimal(-1),
    )


IRR = [
    case
    for name in ("numpy_financial", "tvm_and_xirr_published")
    for case in cases(__file__, name)
    if case.values[0]["inputs"].get("function") == "irr"
]


@pytest.mark.parametrize("case", IRR)
def test_internal_rates_of_return(case: dict[str, Any]) -> None:
    values, wanted = case["inputs"]["values"], case["expected"]["value"]
    if wanted is None:
        with pytest.raises(NoRate):
            rate_of(values)
        return
    assert abs(rate_of(values) - Decimal(wanted)) <= Decimal(case["tolerance"])


XIRR = [
    case
    for case in cases(__file__, "tvm_and_xirr_published")
    if case.values[0]["inputs"].get("function") == "xirr"
]


@pytest.mark.parametrize("case", XIRR)
def test_rates_of_dated_amounts(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    first = date.fromisoformat(inputs["flows"][0][0])
    year = Fraction(inputs["day_basis"].removeprefix("actual/"))
    flows = [
        Flow(Decimal(amount), Fraction((date.fromisoformat(day) - first).days) / year)
        for day, amount in inputs["flows"]
    ]
    wanted = Decimal(case["expected"]["value"])
    assert abs(apr.aprc(flows) / 100 - wanted) <= Decimal(case["tolerance"])


# What has no rate


@pytest.mark.parametrize("amounts", [[100, 100], [-1, -2], [0, 0], []])
def test_money_that_goes_one_way_has_no_rate(amounts: list[int]) -> None:
    with pytest.raises(NoRate):
        apr.aprc([Flow(Decimal(amount), Fraction(n, 12)) for n, amount in enumerate(amounts)])


def test_a_loan_that_is_never_worth_nothing_has_no_rate() -> None:
    """Paid on the very day it was given, more than was given: no rate makes that even."""
    with pytest.raises(NoRate):
        apr.aprc([Flow(Decimal(100), Fraction(0)), Flow(Decimal(-110), Fraction(0))])


def test_free_credit_costs_nothing() -> None:
    assert apr.aprc([Flow(Decimal(100), Fraction(0)), Flow(Decimal(-100), Fraction(1))]) == 0


def test_what_is_found_leaves_next_to_nothing() -> None:
    flows = [
        Flow(Decimal(200_000), Fraction(0)),
        *(Flow(Decimal(-2_000), Fraction(n, 12)) for n in range(1, 241)),
    ]
    found = apr.aprc(flows)
    with localcontext(prec=50):
        factor = 1 + found / 100
        left = sum(
            flow.amount / factor ** (Decimal(flow.years.numerator) / flow.years.denominator) for flow in flows
        )
    assert abs(left) < Decimal("1e-15")
