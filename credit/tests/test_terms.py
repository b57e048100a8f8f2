"""What may be agreed, what is refused, and the edges of what is legal."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from credit import annuity
from credit.instalments import TooSmall
from credit.periods import DAY_COUNTS, MONTH_12, MONTH_12_EU, Calendar
from credit.schedule import schedule
from credit.terms import Bucket, Grace, Half, Method, Paying, Rounding, Terms, To
from credit.tests.random_loans import principals, some_of_them
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

START = date(2026, 1, 31)


def terms(rate: str = "24", count: int = 12, **more: Any) -> Terms:
    return Terms(Decimal(rate), more.pop("calendar", Calendar(START)), count, **more)


@pytest.mark.parametrize(
    ("agreed", "said"),
    [
        ({"rate": "1000.01"}, "1,000 percent"),
        ({"rate": "-0.01"}, "1,000 percent"),
        ({"count": 0}, "1 to 1200"),
        ({"count": -12}, "1 to 1200"),
        ({"count": 1201}, "1 to 1200"),
        ({"grace": Grace(no_principal=12)}, "before the loan does"),
        ({"grace": Grace(interest_free=13)}, "before the loan does"),
        ({"grace": Grace(no_principal=-1)}, "not negative"),
        ({"grace": Grace(no_principal=1, interest_later=2)}, "longer than principal"),
        ({"rounding": Rounding(multiple=0)}, "above zero"),
        ({"instalment": 0}, "above zero"),
        ({"method": Method.GRADUATED, "growth": Decimal(-100)}, "shrink to nothing"),
        ({"method": Method.BALLOON}, "balloon"),
        ({"balloon": 1}, "balloon"),
        ({"method": Method.STEPPED, "weights": (Decimal(1),)}, "weight"),
        ({"method": Method.STEPPED, "weights": (Decimal(0),) * 12}, "weight"),
        ({"method": Method.STEPPED, "weights": (Decimal(-1), *(Decimal(1),) * 11)}, "weight"),
    ],
)
def test_terms_that_nobody_may_agree(agreed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        terms(**agreed)


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ({"day_count": "ACT/366"}, "ACT/366"),
        ({"every": 0}, "so many"),
        ({"rhythm": "ONCE"}, "so many"),
        ({"rhythm": WEEKLY}, "months"),
        ({"first_due": START}, "after the loan begins"),
    ],
)
def test_calendars_that_there_are_not(calendar: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Calendar(START, **calendar)


def test_each_bucket_is_named_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Paying(order=(Bucket.INTEREST, Bucket.INTEREST, Bucket.PRINCIPAL, Bucket.FEE))


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_loan(amount: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        schedule(terms(), [(START, amount)])


def test_money_is_lent_while_the_loan_runs() -> None:
    for day in (date(2026, 1, 30), date(2027, 1, 31)):
        with pytest.raises(ValueError, match="order of days"):
            schedule(terms(), [(day, 100)])


def test_free_credit_is_legal_and_divided() -> None:
    rows = schedule(terms("0", 6, rounding=Rounding(100)), [(START, 100_000)])
    assert [row.payment for row in rows] == [16_700] * 5 + [16_500]
    assert sum(row.interest for row in rows) == 0


def test_the_highest_rate_is_legal() -> None:
    (row,) = schedule(terms("1000", 1), [(START, 1_200)])
    assert (row.interest, row.principal) == (1_000, 1_200)


def test_one_kobo_over_a_year() -> None:
    rows = schedule(terms(), [(START, 1)])
    assert sum(row.principal for row in rows) == 1
    assert rows[-1].closing == 0


def test_a_million_million_naira() -> None:
    rows = schedule(terms("30", 360), [(START, 10**14)])
    assert sum(row.principal for row in rows) == 10**14
    # By hand: 30 % a year is 2.5 % a month.
    assert rows[0].interest == 25 * 10**11
    assert len({row.payment for row in rows[:-1]}) == 1


def test_what_falls_on_the_31st_comes_back_to_it() -> None:
    days = [row.due for row in schedule(terms("24", 3), [(START, 100_000)])]
    assert days == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    leap = Calendar(date(2028, 1, 31))
    assert leap.due(1) == date(2028, 2, 29)


def test_the_29th_of_february_counts_where_days_do() -> None:
    loan = terms("36.5", 1, calendar=Calendar(date(2028, 2, 1), day_count="ACT/365F"))
    assert schedule(loan, [(date(2028, 2, 1), 100_000)])[0].interest == 2_900
    actual = replace(loan, calendar=replace(loan.calendar, day_count="ACT/ACT-ISDA"))
    # 29 days of a year of 366 at 36.5 %.
    assert schedule(actual, [(date(2028, 2, 1), 100_000)])[0].interest == 2_892


def test_a_short_first_month_is_its_days_of_the_month() -> None:
    calendar = Calendar(date(2026, 1, 17), first_due=date(2026, 2, 1), day_count=MONTH_12)
    assert schedule(terms("12", 3, calendar=calendar), [(date(2026, 1, 17), 310_000)])[0].interest == 1_500
    anchored = Calendar(date(2026, 1, 17), anchor=date(2026, 1, 1), day_count=MONTH_12)
    assert anchored.period(1) == calendar.period(1)


@pytest.mark.parametrize(("day_count", "interest"), [(MONTH_12, 1_000), (MONTH_12_EU, 3_000)])
def test_a_first_instalment_put_off_by_two_months(day_count: str, interest: int) -> None:
    """1,000 at 12 %: three months of interest, unless every period is worth a month."""
    calendar = Calendar(date(2026, 1, 1), first_due=date(2026, 4, 1), day_count=day_count)
    assert schedule(terms("12", 3, calendar=calendar), [(date(2026, 1, 1), 100_000)])[0].interest == interest


@some_of_them
@given(principals, some.decimals(0, 500, places=4), some.integers(1, 400))
def test_the_instalment_is_that_of_the_formula(principal: int, rate: Decimal, count: int) -> None:
    row = schedule(terms(str(rate), count), [(START, principal)])[0]
    formula = -annuity.payment(rate / 1200, count, Decimal(principal))
    assert count == 1 or abs(row.payment - formula) <= Decimal("0.5") + abs(formula) / 10**25


def test_by_the_day() -> None:
    calendar = Calendar(START, rhythm=DAILY, every=10, day_count="ACT/365F")
    rows = schedule(terms("36.5", 3, calendar=calendar), [(START, 300_000)])
    assert [row.due for row in rows] == [date(2026, 2, 10), date(2026, 2, 20), date(2026, 3, 2)]
    assert rows[0].interest == 3_000


def test_instalments_that_grow() -> None:
    """100, 110 and 121 are owed back of 331 that cost nothing."""
    loan = terms("0", 3, method=Method.GRADUATED, growth=Decimal(10))
    assert [row.payment for row in schedule(loan, [(START, 33_100)])] == [10_000, 11_000, 12_100]
    yearly = replace(loan, count=6, growth_every=3)
    assert [row.payment for row in schedule(yearly, [(START, 63_000)])] == [10_000] * 3 + [11_000] * 3


def test_instalments_that_shrink() -> None:
    loan = terms("0", 3, method=Method.GRADUATED, growth=Decimal(-50))
    assert [row.payment for row in schedule(loan, [(START, 7_000)])] == [4_000, 2_000, 1_000]


def test_a_first_instalment_below_its_interest_is_refused_or_becomes_principal() -> None:
    loan = terms("60", 12, method=Method.GRADUATED, growth=Decimal(50))
    with pytest.raises(TooSmall, match="Instalment 1 "):
        schedule(loan, [(START, 1_000_000)])
    rows = schedule(replace(loan, capitalise_unpaid=True), [(START, 1_000_000)])
    assert rows[0].principal < 0 < rows[0].payment < rows[0].interest
    assert rows[0].closing > 1_000_000
    assert sum(row.principal for row in rows) == 1_000_000


def test_an_instalment_agreed_upon_must_cover_its_interest() -> None:
    with pytest.raises(TooSmall):
        schedule(terms("24", 12, instalment=1_999), [(START, 100_000)])


def test_a_row_of_no_weight_would_not_cover_its_interest() -> None:
    weights = (Decimal(1), Decimal(0), Decimal(1))
    with pytest.raises(TooSmall, match="Instalment 2 "):
        schedule(terms("24", 3, method=Method.STEPPED, weights=weights), [(START, 100_000)])


@pytest.mark.parametrize(("half", "interest"), [(Half.EVEN, 2), (Half.UP, 3)])
def test_half_a_kobo_of_interest(half: Half, interest: int) -> None:
    """1.25 naira at 24 %: 2.5 kobo a month."""
    loan = terms("24", 1, rounding=Rounding(interest=half))
    assert schedule(loan, [(START, 125)])[0].interest == interest


@pytest.mark.parametrize("day_count", sorted(DAY_COUNTS))
def test_the_parts_of_a_period_are_the_whole_of_it(day_count: str) -> None:
    rhythm = MONTHLY if day_count.startswith("MONTH") else WEEKLY
    calendar = Calendar(date(2024, 1, 30), rhythm=rhythm, every=9, day_count=day_count)
    period = calendar.period(1)
    for days in range((period.due - period.start).days + 1):
        cut = period.start + timedelta(days)
        parts = calendar.years(period, period.start, cut) + calendar.years(period, cut, period.due)
        assert parts == period.years


def test_a_balloon_waits() -> None:
    """By hand: at 0 %, 60 of 100 in three instalments, and 40 with the last."""
    loan = terms("0", 3, method=Method.BALLOON, balloon=4_000)
    assert [row.payment for row in schedule(loan, [(START, 10_000)])] == [2_000, 2_000, 6_000]
    with pytest.raises(ValueError, match="more than is owed"):
        schedule(loan, [(START, 3_999)])


def test_three_graces() -> None:
    """24 % on 1,000: 20 a month. No interest for a month, not asked for two, no principal for three."""
    loan = terms("24", 5, grace=Grace(no_principal=3, interest_later=2, interest_free=1))
    rows = schedule(loan, [(START, 100_000)])
    assert [row.charged for row in rows[:4]] == [0, 2_000, 2_000, 2_000]
    assert [row.interest for row in rows[:4]] == [0, 0, 4_000, 2_000]
    assert [row.principal for row in rows[:3]] == [0, 0, 0]
    assert rows[4].closing == 0


def test_interest_that_waits_may_become_principal() -> None:
    """20 on 1,000, and 20.40 on 1,020."""
    loan = terms("24", 5, grace=Grace(no_principal=2, interest_later=2, capitalised=True))
    rows = schedule(loan, [(START, 100_000)])
    assert [(row.interest, row.principal, row.payment) for row in rows[:2]] == [
        (2_000, -2_000, 0),
        (2_040, -2_040, 0),
    ]
    assert rows[1].closing == 104_040
    assert sum(row.principal for row in rows) == 100_000


@pytest.mark.parametrize(("to", "instalment"), [(To.NEAREST, 315_100), (To.UP, 315_200), (To.DOWN, 315_100)])
def test_an_instalment_is_rounded_as_agreed(to: To, instalment: int) -> None:
    """12,000 at 2 % a month in four: 3,151.49."""
    rows = schedule(terms(count=4, rounding=Rounding(100, to)), [(START, 1_200_000)])
    assert {row.payment for row in rows[:-1]} == {instalment}
    assert rows[-1].closing == 0


def test_rounded_far_up_a_loan_ends_early() -> None:
    rows = schedule(terms(count=6, rounding=Rounding(100_000, To.UP)), [(START, 1_200_000)])
    assert len(rows) == 5
    assert rows[-1].closing == 0
