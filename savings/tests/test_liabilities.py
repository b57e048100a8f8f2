"""What is owed to savers by product: noted once a day, charted over time, and held against the ledger."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.approving import make_colleague
from conftest import superuser
from core.actors import acting_as_service
from savings.admin.liabilities import periods
from savings.admin.liability_charts import HEIGHT, columns
from savings.models import PlanDay, SavingsPlan
from savings.services import liabilities
from savings.tests.looked_at import furnish_looked_at, roll
from savings.tests.saving import make_plan, open_saving, save, set_terms
from savings.tests.world import LONG_AGO, NAIRA, TEN, day, funded, opened
from wallet.tests.approving import browser_of
from wallet.tests.pages import text
from wallet.tests.test_admin import only_reads

pytestmark = pytest.mark.usefixtures("transactional_db")
PAGE = "/staff/savings/savingsplan/liabilities/"


def look():
    return browser_of(make_colleague("savings.view_savingsplan", "accounts.view_approval"))


def noted(on: date) -> PlanDay:
    with acting_as_service():
        return PlanDay.objects.get(day=on)


def test_a_day_is_noted_as_it_ended_and_twice_is_as_once(ada: User, bola: User):
    furnish_looked_at(ada)
    row = noted(day(1))
    assert (row.savings, row.saved, row.owed) == (1, 100_000 + 27 - 3, Decimal("0.3972602740"))
    with acting_as_service():
        late = open_saving(bola.pk, SavingsPlan.objects.get(), since=day(1))
        save(late, {day(1): 500 * NAIRA})
    # It was parked when the day was noted; its row is there now, and the day is noted once more.
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select savings.close_day(%s, %s, %s)", [day(1), liabilities.NOUGHT, "f" * 32])
        assert liabilities.note_days(at=timezone.now()) == 1
        assert liabilities.note_days(at=timezone.now()) == 1
    assert (noted(day(1)).savings, noted(day(1)).saved) == (2, 100_024 + 50_000 + 14 - 1)


def test_only_days_that_are_closed_for_all_are_noted_and_each_one_is(ada: User):
    with acting_as_service():
        plan = make_plan("rainy-day")
        set_terms(plan, TEN, since=LONG_AGO)
        save(open_saving(ada.pk, plan, since=day(3)), {day(3): 1_000 * NAIRA, day(2): 500 * NAIRA})
    roll(day(3))
    roll(day(2))
    with acting_as_service():
        assert liabilities.note_days(at=timezone.now()) == 2
        assert [(row.day, row.saved) for row in PlanDay.objects.order_by("day")] == [
            (day(3), 100_000),
            (day(2), 150_000),
        ]


def test_a_day_is_read_from_its_own_rows_and_not_from_all_there_are(ada: User):
    furnish_looked_at(ada)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = liabilities._NOTE.strip()
        bounds = {
            "day": day(1),
            "first": liabilities.accrual_id(liabilities.NOUGHT, day(1)),
            "after": liabilities.accrual_id(liabilities.NOUGHT, day(0)),
        }
        cursor.execute("explain " + plan, bounds)
        said = "\n".join(line for (line,) in cursor.fetchall())
    assert (
        "Index Cond: ((id >= " in said and len(set(re.findall(r" on (savings_accrual\w*) a ", said))) == 1
    ), said


def test_both_sides_are_the_same_also_with_money_that_counts_from_tomorrow(ada: User, bola: User):
    saving = furnish_looked_at(ada)
    funded(bola)
    opened(bola, saving.plan, naira=2_000, at=timezone.now())
    [held] = liabilities.held_against_ledger()
    assert (held.savings, held.positions, held.to_come) == (2, 100_024, 200_000)
    assert (held.difference, held.differing, liabilities.differing()) == (0, 0, [])


def test_a_position_that_somebody_changed_shows_as_a_difference(ada: User):
    saving = furnish_looked_at(ada)
    with superuser(connection.settings_dict["NAME"]) as owner:
        owner.execute("update savings_position set balance = balance + 100")
    assert liabilities.differing() == [(saving.pk, 100_124, 100_024)]
    page = text(look().get(PAGE, {"compare": "1"}))
    assert "The two sides differ" in page and str(saving.pk) in page


def test_the_page_charts_with_the_same_numbers_in_tables_and_few_queries(ada: User):
    browser = look()
    assert "No day was closed yet" in text(browser.get(PAGE))
    saving = furnish_looked_at(ada)
    with acting_as_service():
        for back in range(1, 14):
            end = day(1).replace(day=1) - timedelta(days=1)
            for _step in range(back - 1):
                end = end.replace(day=1) - timedelta(days=1)
            PlanDay.objects.create(plan=saving.plan, day=end, savings=back, saved=back * NAIRA, owed=back)
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(PAGE)
    assert len(only_reads(asked)) <= 10, only_reads(asked)
    assert not any("savings_usersavings" in sql for sql in only_reads(asked))
    page = answer.content.decode()
    assert page.count('<rect class="owed-over-time__bar"') == 12
    seen = text(answer)
    assert "₦1,000.24" in seen and "₦11.00" in seen and "₦12.00" not in seen
    weeks = browser.get(PAGE, {"by": "weeks"}).content.decode()
    assert weeks.count('<rect class="owed-over-time__bar"') == 12
    for junk in ("by=%27", "compare=%27&by=weeks"):
        assert browser.get(f"{PAGE}?{junk}").status_code == 200
    assert browser.post(PAGE).status_code == 403
    assert "Both sides are the same" in text(browser.get(PAGE, {"compare": "1"}))
    stranger = browser_of(make_colleague("accounts.view_approval"))
    assert stranger.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("last", "by", "first", "before_last"),
    [
        (date(2026, 11, 30), "months", date(2025, 12, 31), date(2026, 10, 31)),
        (date(2026, 3, 1), "months", date(2025, 4, 30), date(2026, 2, 28)),
        (date(2028, 3, 31), "months", date(2027, 4, 30), date(2028, 2, 29)),
        (date(2026, 12, 2), "weeks", date(2026, 9, 20), date(2026, 11, 29)),
        (date(2026, 11, 29), "weeks", date(2026, 9, 13), date(2026, 11, 22)),
    ],
)
def test_periods_end_with_their_last_day_and_the_one_that_runs_with_the_last_noted(
    last, by, first, before_last
):
    found = list(periods(last, by=by))
    assert (len(found), found[0], found[-2], found[-1]) == (12, first, before_last, last)


def test_columns_stand_on_one_scale_and_what_is_not_nothing_is_seen():
    chart = columns([("Jan", 0), ("Feb", 1), ("Mar", 1_000_000)], most=2_000_000)
    heights = [column.height for column in chart.columns]
    assert heights == [0, 2.0, (HEIGHT - 32) / 2]
    assert all(column.y >= 0 and column.x >= 0 for column in chart.columns)
