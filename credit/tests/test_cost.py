"""What a loan is said to cost, against figures of the European Commission and by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given

from credit.apr import disclosed
from credit.cost import cost, years_to_row
from credit.instalments import TooSmall
from credit.periods import ACT_364, Calendar
from credit.roots import NoRate
from credit.schedule import schedule
from credit.terms import Terms
from credit.tests.random_loans import principals, some_of_them, terms_of
from wallet.rhythm import DAILY, WEEKLY

START = date(2026, 1, 31)


def test_a_loan_without_fees_costs_its_rate_compounded() -> None:
    """12 % a year by the month: 1.01^12 - 1."""
    loan = Terms(Decimal(12), Calendar(START), 360)
    advances = [(START, 10**12)]
    found = cost(schedule(loan, advances), loan.calendar, advances)
    assert disclosed(found.aprc, 4) == disclosed((Decimal("1.01") ** 12 - 1) * 100, 4)
    assert found.received == 10**12
    assert found.payable == 10**12 + found.interest
    assert found.fees == 0


def test_a_fee_is_a_part_of_the_cost() -> None:
    """100 received less 10, 100 paid back after a year without interest: a ninth."""
    loan = Terms(Decimal(0), Calendar(START, every=12), 1)
    advances, fees = [(START, 10_000)], [(START, 1_000)]
    found = cost(schedule(loan, advances), loan.calendar, advances, fees)
    assert (found.received, found.interest, found.fees, found.payable) == (9_000, 0, 1_000, 10_000)
    assert disclosed(found.aprc, 6) == Decimal("11.111111")
    later = cost(schedule(loan, advances), loan.calendar, advances, [(date(2026, 7, 31), 1_000)])
    assert (later.received, later.payable) == (10_000, 11_000)


def test_a_fee_as_large_as_the_loan_has_no_rate() -> None:
    loan = Terms(Decimal(0), Calendar(START), 3)
    advances = [(START, 10_000)]
    with pytest.raises(NoRate):
        cost(schedule(loan, advances), loan.calendar, advances, [(START, 10_000)])


def test_rows_are_as_far_apart_as_their_rhythm() -> None:
    assert years_to_row(Calendar(START), START, 1) == Fraction(1, 12)
    assert years_to_row(Calendar(START, every=3), START, 2) == Fraction(6, 12)
    weekly = Calendar(START, rhythm=WEEKLY, day_count=ACT_364)
    assert years_to_row(weekly, START, 5) == Fraction(5, 52)
    daily = Calendar(START, rhythm=DAILY, every=30, day_count="ACT/365F")
    assert years_to_row(daily, START, 2) == Fraction(60, 365)


def test_an_odd_first_period_is_counted_by_its_days() -> None:
    """20 days and a month, and then months."""
    calendar = Calendar(date(2012, 3, 12), first_due=date(2012, 5, 1))
    first = Fraction(1, 12) + Fraction(20, 366)
    assert years_to_row(calendar, calendar.start, 1) == first
    assert years_to_row(calendar, calendar.start, 4) == first + Fraction(3, 12)


def test_money_that_comes_after_a_due_day_is_counted_from_its_own() -> None:
    calendar = Calendar(date(2026, 1, 1))
    assert years_to_row(calendar, date(2026, 2, 15), 3) == Fraction(1, 12) + Fraction(14, 365)


@some_of_them
@given(terms_of(), principals)
def test_a_loan_discounted_at_its_rate_is_worth_what_was_lent(terms: Terms, principal: int) -> None:
    advances = [(terms.calendar.start, principal)]
    try:
        rows = schedule(terms, advances)
    except TooSmall:
        assume(False)
        raise
    found = cost(rows, terms.calendar, advances)
    factor = 1 + found.aprc / 100
    worth = Decimal(0)
    for row in rows:
        years = years_to_row(terms.calendar, terms.calendar.start, row.number)
        worth += row.payment / factor ** (Decimal(years.numerator) / years.denominator)
    assert abs(worth / principal - 1) < Decimal("1e-12")
    assert found.aprc >= 0
