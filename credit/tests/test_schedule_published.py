"""Schedules against figures that others published. Where a source rounds to no unit, we count in a very small one."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

import pytest

from core.tests.published import cases
from credit import annuity, apr
from credit.apr import Flow
from credit.periods import ACT_364, MONTH_12, MONTH_12_EU, Calendar
from credit.replay import ChangeRate, Disburse, Repay, Reschedule, replay
from credit.schedule import plan, schedule
from credit.standing import Row
from credit.terms import Half, Method, Rounding, Terms, To
from credit.tests.lending import KOBO, kobo, same
from wallet import rhythm
from wallet.rhythm import MONTHLY, WEEKLY

FINE = 10**10  # so many units a euro: unrounded, for all that is printed
START = date(2026, 1, 5)


def monthly(rate: Any, count: int, **more: Any) -> Terms:
    start = more.pop("start", START)
    return Terms(Decimal(rate), Calendar(start), count, **more)


# The European Commission's amortisation tables


def european(inputs: dict[str, Any]) -> tuple[Row, ...]:
    terms = monthly(inputs["annual_rate_pct"], inputs["periods"])
    if inputs["method"] == "interest_only_bullet":
        terms = replace(terms, method=Method.INTEREST_ONLY)
    if "first_period_years" in inputs:
        # Such as "1 month + 20/366 year". The first instalment may be less than its interest.
        months, days, length = (int(part) for part in re.findall(r"\d+", inputs["first_period_years"]))
        regular = date(2012 if length == 366 else 2011, 4, 1)
        due = rhythm.nth(MONTHLY, regular, months)
        odd = Calendar(regular - timedelta(days), first_due=due, day_count=MONTH_12_EU)
        assert odd.period(1).years == Fraction(months, 12) + Fraction(days, length)
        terms = replace(terms, calendar=odd, capitalise_unpaid=True)
    return schedule(terms, [(terms.calendar.start, int(inputs["principal"]) * FINE)])


def near(units: int, printed: str, unit: int = FINE, within: str = "0.005") -> bool:
    return abs(Decimal(units) / unit - Decimal(printed)) <= Decimal(within)


@pytest.mark.parametrize("case", cases(__file__, "eu_amortisation_tables"))
def test_tables_of_the_european_commission(case: dict[str, Any]) -> None:
    rows, wanted = european(case["inputs"]), case["expected"]
    for number, *amounts, _percent in wanted["rows"]:
        row = rows[number - 1]
        ours = (row.opening + row.advanced, row.interest, row.principal, row.payment, row.closing)
        for value, printed in zip(ours, amounts, strict=True):
            assert near(value, printed)
    for year, *amounts in wanted["years"]:
        twelve = rows[(year - 1) * 12 : year * 12]
        sums = (
            sum(row.interest for row in twelve),
            sum(row.principal for row in twelve),
            sum(row.payment for row in twelve),
        )
        for value, printed in zip(sums, amounts, strict=True):
            assert near(value, printed)
    if totals := wanted["totals"]:
        assert near(sum(row.interest for row in rows), totals["interest"])
        assert near(sum(row.principal for row in rows), totals["principal"])
        assert near(sum(row.payment for row in rows), totals["paid"])
    if "instalment" in wanted:
        assert near(rows[0].payment, wanted["instalment"])
    if "balance_after_180" in wanted:
        assert near(rows[179].closing, wanted["balance_after_180"])
    assert len(rows) == case["inputs"]["periods"]
    assert rows[-1].closing == 0


# curo and frappe/lending


CURO = cases(__file__, "curo_schedules")


@pytest.mark.parametrize("case", [case for case in CURO if case.id != "curo-ex-2"])
def test_schedules_of_curo(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    weights = tuple(Decimal(weight) for weight in inputs.get("weights", ()))
    terms = Terms(
        Decimal(inputs["annual_rate_pct"]),
        Calendar(START, day_count=inputs["convention"]),
        len(weights) or inputs["instalments"],
        method=Method.STEPPED if weights else Method.LEVEL,
        weights=weights,
    )
    rows = schedule(terms, [(START, kobo(inputs["principal"]))])
    for number, *amounts in wanted["rows"]:
        row = rows[number - 1]
        ours = (row.payment, row.principal, row.interest, row.closing)
        for value, printed in zip(ours, amounts, strict=True):
            assert near(value, printed, KOBO, within="0.01")
    assert rows[0].payment == kobo(wanted.get("instalment") or wanted["full_payment"])


@pytest.mark.parametrize("case", [case for case in CURO if case.id == "curo-ex-2"])
def test_the_rate_of_curo_with_a_fee(case: dict[str, Any]) -> None:
    """Such as "6 x 1707.00 monthly, 50.00 with the first"."""
    inputs, wanted = case["inputs"], case["expected"]
    count, instalment, fee = (Decimal(part) for part in re.findall(r"[\d.]+", inputs["payments"]))
    flows = [Flow(Decimal(inputs["principal"]), Fraction(0)), Flow(-fee, Fraction(1, 12))]
    flows += [Flow(-instalment, Fraction(n, 12)) for n in range(1, int(count) + 1)]
    found = apr.aprc(flows)
    assert apr.disclosed(found, 2) == Decimal(wanted["apr_pct"])
    month = (1 + found / 100) ** (Decimal(1) / 12)
    for n, printed in enumerate(wanted["present_values"], start=1):
        assert abs(instalment / month**n - Decimal(printed)) <= Decimal("0.01")
    assert abs(fee / month - Decimal(wanted["fee_present_value"])) <= Decimal("0.01")


@pytest.mark.parametrize("case", cases(__file__, "frappe_lending"))
def test_schedules_of_frappe_lending(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    rate, principal = Decimal(inputs["annual_rate_pct"]), kobo(inputs["principal"])
    if "payment" in inputs:
        instalment = kobo(inputs["payment"])
        count = ceil(annuity.periods_needed(rate / 1200, Decimal(-instalment), Decimal(principal)))
        assert count == wanted["periods"]
        terms = monthly(rate, count, instalment=instalment)
    else:
        terms = monthly(rate, inputs["instalments"], rounding=Rounding(KOBO, To.UP))
    rows = schedule(terms, [(START, principal)])
    if "first_interest" in wanted:
        assert rows[0].interest == kobo(wanted["first_interest"])
        assert rows[0].principal == kobo(wanted["first_principal"])
        return
    for place, (part, interest, balance) in wanted.get("rows_from_zero", {}).items():
        row = rows[int(place)]
        assert [round(value / KOBO) for value in (row.principal, row.interest, row.closing)] == [
            part,
            interest,
            balance,
        ]
    assert rows[0].payment == kobo(wanted.get("instalment") or inputs["payment"])
    assert round(sum(row.interest for row in rows) / KOBO) == int(wanted["interest_total"])
    assert round(sum(row.payment for row in rows) / KOBO) == int(wanted["total"])


# Fineract: schedules before anything happens to them


PLANS = [case for case in cases(__file__, "fineract_integration_schedules") if "weekly" not in case.id]


@pytest.mark.parametrize("case", PLANS)
def test_plans_of_fineract(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    start = date.fromisoformat(inputs.get("disbursed", "2026-01-05"))
    terms = monthly(Decimal(inputs["rate_per_month_pct"]) * 12, inputs["instalments"], start=start)
    if "equal principal" in inputs.get("method", ""):
        # Every amount is rounded to a hundred there: a hundred is the unit.
        hundred = int(inputs["multiples_of"])
        grace = replace(terms.grace, no_principal=inputs["principal_grace"])
        terms = replace(terms, method=Method.EQUAL_PRINCIPAL, grace=grace)
        rows = schedule(terms, [(start, int(inputs["principal"]) // hundred)])
        for number, principal, interest in wanted["rows"]:
            row = rows[number - 1]
            assert (row.principal * hundred, row.interest * hundred) == (int(principal), int(interest))
        return
    terms = replace(terms, rounding=Rounding(int(inputs.get("multiples_of", 0)) * KOBO or 1))
    rows = schedule(terms, [(start, kobo(inputs["principal"]))])
    if "instalment" in wanted:
        assert rows[0].payment == kobo(wanted["instalment"])
    else:
        same(rows, wanted)


EMI = cases(
    __file__,
    "fineract_progressive_emi",
    fin_emi_94822_actact="charges 31 December at the next year's length; ours splits at 1 January (ISDA)",
    fin_early_payoff_0215="a missed instalment's principal earns nothing there after its day; ours does",
)


def progressive(inputs: dict[str, Any]) -> Terms:
    """Fineract's progressive loans: slices rounded each, the instalment smoothed."""
    periods = [[date.fromisoformat(day) for day in pair] for pair in inputs["periods"]]
    weekly = inputs.get("frequency") == "WEEKS"
    bases = {"360": MONTH_12, "364": ACT_364, "365": "ACT/365F", "actual": "ACT/ACT-ISDA"}
    calendar = Calendar(
        periods[0][0],
        every=inputs.get("repay_every", 1),
        rhythm=WEEKLY if weekly else MONTHLY,
        day_count=bases[inputs["days_in_year"]],
    )
    rate = inputs.get("annual_rate_pct") or Decimal(inputs["annual_rate"]) * 100
    rounding = Rounding(interest=Half.EVEN, each_slice=True, smoothed=True)
    return Terms(Decimal(rate), calendar, len(periods), rounding=rounding)


