"""Lives of loans followed by hand. 1,000 naira at 24 % a year: 20 a month, as long as all of it is owed."""

import pickle
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from credit.instalments import TooSmall
from credit.periods import Calendar
from credit.replay import (
    Capitalise,
    ChangeRate,
    Charge,
    Disburse,
    Event,
    PayOff,
    ReAge,
    Repay,
    Reschedule,
    happen,
    pay,
    quote,
    replay,
)
from credit.schedule import plan
from credit.standing import Row, Standing
from credit.terms import Bucket, Counts, Effect, Grace, Method, Paying, Terms

START = date(2026, 1, 1)
LENT = Disburse(START, 100_000)
FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
ROW = 26_262  # 1,000 at 2 % a month in four


def terms(count: int = 4, **more: Any) -> Terms:
    return Terms(Decimal(more.pop("rate", 24)), Calendar(START), count, **more)


def after(*events: Event, **more: Any) -> Standing:
    return replay(terms(**more), [LENT, *events])


def payments(standing: Standing) -> list[int]:
    return [row.payment for row in plan(standing, standing.day)]


def row(standing: Standing, number: int) -> Row:
    return plan(standing, standing.day)[number - 1]


# On time


def test_four_payments_on_their_days_end_a_loan() -> None:
    standing = after()
    for row in plan(standing, START):
        standing = happen(standing, Repay(row.due, row.payment))
    assert [row.payment for row in standing.rows] == [ROW, ROW, ROW, 26_264]
    assert all(row.paid == row.payment and not row.paid_late and not row.paid_ahead for row in standing.rows)
    assert standing.is_over
    assert standing.overpaid == 0


def test_what_is_too_much_is_kept_apart() -> None:
    standing = after(Repay(FEBRUARY, 150_000))
    assert standing.overpaid == 150_000 - 102_000
    assert standing.is_over


# Early


def test_a_figure_can_be_followed_by_hand() -> None:
    """14 days of 31 on 1,000, and 17 on what 500 left of it after the interest of these days."""
    standing = after(Repay(date(2026, 1, 15), 50_000))
    first, second = row(standing, 1).stretches
    assert (first.start, first.end, first.earning, first.rate) == (START, date(2026, 1, 15), 100_000, 24)
    assert first.years == Fraction(1, 12) * Fraction(14, 31)
    assert first.interest == Fraction(2_000 * 14, 31)  # 903.2
    assert second.earning == 100_000 - (50_000 - 903)
    assert row(standing, 1).charged == round(
        first.interest + Fraction(second.earning * 2, 100) * Fraction(17, 31)
    )


def test_the_borrower_chooses_what_more_than_asked_for_does() -> None:
    smaller, fewer, postponed = (
        after(Repay(FEBRUARY, ROW + 30_000, effect))
        for effect in (Effect.SMALLER, Effect.FEWER, Effect.POSTPONED)
    )
    # 1,000 + 20 - 562.62 = 457.38 are left, whichever it is.
    assert smaller.balance == fewer.balance == postponed.balance == 45_738
    assert payments(smaller)[1:] == [15_860, 15_860, 15_860]
    assert payments(fewer)[1:] == [ROW, 20_799]
    # The next row is paid already but for its interest, which is that on 457.38; the one after is what is left.
    assert payments(postponed)[1:3] == [ROW, ROW]
    assert row(postponed, 2).paid_ahead == ROW - 915
    assert row(postponed, 2).interest == 915


def test_an_instalment_paid_a_few_days_early_changes_no_instalment() -> None:
    standing = after(Repay(date(2026, 1, 29), ROW))
    assert payments(standing)[1:3] == [ROW, ROW]
    assert row(standing, 1).payment - row(standing, 1).paid < 200  # the interest of three days


