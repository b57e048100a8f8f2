"""Scheduled transfers: each day once, however often and late the task runs, whatever stands in the way."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services as accounts
from core.actors import acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.models import Account, ScheduledRun, ScheduledTransfer
from wallet.refusals import SameAccount
from wallet.services import scheduled
from wallet.services.bank_accounts import BankAccountGone, remove_bank_account
from wallet.services.scheduled import ScheduleInvalid, ScheduleOver
from wallet.tests.deposits import at_once, notices
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import prove_the_books
from wallet.tests.pages import handle_of
from wallet.tests.payouts import NAIRA, bank_account_of, money

pytestmark = pytest.mark.django_db
AMOUNT, HAS = 1_000 * NAIRA, 10_000 * NAIRA


@pytest.fixture
def purse(ada) -> Account:
    return make_wallet(ada, amount=HAS)


@pytest.fixture
def other(bola) -> Account:
    return make_wallet(bola)


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def today() -> date:
    return timezone.localdate()


def plan(purse: Account, bola: Any = None, **facts: Any) -> ScheduledTransfer:
    if bola is not None:
        with acting_as_service():
            facts["recipient"] = accounts.find_recipient(text=handle_of(bola))
    given = {"rhythm": "DAILY", "first_date": today(), "amount": AMOUNT, "at": timezone.now(), **facts}
    return scheduled.plan_transfer(schedule_id=given.pop("schedule_id", uuid7()), source=purse, **given)


def run(at: datetime) -> None:
    """What the task does at that time."""
    scheduled.make_due_runs(at=at)
    while (run_id := scheduled.take_due_run(at=at)) is not None:
        scheduled.run_scheduled(run_id=run_id, at=at)


def runs(schedule: ScheduledTransfer) -> list[tuple[date, str]]:
    with acting_as_service():
        return list(
            ScheduledRun.objects.filter(schedule=schedule)
            .order_by("due_date")
            .values_list("due_date", "state")
        )


def fresh(schedule: ScheduledTransfer) -> ScheduledTransfer:
    with acting_as_service():
        return ScheduledTransfer.objects.get(pk=schedule.pk)


def test_a_day_is_paid_once_however_often_the_task_runs(purse, other, bola):
    schedule = plan(purse, bola)
    for _ in range(3):
        run(noon(today()))
    assert runs(schedule) == [(today(), "SENT")]
    assert (money(purse)[0], money(other)[0]) == (HAS - AMOUNT, AMOUNT)
    assert fresh(schedule).next_date == today() + timedelta(days=1)


def test_days_of_downtime_are_caught_up_with_each_once(purse, other, bola):
    schedule = plan(purse, bola, last_date=today() + timedelta(days=5))
    run(noon(today()))
    late = noon(today() + timedelta(days=3))
    for _ in range(2):
        run(late)
    assert runs(schedule) == [(today() + timedelta(days=n), "SENT") for n in range(4)]
    assert money(other)[0] == 4 * AMOUNT
    run(noon(today() + timedelta(days=9)))
    assert (len(runs(schedule)), fresh(schedule).state) == (6, "DONE")


def test_nothing_is_sent_before_its_day_begins_in_lagos(purse, other, bola):
    plan(purse, bola, first_date=today() + timedelta(days=1), rhythm="ONCE")
    midnight = timezone.make_aware(datetime.combine(today() + timedelta(days=1), time.min))
    run(midnight - timedelta(seconds=1))
    assert money(other)[0] == 0
    run(midnight)
    assert money(other)[0] == AMOUNT


def test_money_that_is_short_is_waited_for_by_plan_and_told_once(ada, other, bola):
    purse = make_wallet(ada, amount=AMOUNT - 1)
    schedule, at = plan(purse, bola, rhythm="ONCE"), noon(today())
    run(at)
    run(at + timedelta(minutes=59))
    assert runs(schedule) == [(today(), "DUE")]
    assert notices() == ["scheduled.waiting"]
    make_wallet(ada, amount=100)
    run(at + timedelta(hours=1))
    assert (runs(schedule), money(other)[0]) == ([(today(), "SENT")], AMOUNT)


def test_after_the_last_try_that_day_is_given_up_and_the_next_goes_on(ada, other, bola):
    purse = make_wallet(ada)
    schedule, at = plan(purse, bola), noon(today())
    run(at)
    with acting_as_service():
        run_id = ScheduledRun.objects.get(schedule=schedule).pk
    for hours in (1, 6, 30):
        scheduled.run_scheduled(run_id=run_id, at=at + timedelta(hours=hours))
    assert runs(schedule)[0] == (today(), "FAILED")
    assert notices() == ["scheduled.waiting", "scheduled.failed"]
    assert fresh(schedule).state == "ACTIVE"


def test_what_cannot_pass_ends_the_day_at_once(purse, other, bola):
    schedule = plan(purse, bola)
    with acting_as_service():
        wallet.set_state(account=other, state="NO_CREDIT", reason="test")
    run(noon(today()))
    assert runs(schedule) == [(today(), "FAILED")]
    assert notices() == ["scheduled.failed"]


def test_to_a_bank_account_it_is_a_payout_of_its_own(purse, ada):
    install_sandbox()
    bank = bank_account_of(ada)
    schedule = plan(purse, bank_account=bank, rhythm="MONTHLY")
    run(noon(today()))
    run(noon(today()))
    with acting_as_service():
        done = ScheduledRun.objects.select_related("payout").get(schedule=schedule)
    assert (done.state, done.payout.pk, done.payout.purpose) == ("SENT", done.pk, "SCHEDULED")
    assert money(purse) == (HAS, done.payout.total)


def test_a_bank_account_that_was_removed_is_not_paid(purse, ada):
    install_sandbox()
    bank = bank_account_of(ada)
    schedule = plan(purse, bank_account=bank)
    remove_bank_account(account=bank, at=timezone.now())
    run(noon(today()))
    with acting_as_service():
        assert ScheduledRun.objects.get(schedule=schedule).code == BankAccountGone.code
    assert money(purse) == (HAS, 0)


def test_pause_resume_skip_and_cancel(purse, other, bola):
    schedule = plan(purse, bola, first_date=today() + timedelta(days=1))
    scheduled.skip_next(schedule=schedule, at=timezone.now())
    assert fresh(schedule).next_date == today() + timedelta(days=2)
    scheduled.pause_schedule(schedule=schedule, at=timezone.now())
    later = noon(today() + timedelta(days=5))
    run(later)
    assert runs(schedule) == [(today() + timedelta(days=1), "SKIPPED")]
    scheduled.resume_schedule(schedule=schedule, at=later)
    assert fresh(schedule).next_date == today() + timedelta(days=5)
    run(later)
    assert money(other)[0] == AMOUNT
    scheduled.cancel_schedule(schedule=schedule, at=later)
    with pytest.raises(ScheduleOver):
        scheduled.skip_next(schedule=schedule, at=later)
    run(noon(today() + timedelta(days=9)))
    assert money(other)[0] == AMOUNT


def test_what_is_coming_up_is_what_will_be_sent(purse, bola, ada):
    make_wallet(bola)
    plan(purse, bola, rhythm="WEEKLY", last_date=today() + timedelta(days=20))
    plan(purse, bola, rhythm="ONCE", first_date=today() + timedelta(days=8))
    with acting_as_service():
        coming = [each.day - today() for each in scheduled.coming_up(user=ada, at=timezone.now())]
    assert [each.days for each in coming] == [0, 7, 8, 14]


@pytest.mark.parametrize(
    "facts",
    [
        {"first_date": date(2020, 1, 1)},
        {"amount": 0},
        {"rhythm": "HOURLY"},
        {"last_date": date(2020, 1, 1)},
        {"rhythm": "ONCE", "last_date": date(2040, 1, 1)},
    ],
)
def test_what_makes_no_sense_is_refused_by_field(purse, bola, facts):
    make_wallet(bola)
    with pytest.raises(ScheduleInvalid) as caught:
        plan(purse, bola, **facts)
    assert caught.value.data["field"]


def test_nobody_plans_to_pay_oneself_and_a_repeat_plans_once(purse, ada, bola):
    with pytest.raises(SameAccount):
        plan(purse, ada)
    first = plan(purse, bola)
    assert plan(purse, bola, schedule_id=first.pk).pk == first.pk
    with acting_as_service():
        assert ScheduledTransfer.objects.count() == 1


def test_many_workers_at_once_pay_each_day_once(transactional_db, ada, bola):
    purse, other = make_wallet(ada, amount=HAS), make_wallet(bola)
    for _ in range(2):
        plan(purse, bola)
    at = noon(today() + timedelta(days=2))
    assert at_once(*[lambda: run(at)] * 6) == []
    run(at)
    assert money(other)[0] == 6 * AMOUNT
    prove_the_books()
