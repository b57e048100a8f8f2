"""How far a goal is: instalments, on track or behind, and when it will be reached."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from savings import goals
from savings.goals import Pace
from wallet import rhythm

DAY = timedelta(days=1)
MONDAY = date(2026, 6, 1)
# 13,000 naira within six weeks: a thousand on the first day, two thousand on each Monday after it.
SIX_WEEKS = MONDAY + 49 * DAY
WEEKLY = Pace(rhythm.WEEKLY, MONDAY + 7 * DAY, MONDAY + 7 * DAY, 200_000)


def stands(saved: int, today: date, moves: dict[date, int], pace: Pace | None = None) -> goals.Progress:
    return goals.progress(
        saved=saved, target=1_300_000, moves=moves, today=today, began=MONDAY, ends=SIX_WEEKS, pace=pace
    )


@pytest.mark.parametrize(
    ("missing", "times", "each"),
    [(0, 6, 0), (-5, 6, 0), (600, 6, 100), (601, 6, 101), (1, 6, 1), (600, 1, 600), (600, 0, 600), (0, 0, 0)],
)
def test_an_instalment_is_rounded_up_to_a_kobo(missing: int, times: int, each: int) -> None:
    assert goals.instalment(missing, times) == each


@given(missing=st.integers(0, 10**15), times=st.integers(1, 500))
def test_a_schedule_adds_up_to_what_is_missing(missing: int, times: int) -> None:
    days = [MONDAY + n * DAY for n in range(times)]
    rows = goals.schedule(missing, days)
    assert sum(amount for _day, amount in rows) == missing
    assert all(amount > 0 for _day, amount in rows)
    assert len({amount for _day, amount in rows[:-1]}) <= 1


def test_a_schedule_without_days_or_without_anything_missing_is_empty() -> None:
    assert goals.schedule(500, []) == []
    assert goals.schedule(0, [MONDAY]) == []
    assert goals.schedule(-1, [MONDAY]) == []


def test_the_day_that_everything_has_to_be_there_is_none_to_save_on() -> None:
    days = goals.due_days(
        rhythm.MONTHLY, date(2028, 1, 31), since=date(2028, 1, 31), before=date(2028, 3, 31)
    )
    assert days == [date(2028, 1, 31), date(2028, 2, 29)]
    assert goals.due_days(rhythm.WEEKLY, MONDAY, since=MONDAY, before=MONDAY) == []


def test_what_each_rhythm_would_have_to_bring() -> None:
    assert goals.suggestions(36_600, first=date(2028, 1, 1), before=date(2029, 1, 1)) == {
        "DAILY": 100,  # a leap year has 366 days
        "WEEKLY": 691,
        "MONTHLY": 3_050,
    }
    assert goals.suggestions(100, first=MONDAY, before=MONDAY) == {}


def test_the_percent_is_rounded_down_and_a_ring_ends_at_all_of_it() -> None:
    almost = goals.progress(saved=9_999, target=10_000, moves={}, today=MONDAY)
    assert (almost.percent, almost.is_reached, almost.missing) == (99, False, 1)
    over = goals.progress(saved=12_500, target=10_000, moves={}, today=MONDAY)
    assert (over.percent, over.ring, over.is_reached, over.missing) == (125, 100, True, 0)
    none = goals.progress(saved=0, target=10_000, moves={}, today=MONDAY)
    assert (none.percent, none.is_reached, none.projected_date) == (0, False, None)


@pytest.mark.parametrize("target", [0, -1])
def test_a_target_is_above_zero(target: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        goals.progress(saved=0, target=target, moves={}, today=MONDAY)


# On track or behind


def test_without_a_plan_it_is_expected_to_grow_evenly() -> None:
    facts = {"target": 36_600, "moves": {}, "began": date(2028, 1, 1), "ends": date(2029, 1, 1)}
    on_track = goals.progress(saved=6_000, today=date(2028, 3, 1), **facts)
    assert (on_track.expected_by_now, on_track.behind, on_track.is_on_track) == (6_000, 0, True)
    behind = goals.progress(saved=5_899, today=date(2028, 2, 29), **facts)
    assert (behind.expected_by_now, behind.behind, behind.is_on_track) == (5_900, 1, False)


def test_a_goal_without_a_day_to_be_reached_by_is_never_behind() -> None:
    stood = goals.progress(saved=0, target=100, moves={}, today=MONDAY, began=MONDAY - 400 * DAY)
    assert (stood.expected_by_now, stood.behind, stood.is_on_track) == (None, 0, True)


@pytest.mark.parametrize(("today", "expected"), [(MONDAY - DAY, 0), (MONDAY, 0), (SIX_WEEKS, 1_300_000)])
def test_before_its_first_day_nothing_is_expected_and_from_its_last_on_everything(
    today: date, expected: int
) -> None:
    assert stands(0, today, {}).expected_by_now == expected
    assert stands(0, today, {}, WEEKLY).expected_by_now == expected
    assert stands(0, SIX_WEEKS + 30 * DAY, {}, WEEKLY).behind == 1_300_000


def test_a_draft_is_not_behind() -> None:
    draft = goals.progress(saved=0, target=100, moves={}, today=MONDAY, ends=SIX_WEEKS)
    assert (draft.expected_by_now, draft.projected_date) == (0, None)


def test_with_a_plan_it_is_behind_only_once_the_day_of_an_instalment_is_over() -> None:
    moves = {MONDAY: 100_000}
    on_the_day = stands(100_000, MONDAY + 7 * DAY, moves, WEEKLY)
    assert (on_the_day.expected_by_now, on_the_day.behind) == (100_000, 0)
    after = stands(100_000, MONDAY + 8 * DAY, moves, WEEKLY)
    assert (after.expected_by_now, after.behind) == (300_000, 200_000)
    saved = stands(300_000, MONDAY + 8 * DAY, {**moves, MONDAY + 7 * DAY: 200_000}, WEEKLY)
    assert saved.is_on_track


# When it will be reached


def test_with_a_plan_it_is_reached_on_the_day_of_the_last_instalment() -> None:
    stood = stands(100_000, MONDAY, {MONDAY: 100_000}, WEEKLY)
    assert stood.projected_date == MONDAY + 42 * DAY
    slower = Pace(rhythm.WEEKLY, WEEKLY.first, WEEKLY.next_date, 150_000)
    assert stands(100_000, MONDAY, {}, slower).projected_date == MONDAY + 56 * DAY


def test_days_of_a_plan_that_are_over_are_not_waited_for() -> None:
    late = stands(1_100_000, MONDAY + 30 * DAY, {}, WEEKLY)
    assert late.projected_date == MONDAY + 35 * DAY


def test_a_plan_at_the_end_of_months_keeps_its_day() -> None:
    pace = Pace(rhythm.MONTHLY, date(2027, 10, 31), date(2028, 2, 29), 100)
    facts = {"target": 1_000, "moves": {}, "today": date(2028, 2, 10)}
    assert goals.progress(saved=900, pace=pace, **facts).projected_date == date(2028, 2, 29)
    assert goals.progress(saved=801, pace=pace, **facts).projected_date == date(2028, 3, 31)
    assert goals.progress(saved=0, pace=pace, **facts).projected_date == date(2028, 11, 30)


def test_without_a_plan_the_present_rate_leaves_out_what_began_it() -> None:
    moves = {MONDAY: 500_000, MONDAY + 5 * DAY: 50_000, MONDAY + 9 * DAY: 60_000, MONDAY + 10 * DAY: -10_000}
    stood = stands(600_000, MONDAY + 10 * DAY, moves)
    assert stood.projected_date == MONDAY + 80 * DAY
    assert stands(500_000, MONDAY + 10 * DAY, {MONDAY: 500_000}).projected_date is None
    assert stands(500_000, MONDAY, moves).projected_date is None


def test_what_is_long_ago_is_no_present_rate() -> None:
    moves = {MONDAY: 1, MONDAY + 1 * DAY: 1_000_000}
    assert stands(1_000_001, MONDAY + 91 * DAY, moves).projected_date is not None
    assert stands(1_000_001, MONDAY + 93 * DAY, moves).projected_date is None


def test_more_taken_out_than_put_in_never_gets_there_and_a_thousand_years_are_never() -> None:
    assert stands(1, MONDAY + 9 * DAY, {MONDAY: 100, MONDAY + 2 * DAY: -99}).projected_date is None
    assert stands(101, MONDAY + 9 * DAY, {MONDAY: 100, MONDAY + 2 * DAY: 1}).projected_date is None
    crumbs = Pace(rhythm.WEEKLY, WEEKLY.first, WEEKLY.next_date, 1)
    assert stands(0, MONDAY, {}, crumbs).projected_date is None


@given(
    named=st.sampled_from(goals.RHYTHMS),
    first=st.dates(date(2026, 1, 1), date(2029, 12, 31)),
    gone=st.integers(0, 500),
    missing=st.integers(1, 5_000),
    amount=st.integers(1, 500).filter(lambda amount: amount > 20),
)
def test_as_many_days_as_instalments_lie_before_the_day_it_is_reached(
    named: str, first: date, gone: int, missing: int, amount: int
) -> None:
    today = first + gone * DAY
    coming = rhythm.following(named, first, today - DAY)
    assert coming is not None
    pace = Pace(named, first, coming, amount)
    found = goals.progress(saved=0, target=missing, moves={}, today=today, pace=pace).projected_date
    assert found is not None
    assert len(list(rhythm.days(named, first, since=today, until=found))) == goals.instalment(missing, amount)