@pytest.mark.parametrize("case", [case for case in EMI if "disbursements" in case.values[0]["inputs"]])
def test_progressive_schedules_of_fineract(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    terms = progressive(inputs)
    events: list[Any] = [
        Disburse(date.fromisoformat(day), kobo(amount)) for day, amount in inputs["disbursements"]
    ]
    rows = schedule(terms, [(event.on, event.amount) for event in events])
    if case["id"].endswith("resched"):
        # The due days move by two weeks from the second on.
        standing = replay(terms, events)
        moved = Reschedule(date(2024, 2, 1), 5, first_due=date(2024, 3, 15))
        rows = plan(replay(terms, [*events, moved]), date(2024, 2, 1))
        assert [row.due for row in rows] == [date.fromisoformat(pair[1]) for pair in inputs["periods"]]
        assert plan(standing, date(2024, 2, 1))[1].due == date(2024, 3, 1)
    same(rows, case["expected"])
    assert rows[-1].closing == 0


@pytest.mark.parametrize("case", [case for case in EMI if "rate_factors" in case.values[0]["expected"]])
def test_what_a_period_of_fineract_earns(case: dict[str, Any]) -> None:
    terms = progressive(case["inputs"])
    cuts = {date.fromisoformat(day) for day, _amount in case["inputs"].get("disbursements", [])}
    factors = []
    for number in range(1, terms.count + 1):
        period = terms.calendar.period(number)
        ends = sorted({period.start, period.due} | {day for day in cuts if period.start < day < period.due})
        for start, end in pairwise(ends):
            years = terms.calendar.years(period, start, end)
            factors.append(terms.rate / 100 * years.numerator / years.denominator)
    assert [round(factor, 12) for factor in factors] == [
        Decimal(factor) for factor in case["expected"]["rate_factors"]
    ]


@pytest.mark.parametrize("case", [case for case in EMI if "ratechange" in case.id])
def test_a_change_of_rate_of_fineract(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    start, instalment = date(2024, 1, 1), kobo(inputs["instalment"])
    terms = monthly(inputs["annual_rate_pct"], 6, start=start, rounding=Rounding(each_slice=True))
    bites = date.fromisoformat(inputs["submitted_on"]) - timedelta(1)  # the day before it is submitted
    standing = replay(
        terms,
        [
            Disburse(start, kobo(inputs["principal"])),
            Repay(date(2024, 2, 1), instalment),
            ChangeRate(bites, Decimal(inputs["new_rate_pct"])),
        ],
    )
    assert standing.rows[0].payment == standing.rows[0].paid == instalment
    same(plan(standing, bites), case["expected"])
