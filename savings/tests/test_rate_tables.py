"""Rate tables and the notice of a lower rate: pure arithmetic."""

from datetime import date
from decimal import Decimal

import pytest

from savings import notice_period, rate_tables
from savings.interest import Rate
from savings.rate_tables import TableUnsound

NAIRA = 100


def cell(floor: int, rate: str, days: int = 0) -> Rate:
    return Rate(days, floor * NAIRA, Decimal(rate))


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ([], None),
        ([cell(0, "1")] * 201, None),
        ([cell(1, "10")], 1),
        ([cell(0, "10"), cell(0, "11")], 2),
        ([cell(0, "10"), cell(5, "11", days=30)], 2),
        ([cell(0, "-0.0001")], 1),
        ([cell(0, "1000.0001")], 1),
        ([cell(0, "NaN")], 1),
        ([cell(0, "Infinity")], 1),
        ([cell(0, "0.00001")], 1),
        ([cell(0, "10"), Rate(0, -1, Decimal(1))], 2),
        ([cell(0, "10"), Rate(0, 10**18 + 1, Decimal(1))], 2),
        ([Rate(-1, 0, Decimal(1))], 1),
        ([Rate(3661, 0, Decimal(1))], 1),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(table: list[Rate], line: int | None):
    with pytest.raises(TableUnsound) as refused:
        rate_tables.check(table)
    assert refused.value.data["line"] == line


def test_cells_hold_up_to_the_next_and_the_last_has_no_end():
    table = [cell(1_000, "12", days=90), cell(0, "10", days=90), cell(0, "8", days=30)]
    rate_tables.check(table)
    rows = list(rate_tables.rows(table, "WHOLE"))
    ends = [
        (row.term, row.term_end, row.floor // NAIRA, row.ceiling and row.ceiling // NAIRA) for row in rows
    ]
    assert ends == [(30, 90, 0, None), (90, None, 0, 1_000), (90, None, 1_000, None)]


@pytest.mark.parametrize(
    ("method", "bases"), [("WHOLE", [0, 1_100_000, 2_400_000]), ("MARGINAL", [0, 1_000_000, 2_100_000])]
)
def test_a_base_is_a_years_interest_on_the_floor(method: str, bases: list[int]):
    table = [cell(0, "10"), cell(1_000, "11"), cell(2_000, "12")]
    assert [row.base for row in rate_tables.rows(table, method)] == bases


OLD = [cell(0, "8"), cell(1_000, "10")]


@pytest.mark.parametrize(
    ("new", "method", "day_count", "falls"),
    [
        (OLD, "WHOLE", "ACT/365F", False),
        ([cell(0, "8.1"), cell(1_000, "10")], "WHOLE", "ACT/365F", False),
        ([cell(0, "7.9999"), cell(1_000, "20")], "WHOLE", "ACT/365F", True),
        ([cell(0, "8"), cell(1_001, "10")], "WHOLE", "ACT/365F", True),
        ([cell(0, "8"), cell(999, "10")], "WHOLE", "ACT/365F", False),
        ([cell(0, "9"), cell(1_000, "10"), cell(9_000_000, "9.9")], "WHOLE", "ACT/365F", True),
        # On its parts, the same table pays less above the floor; a year of 360 days pays more than one of 365.
        (OLD, "MARGINAL", "ACT/365F", True),
        (OLD, "WHOLE", "ACT/360", False),
    ],
)
def test_a_rate_falls_where_some_balance_earns_less(new, method, day_count, falls):
    told = rate_tables.is_lower(new, OLD, methods=(method, "WHOLE"), day_counts=(day_count, "ACT/365F"))
    assert told is falls


def test_going_back_to_a_year_of_365_days_lowers_the_rate():
    assert rate_tables.is_lower(OLD, OLD, methods=("WHOLE", "WHOLE"), day_counts=("ACT/365F", "ACT/360"))


@pytest.mark.parametrize(
    ("told", "earliest"),
    [
        (date(2026, 12, 1), date(2026, 12, 9)),  # a Tuesday: Wednesday to the next Tuesday
        (date(2026, 12, 4), date(2026, 12, 12)),  # a Friday
        (date(2026, 12, 5), date(2026, 12, 12)),  # a Saturday
        (date(2026, 12, 6), date(2026, 12, 12)),  # a Sunday
        (date(2026, 12, 7), date(2026, 12, 15)),  # a Monday
        (date(2028, 2, 25), date(2028, 3, 4)),  # over the end of a February of 29 days
    ],
)
def test_notice_is_five_whole_working_days(told: date, earliest: date):
    assert notice_period.earliest(told) == earliest
