"""Savings and closed months of the books: what must be closed first, and what is found out later."""

import random
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.rolling import close_again, close_whole_day
from savings import refusals, services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Move, Position, Replay, UserSavings
from savings.tests.saving import make_plan, open_saving, save, set_terms
from savings.tests.test_interest_sql import some_terms
from savings.tests.test_replaying import enter, same
from savings.tests.world import DAY, balance, day, days_of, funded
from wallet import services as wallet
from wallet.models import Account, Adjustment, Transaction
from wallet.refusals import PeriodClosed
from wallet.services import periods
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
DAILY = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY, tax=Decimal(10))


def month() -> date:
    """The month before last: the whole of the last one is open after it."""
    return periods.month_before(periods.month_before(timezone.localdate().replace(day=1)))


def open_from() -> date:
    return periods.month_after(month())


def start() -> date:
    return open_from() - 12 * DAY


def saving_of(owner: User, terms: Terms = DAILY, code: str = "flexible") -> UserSavings:
    plan = make_plan(code)
    set_terms(plan, terms, since=start())
    return open_saving(owner.pk, plan, since=start())


def close_month() -> None:
    periods.close_period(month=month(), by=make_person(), reason="It is over and proven", at=timezone.now())


# Closing


def test_a_month_is_not_closed_before_its_days_are_for_each_saving(ada: User) -> None:
    with acting_as_service():
        saving = saving_of(ada)
        services.close_saving(saving_id=saving.pk, until=open_from() - DAY)
        with pytest.raises(refusals.DaysOfSavingsOpen) as refusal:
            close_month()
        assert refusal.value.public_data == {"day": str(open_from() - DAY)}
        services.close_saving(saving_id=saving.pk, until=open_from())
    close_month()


def test_nor_while_a_saving_is_parked_on_one_of_them(ada: User) -> None:
    with acting_as_service():
        saving = saving_of(ada)
        save(saving, {start(): 100_000})
        account = Account.objects.get(pk=saving.account_id)
        wallet.set_state(account=account, state="FROZEN", reason="a court order")
        assert services.close_saving(saving_id=saving.pk, until=day(0)).parked_at is not None
        with pytest.raises(refusals.SavingsParked) as refusal:
            close_month()
        assert refusal.value.public_data == {"savings": 1, "day": str(start())}
        wallet.set_state(account=account, state="ACTIVE", reason="it was lifted")
        assert close_again(services.SAVINGS, saving, reason="it was lifted", at=timezone.now())
    close_month()


# Days that come too late


def test_a_day_of_a_closed_month_stops_no_deposit_and_is_paid_today(ada: User) -> None:
    close_month()
    with acting_as_service():
        saving = saving_of(ada)
        save(saving, {start(): 1_000_000})
        with pytest.raises(PeriodClosed), transaction.atomic():
            close_whole_day(services.SAVINGS, day=start())
        assert not Position.objects.exclude(parked_at=None).exists()
        position = services.close_saving(saving_id=saving.pk, until=day(0))
        assert (position.next_day, position.parked_at) == (day(0), None)
        late = Accrual.objects.filter(day__lt=open_from() - DAY)
        ids = {pk for row in late for pk in (row.posting_id, row.tax_posting_id)}
        assert set(Adjustment.objects.values_list("posting_id", "month")) == {(pk, month()) for pk in ids}
        assert len(ids) == 22
        dates = Transaction.objects.filter(pk__in=ids).values_list("effective_at", flat=True)
        assert {timezone.localdate(moment) for moment in dates} == {day(0)}
        assert wallet.verify() == []


# Entries that become known later


@pytest.mark.parametrize("seed", range(4))
def test_an_entry_of_a_closed_month_comes_to_what_it_would_have_been(ada: User, seed: int) -> None:
    """What days of the month would have paid is posted today; the days after it are closed anew."""
    funded(ada, 50_000_000)
    chance = random.Random(seed)
    terms = some_terms(chance) if seed else DAILY
    first, more = (
        {start(): 3_000_000},
        {
            start() + 3 * DAY: 2_500_000,
            start() + 7 * DAY: 1_000_001,
            open_from() + 9 * DAY: 777_777,
        },
    )
    with acting_as_service():
        later = saving_of(ada, terms)
        save(later, first)
        whole = open_saving(ada.pk, later.plan, since=start())
        save(whole, first | more)
        for saving in (later, whole):
            services.close_saving(saving_id=saving.pk, until=day(0))
    close_month()
    with acting_as_service():
        untouched = list(days_of(later, start=start(), end=open_from()).values())
        days = list(more)
        chance.shuffle(days)
        replays = [enter(later, more[on], on) for on in days]
        assert list(days_of(later, start=start(), end=open_from()).values()) == untouched
        there = days_of(whole, start=start(), end=open_from())
        found = days_of(later, start=start(), end=open_from())
        for name, column in (("interest", "paid"), ("tax", "tax")):
            posted = sum(getattr(replay, name) for replay in replays)
            assert sum(getattr(row, column) for row in found) + posted == sum(
                getattr(row, column) for row in there
            )
        for replay in replays:
            assert (replay.stands_from is None) == (replay.since >= open_from())
            tied = Adjustment.objects.filter(posting_id=replay.adjusting_id).first()
            assert (tied.month if tied else None) == (month() if replay.adjusting_id else None)
    same(whole, later, open_from())
    with acting_as_service():
        assert wallet.verify() == []


def test_what_left_in_a_closed_month_takes_interest_back_and_is_refused_where_there_was_not_so_much(
    ada: User,
) -> None:
    funded(ada)
    with acting_as_service():
        saving = saving_of(ada)
        save(saving, {start(): 1_000_000, open_from(): 9_000_000})
        services.close_saving(saving_id=saving.pk, until=day(0))
    close_month()
    with pytest.raises(refusals.NotEnoughThatDay) as refusal:
        enter(saving, -1_100_000, start() + DAY)
    assert refusal.value.data["day"] == str(start() + DAY)
    with acting_as_service():
        assert not Replay.objects.exists() and Move.objects.count() == 2
        replay = enter(saving, -400_000, start() + DAY)
        assert replay.interest < 0 and replay.tax < 0
        lines = Transaction.objects.filter(posting_id=replay.adjusting_id).order_by("pk")
        assert [(line.kind, line.amount) for line in lines] == [
            ("TAX_BACK", -replay.tax),
            ("INTEREST_BACK", -replay.interest),
        ]
        assert balance(saving) == Position.objects.get().balance
        assert wallet.verify() == []


def test_its_owner_reads_what_was_put_right(ada: User) -> None:
    funded(ada)
    with acting_as_service():
        saving = saving_of(ada)
        save(saving, {start(): 1_000_000})
        services.close_saving(saving_id=saving.pk, until=day(0))
    page = f"/savings/{saving.pk}/interest/"
    assert "Put right later" not in text(browser_of(ada).get(page))
    close_month()
    with acting_as_service():
        enter(saving, 5_000_000, start())
        replay = enter(saving, -400_000, open_from())
    said = text(browser_of(ada).get(page))
    assert "Put right later" in said and "it was paid in at the branch" not in said
    assert "interest was paid for closed months" in said
    assert "+₦50,000.00" in said and "−₦4,000.00" in said and f"Counts from 1 {replay.since:%b %Y}" in said
