"""Lives of loans followed by hand: 1,000 naira at 24 % a year, 20 a month, as long as all of it is owed."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from credit.replay import ChangeRate, Charge, PayOff, Repay, happen, pay, quote, replay
from credit.schedule import plan
from credit.terms import Bucket, Counts, Effect, Paying
from credit.tests.lending import FEBRUARY, LENT, MARCH, ROW, START, after, payments, row, terms

# On time


def test_four_payments_on_their_days_end_a_loan() -> None:
    standing = after()
    for one in plan(standing, START):
        standing = happen(standing, Repay(one.due, one.payment))
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
    # The next row is paid already: its interest, that on 457.38, is asked for within the one after.
    assert payments(postponed)[1:3] == [ROW, ROW]
    assert row(postponed, 2).paid_ahead == ROW
    assert (row(postponed, 2).charged, row(postponed, 2).interest) == (915, 0)
    assert row(postponed, 3).interest == 915 + row(postponed, 3).charged


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


def test_interest_paid_to_an_end_that_came_sooner_pays_principal() -> None:
    """20 of interest are paid for January, and then it is interest-free from the 17th on: 10.32 are earned."""
    paying = Paying(counts=Counts.PERIOD)
    standing = after(
        Repay(date(2026, 1, 15), 10_000), ChangeRate(date(2026, 1, 17), Decimal(0)), paying=paying
    )
    assert standing.ahead_interest == 2_000
    first = row(standing, 1)
    assert (first.interest, first.paid_interest, first.paid_principal) == (1_032, 1_032, 8_968)
    # All of it paid off: what is too much is kept for the borrower.
    paid_off = after(
        PayOff(date(2026, 1, 15)),
        ChangeRate(date(2026, 1, 17), Decimal(0)),
        Charge(FEBRUARY, 1),
        paying=paying,
    )
    assert (paid_off.balance, paid_off.overpaid) == (0, 968)


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
