"""What holds for every schedule, whatever was agreed."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as some

from credit.instalments import TooSmall
from credit.schedule import advance, close, schedule
from credit.standing import Row, begin, whole
from credit.terms import Method, Terms
from credit.tests.random_loans import principals, some_of_them, terms_of


def planned(terms: Terms, advances: list[tuple[date, int]]) -> tuple[Row, ...]:
    try:
        return schedule(terms, advances)
    except TooSmall:
        assume(False)
        raise


def check(terms: Terms, rows: tuple[Row, ...], lent: int) -> None:
    assert sum(row.principal for row in rows) == lent
    assert sum(row.advanced for row in rows) == lent
    assert rows[-1].closing == 0
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] <= terms.count
    owed = 0
    for row in rows:
        assert row.opening == owed
        assert row.closing >= 0
        assert row.charged >= 0
        assert row.interest >= 0
        assert row.payment >= 0
        owed = row.closing
    assert sum(row.charged for row in rows) == sum(row.interest for row in rows)


@some_of_them
@given(terms_of(), principals)
def test_a_schedule_adds_up(terms: Terms, principal: int) -> None:
    rows = planned(terms, [(terms.calendar.start, principal)])
    check(terms, rows, principal)
    for row in rows:
        period = terms.calendar.period(row.number)
        assert (row.start, row.due) == (period.start, period.due)
        base = principal if terms.method is Method.FLAT else row.opening + row.advanced
        free = row.number <= terms.grace.interest_free
        years = Fraction(0) if free else period.years
        assert row.charged == whole(base * Fraction(terms.rate) * years / 100, terms.rounding.interest)
        if row.number <= terms.grace.no_principal:
            assert row.principal <= 0 or row.closing == 0
        if row.number <= terms.grace.interest_later and row.number < len(rows):
            assert row.payment == 0


@some_of_them
@given(terms_of(), some.lists(some.tuples(some.integers(0, 900), principals), min_size=1, max_size=5))
def test_a_schedule_of_several_advances_adds_up(terms: Terms, parts: list[tuple[int, int]]) -> None:
    last = terms.calendar.due(terms.count) - timedelta(1)
    advances = [(min(terms.calendar.start + timedelta(days), last), amount) for days, amount in parts]
    check(terms, planned(terms, advances), sum(amount for _day, amount in advances))


@some_of_them
@given(terms_of(methods=(Method.LEVEL,), fine=True), principals)
def test_level_instalments_are_level_but_for_the_last(terms: Terms, principal: int) -> None:
    """Each row may be half a kobo off in its instalment and half in its interest; the last pays for all of that."""
    rows = planned(terms, [(terms.calendar.start, principal)])
    asking = [row for row in rows if row.number > terms.grace.no_principal]
    level = {row.payment - (row.interest - row.charged) for row in asking[:-1]}
    assert len(level) <= 1
    if not level or len(rows) < terms.count:
        return
    most = Fraction(0)
    for row in asking:
        free = row.number <= terms.grace.interest_free
        factor = Fraction(0) if free else Fraction(terms.rate) / 100 * terms.calendar.period(row.number).years
        most = most * (1 + factor) + 1
    # In a grace that capitalises, interest is rounded in each row of it too.
    most += terms.grace.interest_later * most if terms.grace.capitalised else 0
    last = asking[-1]
    assert abs(last.payment - (last.interest - last.charged) - level.pop()) <= most


@some_of_them
@given(terms_of(methods=(Method.LEVEL,)), principals, some.integers(1, 100))
def test_a_balloon_waits_for_the_last(terms: Terms, principal: int, percent: int) -> None:
    balloon = max(principal * percent // 100, 1)
    rows = planned(
        replace(terms, method=Method.BALLOON, balloon=balloon), [(terms.calendar.start, principal)]
    )
    check(terms, rows, principal)


@some_of_them
@given(terms_of(methods=(Method.EQUAL_PRINCIPAL,), fine=True), principals)
def test_equal_principal_is_equal_but_for_the_last(terms: Terms, principal: int) -> None:
    assume(not terms.grace.capitalised)
    rows = schedule(terms, [(terms.calendar.start, principal)])
    parts = [row.principal for row in rows if row.number > terms.grace.no_principal]
    assert len(set(parts[:-1])) <= 1
    assert abs(parts[-1] - parts[0]) <= len(parts) or len(rows) < terms.count


@some_of_them
@given(terms_of(), principals)
def test_plain_rows_are_those_that_are_closed_one_by_one(terms: Terms, principal: int) -> None:
    rows = planned(terms, [(terms.calendar.start, principal)])
    standing = advance(replace(begin(terms), planned=True), terms.calendar.start, principal)
    while not standing.is_over:
        standing = close(standing)
    assert rows == standing.rows
