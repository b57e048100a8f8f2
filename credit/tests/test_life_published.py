"""Lives of loans, paid early, late and in parts, against figures that others published."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.tests.published import cases
from credit.periods import ACT_364, Calendar
from credit.replay import Disburse, Event, PayOff, Repay, pay, quote, replay
from credit.schedule import plan
from credit.standing import Row
from credit.terms import Counts, Effect, Grace, Method, Paying, Rounding, Terms, To
from credit.tests.lending import KOBO, kobo, same
from wallet.rhythm import WEEKLY

# Weekly loans: a week is a 52nd of a year, and what is late counts until the next due day.

WEEK = timedelta(days=7)
MONDAY = date(2026, 1, 5)
# What has happened, as the cases tell it: how many instalments were paid on their days, and the day on which one looks.
STATES = {
    "first instalment unpaid": (0, 2 * WEEK),
    "second due date reached, first instalment unpaid": (0, 2 * WEEK),
    "two due dates passed, nothing paid": (0, 3 * WEEK),
    "two unpaid": (0, 3 * WEEK),
    "first paid on time, second unpaid two days after its date": (1, 2 * WEEK + timedelta(2)),
    "first instalment paid on its date; pay-off 9 days later": (1, WEEK + timedelta(9)),
}
WEEKLY_CASES = [
    case
    for case in cases(
        __file__,
        "fineract_integration_schedules",
        fin_int_weekly_compound_penalty="a penalty never earns interest",
    )
    if "weekly" in case.id
]


@pytest.mark.parametrize("case", WEEKLY_CASES)
def test_weekly_loans_of_fineract(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    to_the_day = inputs.get("rule") == "interest to the pay-off date"
    terms = Terms(
        Decimal(inputs["annual_rate_pct"]),
        Calendar(MONDAY, rhythm=WEEKLY, day_count=ACT_364),
        inputs["instalments"],
        paying=Paying(counts=Counts.DAY if to_the_day else Counts.PERIOD),
        arrears_earn=inputs.get("compounding") == "overdue interest",
    )
    paid, passed = STATES[inputs["state"]]
    instalment = kobo(inputs["instalment"])
    events: list[Event] = [Disburse(MONDAY, kobo(inputs["principal"]))]
    events += [Repay(MONDAY + n * WEEK, instalment) for n in range(1, paid + 1)]
    standing = replay(terms, events)
    assert plan(standing, MONDAY + paid * WEEK)[0].payment == instalment
    if "pay_off" in wanted:
        assert quote(standing, MONDAY + passed).total == kobo(wanted["pay_off"])
    else:
        same(plan(standing, MONDAY + passed), wanted)


# Fineract's own stories, month by month

STORIES = cases(
    __file__,
    "fineract_e2e_schedules",
    fin_e2e_rp01="overdue interest is compounded by the month there; its figures follow no rule that is written down",
    fin_e2e_rp14="late principal earns nothing there in the first period it is late; ours earns until it is paid",
    fin_e2e_rp15="as rp14",
)


def story(inputs: dict[str, Any]) -> Terms:
    events = inputs["events"]
    start = date.fromisoformat(events[0][1])
    progressive = inputs["product"].startswith("LP2")
    method = Method.FLAT if inputs["interest"] == "flat" else Method.LEVEL
    if inputs["amortisation"] == "equal_principal_payments":
        method = Method.EQUAL_PRINCIPAL
    daily = inputs["interest_period"] == "daily" and not progressive
    # Instalments are of whole units there, principal alone is not. Where interest is by the day the instalment is
    # worked out with months of 30 days, which comes to ours rounded down.
    multiple = 1 if progressive or method is Method.EQUAL_PRINCIPAL else KOBO
    to_the_end = inputs["product"].endswith("REST_FREQUENCY")
    paying = Paying(accrued_first=False)
    if to_the_end:
        paying = Paying(counts=Counts.PERIOD, effect=Effect.POSTPONED)
    return Terms(
        Decimal(inputs["annual_rate_pct"]),
        Calendar(start, day_count="ACT/365F" if daily else "MONTH/12"),
        inputs["instalments"],
        method=method,
        grace=Grace(no_principal=inputs["grace_principal"], interest_later=inputs["interest_free"]),
        rounding=Rounding(multiple, To.DOWN if daily else To.NEAREST, each_slice=True),
        paying=paying,
    )


def what_happened(inputs: dict[str, Any]) -> list[Event]:
    happened: list[Event] = []
    for name, day, amount in inputs["events"]:
        on = date.fromisoformat(day)
        if name in ("schedule only", "disburse"):
            happened.append(Disburse(on, kobo(amount or inputs["principal"])))
        elif name == "repay":
            happened.append(Repay(on, kobo(amount)))
        elif name == "pay_off":
            happened.append(PayOff(on))
    return happened


@pytest.mark.parametrize("case", STORIES)
def test_stories_of_fineract(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    terms, on = story(inputs), date.fromisoformat(inputs["as_of"])
    rows = plan(replay(terms, what_happened(inputs)), on)
    same(rows, wanted)
    # What is earned after the last due day stands in rows after it; they have none.
    rows = rows[: terms.count]
    assert sum(row.principal for row in rows) == kobo(wanted["totals"]["principal"])
    assert sum(row.interest for row in rows) == kobo(wanted["totals"]["interest"])
    assert sum(row.payment for row in rows) == kobo(wanted["totals"]["due"])


def ours(case_id: str) -> tuple[Row, ...]:
    (case,) = [one.values[0] for one in STORIES if one.id == case_id]
    inputs = case["inputs"]
    return plan(replay(story(inputs), what_happened(inputs)), date.fromisoformat(inputs["as_of"]))


def test_after_the_last_day_what_is_late_earns_on() -> None:
    """100 for two weeks of July at 7 %: the row that they do not have."""
    last = ours("fin-e2e-overdue-s1")[6]
    assert (last.start, last.principal, last.interest) == (date(2024, 7, 1), 0, 26)


def test_a_payment_two_months_late_costs_both_months() -> None:
    """fin-e2e-rp15: they forget December. Ours: 5000 at 12 % for 31 days, twice."""
    rows = ours("fin-e2e-rp15")
    assert [row.interest for row in rows[:3]] == [4932, 5096, 5096]


# Paying a part of a month early, at 7 % with months of a twelfth

EARLY = [case for case in cases(__file__, "fineract_progressive_emi") if case.id.startswith("fin-early")]
NEW_YEAR = date(2024, 1, 1)
HUNDRED = Disburse(NEW_YEAR, kobo(100))


@pytest.mark.parametrize("case", [case for case in EARLY if "payoff" not in case.id])
def test_an_instalment_paid_early(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    terms = Terms(Decimal(inputs["annual_rate_pct"]), Calendar(NEW_YEAR), 6)
    instalment = kobo(inputs["instalment"])
    before: list[Event] = [HUNDRED]
    if inputs["pay_period_due"] == "2024-03-01":
        before.append(Repay(date(2024, 2, 1), instalment))
    standing = replay(terms, before)
    assert standing.balance == kobo(inputs["opening"])
    _after, paid = pay(standing, Repay(date.fromisoformat(inputs["pay_on"]), instalment))
    assert (paid.interest, paid.principal) == (kobo(wanted["interest"]), kobo(wanted["principal"]))


def test_paying_off_after_a_missed_instalment() -> None:
    """fin-early-payoff-0215: 0.58 for January and, ours, 14 of 29 days on all of the 100: 0.28, not 0.24."""
    terms = Terms(Decimal(7), Calendar(NEW_YEAR), 6)
    found = quote(replay(terms, [HUNDRED]), date(2024, 2, 15))
    assert (found.principal, found.interest) == (10000, 58 + 28)


def test_both_ways_of_paying_off_are_shown_before_one_is_chosen() -> None:
    """83.81 to the day and 84.06 to the end of the period, on the same loan."""
    terms = Terms(Decimal(7), Calendar(NEW_YEAR), 6)
    to_the_end = replace(terms, paying=Paying(counts=Counts.PERIOD))
    events = [HUNDRED, Repay(date(2024, 2, 1), 1701)]
    on = date(2024, 2, 15)
    assert quote(replay(terms, events), on).total == 8381
    assert quote(replay(to_the_end, events), on).total == 8406
