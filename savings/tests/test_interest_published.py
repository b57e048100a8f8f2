"""Interest against figures that others published. They count in naira, we in kobo: two places fewer."""

from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from core.tests.published import cases
from savings import yields
from savings.interest import (
    Band,
    Every,
    Method,
    Rate,
    Standing,
    Terms,
    accrual,
    bands_of,
    close_day,
    close_days,
    interest_of_a_year,
    rate_of,
    tax_on,
)
from savings.yields import Compounding

START = date(2026, 3, 2)
KOBO = 100
TIMES = {"Annual": 1, "Semiannual": 2, "EveryFourthMonth": 3, "Quarterly": 4, "Bimonthly": 6, "Monthly": 12}
COMPOUNDING = {
    "Simple": Compounding.SIMPLE,
    "Compounded": Compounding.COMPOUNDED,
    "Continuous": Compounding.CONTINUOUS,
    "SimpleThenCompounded": Compounding.SIMPLE_THEN_COMPOUNDED,
}


def kobo(naira: str) -> int:
    return int(Decimal(naira) * KOBO)


def flat(percent: str, **changes: Any) -> Terms:
    return Terms(bands=(Band(0, Decimal(percent)),), **changes)


def legacy(inputs: dict[str, Any]) -> Terms:
    """Each day rounded to four places of a naira and earning from the next: daily posting as Fineract does it."""
    return flat(inputs["annual_rate_pct"], capitalised=Every.DAY, paid=Every.END, places=inputs["places"] - 2)


def worth(standing: Standing) -> Decimal:
    """Naira."""
    return (standing.balance + standing.carry) / KOBO


# Fineract


FINERACT = {
    case.id: case.values[0]
    for case in cases(__file__, "fineract_savings")
    if isinstance(case.values[0], dict)
}


def test_the_first_day_is_paid_with_the_date_of_the_next() -> None:
    case = FINERACT["fin-sav-first-post"]
    [[opened, amount]] = case["inputs"]["deposits"]
    day = date.fromisoformat(opened)
    _, [row] = close_days(
        {day: legacy(case["inputs"])}, start=day, end=day + timedelta(days=1), moves={day: kobo(amount)}
    )
    assert row.accrued / KOBO == Decimal(case["expected"]["first_posting"]["amount"])
    assert (row.day + timedelta(days=1)).isoformat() == case["expected"]["first_posting"]["date"]


def test_47_days_of_daily_posting() -> None:
    case = FINERACT["fin-sav-47-days"]
    [[opened, amount]] = case["inputs"]["deposits"]
    day = date.fromisoformat(opened)
    standing, _ = close_days(
        {day: legacy(case["inputs"])}, start=day, end=day + timedelta(days=47), moves={day: kobo(amount)}
    )
    assert abs(worth(standing) - Decimal(case["expected"]["running_balance"])) <= Decimal("0.0005")
    assert worth(standing) == Decimal("10129.5818")


def test_what_leaves_on_the_first_day_earns_nothing() -> None:
    case = FINERACT["fin-sav-after-fee"]
    signs = {"deposit": 1, "withdrawal": -1, "withdrawal fee": -1}
    moved = sum(signs[kind] * kobo(amount) for _, kind, amount in case["inputs"]["events"])
    day = date.fromisoformat(case["inputs"]["events"][0][0])
    assert Decimal(moved) / KOBO == Decimal(case["expected"]["balance_after_events"])
    standing, _ = close_days(
        {day: legacy(case["inputs"])}, start=day, end=day + timedelta(days=2), moves={day: moved}
    )
    assert worth(standing) == Decimal(case["expected"]["running_balance_after_2_postings"])


def test_a_back_dated_withdrawal_that_is_reversed_was_never_there() -> None:
    """The replay of a history without it: five days of 100 naira. (Its twin is about an overdraft: see below.)"""
    case = FINERACT["fin-sav-backdated-withdrawal-reversed"]
    standing, _ = close_days(
        {START: legacy(case["inputs"])},
        start=START,
        end=START + timedelta(days=5),
        moves={START: 100 * KOBO, START + timedelta(days=1): -200 * KOBO + 200 * KOBO},
    )
    assert worth(standing) == Decimal(case["expected"]["balance"])


def test_a_balance_below_zero_earns_nothing() -> None:
    """The published `fin-sav-backdated-deposit-reversed` charges an overdraft; no saving here can be overdrawn."""
    assert accrual(flat("10"), -100 * KOBO, START) == 0


def _table(slabs: list[dict[str, Any]]) -> list[Rate]:
    return [
        Rate(
            term=slab["months"][0] or 0,
            floor=0 if (slab["amount"][0] or 1) == 1 else kobo(str(slab["amount"][0] - 1)) + 1,
            rate=Decimal(slab["rate_pct"]),
        )
        for slab in slabs
    ]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name)
        for name, case in FINERACT.items()
        if name.startswith("fin-sav-chart") and name != "fin-sav-chart-08"
    ],
)
def test_a_rate_by_term_and_amount(case: dict[str, Any]) -> None:
    """`fin-sav-chart-08` is left out: it names a table (of chart-07) that was not published. Half-open bands put what
    lies between 5,000 and 5,001 into the upper one, where the published table has a gap."""
    inputs = case["inputs"]
    slabs = inputs["slabs"]
    if isinstance(slabs, str):
        slabs = FINERACT[f"fin-sav-{slabs.removeprefix('as in ')}"]["inputs"]["slabs"]
    bands = bands_of(_table(slabs), inputs["months"])
    assert rate_of(bands, kobo(str(inputs["amount"]))) == inputs_rate(case)


