"""An instalment that was paid before its day is paid: what its last days earn is asked for later, and is never late.

The loan is that of `lending`: 1,000 naira at 24 % a year in four instalments of 262.62.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from credit.penalties import LateCharge
from credit.positions import facts_of
from credit.replay import Disburse, PayOff, ReAge, Repay, Reschedule, happen, pay, quote, replay
from credit.schedule import plan, roll
from credit.standing import Standing
from credit.terms import Counts, Effect, Paying, Terms
from credit.tests.lending import APRIL, FEBRUARY, MARCH, ROW, after, payments, row
from credit.tests.random_loans import some_of_them, terms_of

DAY = timedelta(days=1)
EVE = FEBRUARY - DAY
EARNED_BY_EVE = 1_935  # 30 of the 31 days of 20.00
LAST_DAY = 49  # the 31st, on what 262.62 less those 19.35 left of 1,000


def late_at(standing: Standing, on: date) -> int:
    rolled = roll(standing, on)
    return rolled.overdue_interest + rolled.overdue_principal


@pytest.mark.parametrize("effect", Effect)
def test_who_pays_on_the_eve_owes_nothing_on_the_day(effect: Effect) -> None:
    standing = after(Repay(EVE, ROW, effect))
    due = roll(standing, FEBRUARY)
    assert late_at(standing, FEBRUARY) == 0
    assert due.put_off == LAST_DAY
    first = due.rows[0]
    assert (first.charged, first.interest, first.paid) == (EARNED_BY_EVE + LAST_DAY, EARNED_BY_EVE, ROW)
    # It is owed all the same, and whoever pays the loan off that day pays it.
    assert quote(standing, FEBRUARY).interest == LAST_DAY
    assert quote(standing, FEBRUARY).principal == 100_000 - (ROW - EARNED_BY_EVE)


def test_the_next_instalment_asks_for_it_and_is_no_larger() -> None:
    standing = after(Repay(EVE, ROW))
    assert payments(standing)[1:3] == [ROW, ROW]
    second = row(standing, 2)
    assert second.interest == second.charged + LAST_DAY
    assert sum(payments(standing)) < sum(payments(after()))


def test_a_position_says_when_the_next_one_is_due() -> None:
    eve = after(Repay(EVE, ROW))
    facts = facts_of(eve, on=EVE, charged=0, late=LateCharge(Decimal(0)), charged_row=0)
    assert (facts.next_due_on, facts.next_due_amount) == (MARCH, ROW)
    due = roll(after(Repay(EVE, ROW)), FEBRUARY)
    facts = facts_of(
        due, on=FEBRUARY, charged=due.rows[0].charged, late=LateCharge(Decimal(0)), charged_row=0
    )
    assert (facts.due_interest, facts.due_principal, facts.due_since) == (0, 0, None)
    assert (facts.next_due_on, facts.next_due_amount) == (MARCH, ROW)
    assert facts.accrued == EARNED_BY_EVE + LAST_DAY


@pytest.mark.parametrize("short", [1, 49, 50, 10_000, ROW - 1])
def test_who_pays_less_of_it_is_late_with_the_rest_and_no_more(short: int) -> None:
    standing = after(Repay(EVE, ROW - short))
    assert late_at(standing, FEBRUARY) == short
    assert roll(standing, FEBRUARY).put_off == max(LAST_DAY - short, 0)


def test_two_payments_are_an_instalment_together() -> None:
    standing = after(Repay(date(2026, 1, 10), 10_000), Repay(EVE, ROW - 10_000))
    assert late_at(standing, FEBRUARY) == 0
    assert payments(standing)[1:3] == [ROW, ROW]


def test_the_eve_each_time() -> None:
    """The last of them asks for all that is left; then nothing is owed, and it cost less than on the days."""
    standing = after()
    for due in (FEBRUARY, MARCH, APRIL):
        standing = happen(standing, Repay(due - DAY, ROW))
        assert late_at(standing, due) == 0
    last = row(standing, 4)
    assert last.interest == last.charged + roll(standing, APRIL).put_off
    done = roll(happen(standing, Repay(last.due, last.payment)), last.due)
    assert done.is_over and not done.overpaid
    assert sum(one.interest for one in done.rows) == sum(one.charged for one in done.rows)
    assert sum(one.payment for one in done.rows) < 3 * ROW + 26_264


def test_more_than_an_instalment_makes_the_others_smaller() -> None:
    """What was put off is shared out among them as what is left is: the last one differs by kobo."""
    standing = after(Repay(date(2026, 1, 15), 50_000, Effect.SMALLER))
    assert late_at(standing, FEBRUARY) == 0
    _first, second, third, last = payments(standing)
    assert second == third < ROW
    assert abs(last - third) <= roll(standing, FEBRUARY).put_off // 10


def test_the_last_instalment_asks_for_everything() -> None:
    standing = after(Repay(EVE, payments(after(count=2))[0]), count=2)
    put_off = roll(standing, FEBRUARY).put_off
    last = plan(standing, EVE)[-1]
    assert put_off > 0
    assert last.interest == last.charged + put_off
    assert last.closing == 0


def test_where_all_that_is_paid_ahead_is_principal_interest_waits_for_its_day() -> None:
    """So the contract says; it is shown before it is signed."""
    standing = after(Repay(EVE, ROW), paying=Paying(accrued_first=False))
    assert late_at(standing, FEBRUARY) == row(standing, 1).charged


def test_nothing_is_put_off_where_a_period_is_paid_to_its_end() -> None:
    due = roll(after(Repay(EVE, ROW), paying=Paying(counts=Counts.PERIOD)), FEBRUARY)
    assert (due.put_off, due.overdue_interest, due.rows[0].paid) == (0, 0, ROW)


@pytest.mark.parametrize("event", [Reschedule(FEBRUARY + DAY, 6), ReAge(FEBRUARY + DAY, 6)])
def test_it_is_still_owed_after_another_agreement(event: Reschedule | ReAge) -> None:
    standing = after(Repay(EVE, ROW), event)
    assert standing.put_off == LAST_DAY
    rows = plan(standing, standing.day)
    assert sum(one.interest for one in rows) == sum(one.charged for one in rows)
    assert rows[-1].closing == 0


def test_paying_it_off_pays_what_was_put_off() -> None:
    standing, paid = pay(after(Repay(EVE, ROW)), PayOff(date(2026, 2, 11)))
    assert standing.is_over or quote(standing, standing.day).total == 0
    assert paid.interest == quote(after(Repay(EVE, ROW)), date(2026, 2, 11)).interest > LAST_DAY
    assert roll(standing, APRIL).is_over


@some_of_them
@given(terms_of(), some.sampled_from(Effect), some.integers(1, 27), some.integers(1, 4))
def test_no_method_makes_an_early_payer_late(terms: Terms, effect: Effect, days: int, times: int) -> None:
    """Whoever pays what the next instalment asks, some days before each, never has one that is overdue."""
    assume(terms.paying.accrued_first)
    try:
        standing = replay(terms, [Disburse(terms.calendar.start, 100_000)])
    except ValueError:
        assume(False)
    for _ in range(times):
        due = standing.period.due
        # What is paid on a due day itself goes into the row that is due: it makes the others smaller, and pays none.
        on = max(due - days * DAY, standing.start + DAY)
        found = next((one for one in plan(standing, on) if one.due == due), None)
        if found is None or found.payment <= found.paid_ahead:
            break
        standing = happen(standing, Repay(on, found.payment - found.paid_ahead, effect))
        rolled = roll(standing, due)
        assert rolled.overdue_interest == rolled.overdue_principal == 0
        assert quote(rolled, due).interest == rolled.put_off + rolled.carried
        standing = rolled


def test_what_is_paid_beside_an_instalment_below_its_interest_is_principal_of_the_next() -> None:
    """10 of 20 interest are asked, and the rest became principal: no principal of that row can be more."""
    standing = after(Repay(FEBRUARY, 1_500), instalment=1_000, capitalise_unpaid=True, count=12)
    first = standing.rows[0]
    assert (first.principal, first.paid_interest, first.paid_principal) == (-1_000, 1_000, 0)
    assert (standing.overdue_principal, standing.ahead_interest + standing.ahead_principal) == (0, 500)
    assert standing.balance == 100_000 + 1_000 - 500
