"""Savings on the staff's pages: what is found, what it costs to look, what is done and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from accounts import factors, roles
from accounts.models import AuditEvent, User
from accounts.tests.approving import make_colleague
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from core.ids import posting_id
from core.rolling import close_again
from core.staff import list_of, page_of
from savings.models import (
    AutoRun,
    AutoSaving,
    PlanTerms,
    Position,
    Roll,
    RollChunk,
    SavingsGroup,
    SavingsPlan,
    StateChange,
    UserSavings,
)
from savings.refusals import SavingFrozen, SavingNotParked
from savings.services import SAVINGS, contribute, planning
from savings.tests.looked_at import furnish_looked_at
from savings.tests.saving import make_plan, open_saving, save, set_terms
from savings.tests.world import DAY, LONG_AGO, NAIRA, TEN, day, funded, opened, plan_of
from wallet.tests.approving import browser_of
from wallet.tests.pages import text
from wallet.tests.test_admin import only_reads

pytestmark = pytest.mark.usefixtures("transactional_db")
MODELS = (SavingsPlan, PlanTerms, UserSavings, SavingsGroup, AutoSaving, AutoRun, Roll)
WHY = "Court order 4711 of today"


def sees_all() -> list[str]:
    return [f"savings.view_{model._meta.model_name}" for model in MODELS]


def look(*rights: str) -> Any:
    return browser_of(make_colleague(*sees_all(), *rights))


@pytest.fixture
def saving(transactional_db, ada: User) -> UserSavings:
    return furnish_looked_at(ada)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_page_opens_with_few_queries_and_changes_nothing(saving, model):
    browser = look()
    with acting_as_service():
        key = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(list_of(model))
    assert answer.status_code == 200 and len(only_reads(asked)) <= 10, only_reads(asked)
    page = browser.get(page_of(model, key))
    assert page.status_code == 200
    assert b"<input" not in page.content.replace(b'<input type="hidden"', b"")
    for post in (page_of(model, key), list_of(model)):
        assert browser.post(post, {"name": "x"}).status_code == 403
    for query in ("?q=%27%3B--", "?q=%00", "?before=x", "?state__exact=%27", "?user__email__startswith=a"):
        assert browser.get(list_of(model) + query).status_code in (200, 302, 400)
    assert make_client_without_rights().get(page_of(model, key)).status_code == 403


def make_client_without_rights() -> Any:
    return browser_of(make_colleague("accounts.view_approval"))


def test_more_savings_cost_no_more_queries(saving, bola):
    browser = look()
    with CaptureQueriesContext(connection) as few:
        browser.get(list_of(UserSavings))
    with acting_as_service():
        plan = SavingsPlan.objects.get()
        for _number in range(20):
            open_saving(bola.pk, plan, since=day(0))
    with CaptureQueriesContext(connection) as many:
        browser.get(list_of(UserSavings))
    assert len(only_reads(many)) == len(only_reads(few))


def test_a_saving_is_found_and_shows_all_that_hangs_on_it(saving, ada, bola):
    browser = look()
    for asked in (str(saving.pk), str(saving.account_id), str(ada.pk), ada.email):
        assert str(saving.pk) in text(browser.get(list_of(UserSavings, q=asked)))
    for asked in (bola.email, "%", "' or true --"):
        assert str(saving.pk) not in text(browser.get(list_of(UserSavings, q=asked)))
    for found in ({"state__exact": "ACTIVE"}, {"plan__id__exact": str(saving.plan_id)}):
        assert str(saving.pk) in text(browser.get(list_of(UserSavings, **found)))
    assert str(saving.pk) not in text(browser.get(list_of(UserSavings, state__exact="FROZEN")))
    page = text(browser.get(page_of(UserSavings, saving.pk)))
    # A thousand naira at 10% for a day: 27.397260274 kobo, of which 27 are paid and 3 withheld.
    assert "27.397260274 kobo" in page and "0.397260274 kobo" in page
    assert "₦1,000.24" in page and "There was not enough money." in page
    assert ada.email not in browser.get(page_of(UserSavings, saving.pk)).content.decode()


def press(browser: Any, saving: UserSavings, deed: str, why: str = WHY) -> Any:
    return browser.post(f"/staff/savings/usersavings/{saving.pk}/{deed}/", {"reason": why})


def test_a_saving_is_frozen_and_lifted_with_a_reason_that_stays(ada):
    plan = plan_of("FLEXIBLE")
    funded(ada)
    saving = opened(ada, plan, at=timezone.now())
    officer = make_colleague(*sees_all(), roles.FREEZE_SAVING)
    browser = browser_of(officer)
    assert "Freeze it" in text(browser.get(page_of(UserSavings, saving.pk)))
    assert press(browser, saving, "freeze", why="short").status_code == 422
    assert press(browser, saving, "freeze", why="x" * 301).status_code == 422
    assert press(browser, saving, "freeze").status_code == 302
    with acting_as_service():
        change = StateChange.objects.filter(saving=saving).latest("pk")
        assert (change.now, change.reason, change.actor_id) == ("FROZEN", WHY, officer.pk)
        assert AuditEvent.objects.get(action="savings.saving.freeze").actor_id == officer.pk
    with pytest.raises(SavingFrozen):
        contribute(saving_id=saving.pk, user=ada, amount=1_000, posting_id=posting_id(), at=timezone.now())
    again = press(browser, saving, "freeze")
    assert again.status_code == 422 and "cannot be done" in text(again)
    assert press(browser, saving, "lift", why="The court lifted its order").status_code == 302
    contribute(saving_id=saving.pk, user=ada, amount=1_000, posting_id=posting_id(), at=timezone.now())


@pytest.mark.parametrize("deed", ["freeze", "lift", "close-again"])
def test_no_deed_without_its_right_or_without_a_fresh_proof(saving, deed):
    assert press(look(), saving, deed).status_code == 403
    assert f"/{deed}/" not in look().get(page_of(UserSavings, saving.pk)).content.decode()
    officer = make_colleague(*sees_all(), roles.FREEZE_SAVING, roles.RETRY_PARKED)
    factors.enrol_totp(user=officer)
    asked = press(at_work(officer, proven=False), saving, deed)
    assert asked.status_code == 302 and "/reauthenticate/" in asked.url
    with acting_as_service():
        assert not StateChange.objects.exists()


def parked_saving(owner: User) -> UserSavings:
    """One whose plan has no terms on its first days."""
    with acting_as_service():
        saving = open_saving(owner.pk, make_plan("late"), since=day(3))
        save(saving, {day(3): 1_000 * NAIRA})
        Position.objects.filter(pk=saving.pk).update(
            parked_at=timezone.now() - 4 * DAY, error="The plan has no terms or no rate for this saving."
        )
    return saving


def test_a_parked_saving_is_counted_shown_and_closed_once_its_cause_is_mended(ada):
    saving = parked_saving(ada)
    browser = look(roles.RETRY_PARKED)
    assert "no terms or no rate" in text(browser.get(list_of(UserSavings, age="late")))
    assert str(saving.pk) not in text(browser.get(list_of(UserSavings, age="day")))
    first = text(browser.get("/staff/"))
    assert "Parked savings" in first
    assert press(browser, saving, "close-again", why="Tried without mending").status_code == 302
    with acting_as_service():
        assert Position.objects.get(pk=saving.pk).parked_at is not None
        set_terms(SavingsPlan.objects.get(), TEN, since=LONG_AGO)
    done = press(browser, saving, "close-again", why="The plan has its terms now")
    assert "closed up to yesterday" in text(browser.get(done.url))
    with acting_as_service():
        position = Position.objects.get(pk=saving.pk)
        assert (position.parked_at, position.error, position.next_day) == (None, "", day(0))
        told = AuditEvent.objects.filter(action="savings.saving.closed_again").order_by("pk")
        assert [event.data["done"] for event in told] == [False, True]
    with pytest.raises(SavingNotParked):
        close_again(SAVINGS, saving, reason=WHY, at=timezone.now())


def test_a_roll_is_watched_without_script_and_late_ones_alarm(saving):
    browser = look()
    done = browser.get(page_of(Roll, day(1)) + "?watch=1").content.decode()
    assert "Closed for all savings" in done and "http-equiv" not in done
    with acting_as_service():
        roll = Roll.objects.create(day=day(9), savings=100, started_at=timezone.now() - timedelta(seconds=10))
        for number, closed in enumerate((40, 0)):
            RollChunk.objects.create(
                roll=roll,
                number=number,
                first=saving.pk,
                next=saving.pk,
                closed=closed,
                done_at=timezone.now() if closed else None,
            )
    page = browser.get(page_of(Roll, day(9)))
    assert (
        "Late: it ought to be finished" in text(page) and "1 / 2" in text(page) and "40 / 100" in text(page)
    )
    assert "http-equiv" not in page.content.decode()
    watched = browser.get(page_of(Roll, day(9)) + "?watch=1").content.decode()
    assert '<meta http-equiv="refresh" content="5">' in watched and "Stop refreshing" in watched
    assert date_format(day(9)) in text(browser.get(list_of(Roll, standing="late")))
    assert date_format(day(1)) not in text(browser.get(list_of(Roll, standing="late")))


def test_figures_of_the_first_page_lead_to_their_lists(saving):
    page = look().get("/staff/").content.decode()
    for address in ("roll/?standing=late", "autosaving/?failing=yes", "usersavings/?age=late"):
        assert f"/staff/savings/{address}" in page
    assert "Last day closed" in page and date_format(day(1)) in page


def test_a_plan_is_closed_and_opened_by_who_may_and_its_savings_go_on(saving):
    plan = saving.plan
    address = f"/staff/savings/savingsplan/{plan.pk}"
    assert look().post(f"{address}/close/", {"reason": WHY}).status_code == 403
    browser = look(roles.OPEN_PLAN)
    assert browser.post(f"{address}/close/", {"reason": WHY}).status_code == 302
    with acting_as_service():
        assert not SavingsPlan.objects.get(pk=plan.pk).is_open
        assert UserSavings.objects.get(pk=saving.pk).state == "ACTIVE"
        planning.set_plan_open(plan=plan, is_open=False, reason=WHY)
        assert AuditEvent.objects.filter(action="savings.plan.closed").count() == 1
    browser.post(f"{address}/open/", {"reason": WHY})
    with acting_as_service():
        assert SavingsPlan.objects.get(pk=plan.pk).is_open


def test_the_page_of_all_rules_says_what_plans_pay(saving):
    page = text(look().get("/staff/rules/"))
    assert "Savings plans" in page and "10%" in page
    assert "Savings plans" not in text(make_client_without_rights().get("/staff/rules/"))