def test_interest_to_the_day_or_to_the_end_of_the_period() -> None:
    """14 of 31 days of 20, or all of them. Both are told before one is chosen."""
    on = date(2026, 1, 15)
    assert quote(after(), on).interest == 903
    assert quote(after(paying=Paying(counts=Counts.PERIOD)), on).interest == 2_000
    # On the due day itself, both have the month that is over and nothing more.
    assert quote(after(), FEBRUARY).total == quote(after(paying=Paying(counts=Counts.PERIOD)), FEBRUARY).total


def test_a_payment_that_counts_from_the_next_due_day_saves_nothing_before() -> None:
    standing = after(Repay(date(2026, 1, 15), 50_000), paying=Paying(counts=Counts.PERIOD))
    assert row(standing, 1).charged == 2_000
    assert row(standing, 2).stretches[0].earning == 100_000 - 48_000


def test_all_paid_before_its_interest_is_due() -> None:
    """Principal first: then the interest of 14 days is what is left, and it is taken from what is too much."""
    paying = Paying(accrued_first=False)
    standing = after(Repay(date(2026, 1, 15), 100_000), paying=paying)
    assert (standing.balance, quote(standing, standing.day).total) == (0, 903)
    assert after(Repay(date(2026, 1, 15), 101_000), paying=paying).overpaid == 97


# Late


def test_what_is_late_earns_on_until_it_is_paid() -> None:
    """Ten days of February on 1,000, the other 18 on 757.38; the plan takes the rest to be paid on time."""
    standing = after(Repay(date(2026, 2, 11), ROW))
    first, second = row(standing, 2).stretches
    assert (first.earning, second.earning) == (100_000, 75_738)
    assert row(standing, 2).charged == round(Fraction(2_000 * 10, 28) + Fraction(75_738 * 18, 50 * 28))
    assert row(standing, 1).paid_late == ROW


def test_late_interest_earns_nothing_unless_it_was_agreed() -> None:
    assert row(replay(terms(), [LENT, Charge(MARCH, 1)]), 2).charged == 2_000
    agreed = replay(terms(arrears_earn=True), [LENT, Charge(MARCH, 1)])
    assert row(agreed, 2).charged == 2_040


def test_interest_that_outgrew_its_instalment_is_asked_for_and_no_principal() -> None:
    """60 months at 24 %, nothing paid: the row of two years later asks 20 of interest, on 28.77 in all."""
    standing = after(Charge(date(2028, 1, 15), 1), count=60)
    assert {row.interest for row in standing.rows} == {2_000}
    expensive = after(Charge(date(2036, 1, 15), 1), count=120)
    assert min(row.principal for row in expensive.rows) >= 0


def test_penalties_and_fees_are_apart_and_earn_nothing() -> None:
    standing = after(Charge(FEBRUARY, 5_000, is_penalty=True), Charge(FEBRUARY, 700))
    assert (standing.penalties, standing.fees) == (5_000, 700)
    assert row(standing, 2).charged == row(after(), 2).charged
    found = quote(standing, FEBRUARY)
    assert (found.principal, found.interest, found.fees, found.penalties) == (100_000, 2_000, 700, 5_000)
    assert found.total == 107_700


# Where a payment goes


@pytest.mark.parametrize(
    ("order", "row_by_row", "interest", "principal", "fees", "penalties"),
    [
        # Interest of 20 and 20, principal of 242.62 and 242.62 are due, a fee of 7 and a penalty of 50; 300 are paid.
        ("INTEREST PRINCIPAL FEE PENALTY", True, 4_000, 26_000, 0, 0),
        ("INTEREST PRINCIPAL FEE PENALTY", False, 4_000, 26_000, 0, 0),
        ("PENALTY FEE INTEREST PRINCIPAL", True, 2_000, 22_300, 700, 5_000),
        ("PENALTY FEE INTEREST PRINCIPAL", False, 4_000, 20_300, 700, 5_000),
        ("PRINCIPAL INTEREST FEE PENALTY", True, 2_000, 28_000, 0, 0),
        ("PRINCIPAL INTEREST FEE PENALTY", False, 0, 30_000, 0, 0),
        ("INTEREST FEE PENALTY PRINCIPAL", False, 4_000, 20_300, 700, 5_000),
    ],
)
def test_the_order_decides_where_money_goes(
    order: str, row_by_row: bool, interest: int, principal: int, fees: int, penalties: int
) -> None:
    paying = Paying(order=tuple(Bucket(name) for name in order.split()), row_by_row=row_by_row)
    standing = after(Charge(MARCH, 5_000, is_penalty=True), Charge(MARCH, 700), paying=paying)
    _standing, paid = pay(standing, Repay(MARCH, 30_000))
    assert (paid.interest, paid.principal, paid.fees, paid.penalties) == (
        interest,
        principal,
        fees,
        penalties,
    )