def inputs_rate(case: dict[str, Any]) -> Decimal:
    return Decimal(case["expected"]["rate_pct"])


# Regulation DD, Appendix A


@pytest.mark.parametrize("case", cases(__file__, "regdd_appendix_a_apy"))
def test_a_published_yield(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    if "statement_days" in inputs:
        found = _of_a_statement(inputs)
    elif "payout" in inputs:
        found = _paid_out(inputs)
    else:
        found = _compounded_daily(inputs)
    for name, figure in expected.items():
        assert abs(found[name] - Decimal(figure)) <= Decimal(case["tolerance"][name]), name


def _compounded_daily(inputs: dict[str, Any]) -> dict[str, Decimal]:
    balance = kobo(inputs.get("principal") or inputs["balance"])
    if "steps" in inputs:
        versions, day = {}, START
        for step in inputs["steps"]:
            versions[day] = flat(step["rate_pct"], capitalised=Every.DAY, paid=Every.END)
            day += timedelta(days=step["days"])
        standing, _ = close_days(versions, start=START, end=day, moves={START: balance})
        interest, days = standing.carry, (day - START).days
    else:
        floors = [0, *(kobo(tier["upto"]) + 1 for tier in inputs["tiers"] if tier["upto"])]
        bands = tuple(
            Band(floor, Decimal(tier["rate_pct"]))
            for floor, tier in zip(floors, inputs["tiers"], strict=True)
        )
        method = Method.WHOLE if inputs["method"] == "A" else Method.MARGINAL
        interest = interest_of_a_year(
            Terms(bands=bands, method=method, capitalised=Every.DAY), balance, START
        )
        days = inputs["days"]
    return {
        "interest": interest / KOBO,
        "apy_pct": yields.apy(interest=interest, principal=Decimal(balance), days=days),
    }


def _paid_out(inputs: dict[str, Any]) -> dict[str, Decimal]:
    """Interest that is paid out does not earn: what two years bring, halved, is the yield."""
    balance = kobo(inputs["principal"])
    interest = accrual(flat(inputs["rate_pct"]), balance, START) * 365
    return {"apy_pct": yields.apy(interest=interest, principal=Decimal(balance), days=365)}


def _of_a_statement(inputs: dict[str, Any]) -> dict[str, Decimal]:
    balance, days = kobo(inputs["balance"]), inputs["statement_days"]
    interest = accrual(flat(inputs["rate_pct"]), balance, START) * days
    return {
        "interest_earned": interest / KOBO,
        "apy_pct": yields.apy_earned(
            interest=interest, balance=Decimal(balance), days=days, compounding_days=365
        ),
    }


# Equivalent rates


@pytest.mark.parametrize("case", cases(__file__, "quantlib_rate_conversions"))
def test_a_published_equivalent_rate(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    with localcontext(prec=40):
        over, _, under = inputs["years"].partition("/")
        years = Decimal(over) / Decimal(under or 1)
        grown = yields.growth(
            Decimal(inputs["rate"]) * 100,
            COMPOUNDING[inputs["compounding"]],
            TIMES[inputs["frequency"]],
            years,
        )
        rate = yields.equivalent_rate(
            grown, COMPOUNDING[inputs["to_compounding"]], TIMES[inputs["to_frequency"]], years
        )
    assert round(rate / 100, 4) == Decimal(case["expected"]["rate"])


# Nigerian savings apps


@pytest.mark.parametrize(
    "case", cases(__file__, "ng_savings_apps", ng_withdraw_free="a free day is a product's rule")
)
def test_a_nigerian_figure(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    if "gross" in inputs:
        gross = kobo(inputs["gross"])
        tax = tax_on(gross, Decimal(inputs["rate_pct"]))
        assert (tax, gross - tax) == (kobo(expected["tax"]), kobo(expected["net"]))
        return
    principal, days = kobo(inputs["principal"]), inputs["days"]
    standing = Standing(principal)
    terms = flat(inputs["annual_rate_pct"], capitalised=Every.END, paid=Every.END)
    for number in range(days):
        standing, row = close_day(terms, standing, START + timedelta(days=number), last=number == days - 1)
    assert Decimal(row.paid) / KOBO == Decimal(expected["interest_paid_now"])
    tolerance = Decimal(case["tolerance"])
    simple = yields.simple_yield_upfront(interest=row.paid, principal=principal, days=days)
    effective = yields.effective_yield_upfront(interest=row.paid, principal=principal, days=days)
    assert abs(simple - Decimal(expected["simple_yield_on_money_tied_up_pct"])) <= tolerance
    assert abs(effective - Decimal(expected["effective_annual_pct"])) <= tolerance
