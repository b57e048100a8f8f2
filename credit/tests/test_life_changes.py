"""What changes a loan while it runs, followed by hand, and what cannot have happened."""

import pickle
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from credit.instalments import TooSmall
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
    replay,
)
from credit.schedule import plan
from credit.terms import Counts, Grace, Method, Paying
from credit.tests.lending import APRIL, FEBRUARY, LENT, MARCH, ROW, START, after, payments, row, terms


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