# Changes


def test_a_new_rate_makes_new_instalments_or_another_number_of_them() -> None:
    paid = Repay(FEBRUARY, ROW)
    assert payments(after(paid, ChangeRate(FEBRUARY, Decimal(0))))[1:] == [25_246] * 3
    kept = after(paid, ChangeRate(FEBRUARY, Decimal(480), keeps_instalment=False))
    assert payments(kept)[1] > ROW
    shorter = after(paid, ChangeRate(FEBRUARY, Decimal(0), keeps_instalment=True))
    assert payments(shorter)[1:] == [ROW, ROW, 75_738 - 2 * ROW]
    longer = after(paid, ChangeRate(FEBRUARY, Decimal(120), keeps_instalment=True))
    assert payments(longer)[1:4] == [ROW] * 3
    assert len(payments(longer)) == 5
    with pytest.raises(TooSmall, match="never"):
        after(paid, ChangeRate(FEBRUARY, Decimal(900), keeps_instalment=True))


def test_a_new_rate_leaves_rows_that_were_due_as_they_are() -> None:
    before = after(Repay(FEBRUARY, ROW))
    changed = happen(before, ChangeRate(date(2026, 2, 15), Decimal(48)))
    assert changed.rows == before.rows
    assert [stretch.rate for stretch in row(changed, 2).stretches] == [24, 48]


@pytest.mark.parametrize("method", [Method.EQUAL_PRINCIPAL, Method.FLAT, Method.INTEREST_ONLY])
def test_a_new_rate_of_other_methods(method: Method) -> None:
    kept = after(ChangeRate(START, Decimal(12), keeps_instalment=True), method=method)
    assert row(kept, 1).charged == 1_000
    assert plan(kept, START)[-1].closing == 0
    assert len(payments(kept)) == 4


def test_rescheduled_what_is_overdue_stays_due() -> None:
    standing = after(Reschedule(date(2026, 2, 10), 6, first_due=date(2026, 4, 15)))
    rows = plan(standing, standing.day)
    assert rows[0].unpaid_principal == ROW - 2_000
    assert [row.due for row in rows[1:3]] == [date(2026, 4, 15), date(2026, 5, 15)]
    assert len(rows) == 7
    assert rows[-1].closing == 0


def test_re_aged_nothing_is_overdue_and_no_interest_earns() -> None:
    standing = after(ReAge(date(2026, 3, 10), 4))
    assert (standing.overdue_principal, standing.overdue_interest) == (0, 0)
    assert standing.balance == standing.left == 100_000
    rows = plan(standing, standing.day)
    assert [row.payment for row in rows[:2]] == [0, 0]
    # The interest of three months with the first row, 20 each, and then four rows as if it began anew.
    assert [row.interest for row in rows[2:4]] == [6_000, 1_515]
    assert [row.payment for row in rows[2:]] == [ROW + 4_000, ROW, ROW, 26_264]


def test_re_aged_after_its_last_day() -> None:
    standing = after(ReAge(date(2026, 6, 10), 4))
    assert [row.payment for row in plan(standing, standing.day)[-4:]] == [ROW + 10_000, ROW, ROW, 26_264]


def test_capitalised_interest_is_principal() -> None:
    standing = after(Capitalise(FEBRUARY))
    assert standing.balance == 102_000
    assert standing.overdue_interest == 0
    assert standing.overdue_principal == ROW - 2_000
    assert row(standing, 2).converted == 2_000
    assert row(standing, 2).charged == round(Fraction(102_000 - (ROW - 2_000), 50))
    with pytest.raises(ValueError, match="no interest"):
        happen(standing, Capitalise(FEBRUARY))


