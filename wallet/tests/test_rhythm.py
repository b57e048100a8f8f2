"""The days of what is done again and again."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import rhythm

RHYTHMS = [rhythm.ONCE, rhythm.DAILY, rhythm.WEEKLY, rhythm.MONTHLY]
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2026, 1, 31), [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]),
        (date(2027, 12, 30), [date(2028, 1, 30), date(2028, 2, 29), date(2028, 3, 30), date(2028, 4, 30)]),
        (date(2028, 1, 29), [date(2028, 2, 29), date(2028, 3, 29), date(2028, 4, 29), date(2028, 5, 29)]),
        (date(2026, 12, 15), [date(2027, 1, 15), date(2027, 2, 15), date(2027, 3, 15), date(2027, 4, 15)]),
    ],
)
def test_a_month_without_the_day_takes_its_last_and_the_next_has_the_day_again(first, expected):
    assert [rhythm.nth(rhythm.MONTHLY, first, n) for n in range(1, 5)] == expected


def test_days_and_weeks_and_once():
    first = date(2026, 2, 27)
    assert rhythm.following(rhythm.DAILY, first, first) == date(2026, 2, 28)
    assert rhythm.following(rhythm.WEEKLY, first, date(2026, 3, 6)) == date(2026, 3, 13)
    assert rhythm.following(rhythm.ONCE, first, date(2026, 1, 1)) == first
    assert rhythm.following(rhythm.ONCE, first, first) is None


@given(first=days, after=days, named=st.sampled_from(RHYTHMS))
def test_the_following_day_is_later_and_none_lies_between(first, after, named):
    found = rhythm.following(named, first, after)
    if found is None:
        assert named == rhythm.ONCE and after >= first
        return
    assert found > after and found >= first
    known = [rhythm.nth(named, first, n) for n in range(3)]
    assert found in known or found > first
    assert not [
        day for day in rhythm.days(named, first, since=after + timedelta(days=1), until=found) if day != found
    ]


@given(first=days, named=st.sampled_from(RHYTHMS[1:]))
def test_walking_day_by_day_is_counting(first, named):
    day, walked = first, [first]
    for _ in range(30):
        day = rhythm.following(named, first, day)
        walked.append(day)
    assert walked == [rhythm.nth(named, first, n) for n in range(31)]