def test_interest_that_waits_in_a_grace_can_be_capitalised() -> None:
    standing = after(Capitalise(MARCH), grace=Grace(no_principal=2, interest_later=2))
    assert standing.balance == 104_000
    assert payments(standing)[:2] == [0, 0]


def test_several_advances_each_change_what_is_to_come() -> None:
    standing = after(Repay(FEBRUARY, ROW), Disburse(date(2026, 2, 15), 50_000))
    assert standing.rows[0].payment == ROW
    second = row(standing, 2)
    assert second.advanced == 50_000
    assert [stretch.earning for stretch in second.stretches] == [75_738, 125_738]
    assert len(set(payments(standing)[1:3])) == 1


def test_a_second_advance_counts_at_once_where_payments_wait() -> None:
    standing = after(Disburse(date(2026, 1, 15), 50_000), paying=Paying(counts=Counts.PERIOD))
    assert [stretch.earning for stretch in row(standing, 1).stretches] == [100_000, 150_000]


def test_flat_interest_does_not_follow_the_balance() -> None:
    standing = after(Repay(FEBRUARY, 60_000), method=Method.FLAT)
    assert [row.interest for row in plan(standing, FEBRUARY)] == [2_000] * 4
    assert plan(happen(standing, PayOff(FEBRUARY)), FEBRUARY)[-1].number == 1


def test_a_payment_taken_back_is_left_out_and_all_is_worked_out_again() -> None:
    events = [LENT, Repay(FEBRUARY, ROW), Repay(MARCH, ROW), ChangeRate(APRIL, Decimal(12))]
    without = replay(terms(), [event for event in events if event != events[1]])
    assert [row.charged for row in without.rows] == [2_000, 2_000, round(Fraction(100_000 - ROW + 2_000, 50))]


def test_a_standing_can_be_put_away_and_taken_up() -> None:
    standing = after(Repay(date(2026, 2, 11), ROW))
    assert pickle.loads(pickle.dumps(standing)) == standing


# What cannot have happened


@pytest.mark.parametrize(
    "events",
    [
        [Repay(START, 100)],
        [PayOff(START)],
        [LENT, Repay(FEBRUARY, 0)],
        [LENT, Repay(FEBRUARY, -5)],
        [LENT, Charge(FEBRUARY, 0)],
        [LENT, Disburse(FEBRUARY, 0)],
        [LENT, ChangeRate(FEBRUARY, Decimal(1001))],
        [LENT, ChangeRate(FEBRUARY, Decimal(-1))],
        [LENT, Repay(FEBRUARY, 100), Repay(START, 100)],
        [LENT, Repay(date(2025, 12, 31), 100)],
        [Disburse(date(2025, 12, 31), 100)],
        [LENT, Disburse(date(2026, 5, 1), 100)],
        [LENT, Reschedule(FEBRUARY, 0)],
        [LENT, Reschedule(FEBRUARY, 4, first_due=FEBRUARY)],
        [LENT, PayOff(FEBRUARY), Reschedule(FEBRUARY, 4)],
        [LENT, PayOff(FEBRUARY), ReAge(FEBRUARY, 4)],
        [LENT, Capitalise(START)],
        [LENT, Capitalise(date(2026, 5, 2))],
    ],
)
def test_what_cannot_have_happened_is_refused(events: list[Event]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replay(terms(), events)


def test_a_grace_ends_before_a_rescheduled_loan_does() -> None:
    with pytest.raises(ValueError, match="grace"):
        after(Reschedule(START, 2), grace=Grace(no_principal=3))


def test_the_old_schedule_is_for_ever() -> None:
    before = after()
    kept = plan(before, START)
    happen(before, Repay(FEBRUARY, 50_000))
    assert plan(before, START) == kept
    assert replace(before) == before
