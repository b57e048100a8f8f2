"""The daily roll, shown with savings: chunks, workers, kills, late days. What closing comes to is each app's own."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connections, transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.management.rolling import roll_by_hand
from core.rolling import (
    END,
    FIRST,
    Closed,
    close_next_chunk,
    close_whole_day,
    days_to_close,
    finish_roll,
    start_roll,
)
from core.tests.at_once import at_once, killed_at_random
from savings import tasks
from savings.models import Accrual, Position, Roll, RollChunk
from savings.services import SAVINGS
from savings.tests.saving import many, open_saving
from wallet import services as wallet
from wallet.models import Account, Transaction

DAY = timedelta(days=1)


@pytest.fixture
def ada(db: None) -> User:
    return make_person()


def yesterday() -> date:
    return timezone.localdate() - DAY


def closed_by_day() -> dict[date, int]:
    days: dict[date, int] = {}
    for on in Accrual.objects.values_list("day", flat=True):
        days[on] = days.get(on, 0) + 1
    return days


def test_a_day_is_closed_in_chunks_that_cover_every_id_and_each_once(ada: User) -> None:
    """A worker that dies in a chunk leaves it as it was; to start or to run a day again changes nothing."""
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 7, since=day)
        start_roll(SAVINGS, day=day, size=3)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            close_next_chunk(SAVINGS, day=day)
            assert Accrual.objects.count() == 3
            raise KeyboardInterrupt
        assert not Accrual.objects.exists()
    assert [result.closed for result in close_whole_day(SAVINGS, day=day, size=50)] == [3, 3, 1]
    with acting_as_service():
        chunks = list(RollChunk.objects.order_by("number"))
        assert (chunks[0].first, chunks[-1].next) == (FIRST, END)
        assert [chunk.next for chunk in chunks[:-1]] == [chunk.first for chunk in chunks[1:]]
        assert [chunk.number for chunk in chunks] == [1, 2, 3]
        assert Accrual.objects.filter(day=day).count() == 7
        assert sum(chunk.accrued for chunk in chunks) == 7 * Decimal("27.3972602740")
        assert Roll.objects.get().finished_at is not None and Roll.objects.get().savings == 7
        assert {Account.objects.get(pk=saving.account_id).balance for saving in savings} == {100_000 + 27 - 3}
        before = list(Accrual.objects.order_by("pk").values())
        assert close_whole_day(SAVINGS, day=day) == []
        assert list(Accrual.objects.order_by("pk").values()) == before
        assert wallet.verify() == []


def test_days_that_were_missed_are_closed_one_after_the_other(ada: User) -> None:
    """By tasks, also where midnight came over a day half closed, and by hand."""
    old = yesterday() - DAY
    with acting_as_service():
        [first, *_others] = many(ada, 6, since=old)
        assert days_to_close(SAVINGS, until=yesterday()) == [old, yesterday()]
        start_roll(SAVINGS, day=old, size=2)
    half = close_next_chunk(SAVINGS, day=old)
    assert half is not None and half.closed == 2
    tasks.take_chunks(day=old.isoformat())
    with acting_as_service():
        assert closed_by_day() == {old: 6, yesterday(): 6}
        assert Roll.objects.exclude(finished_at=None).count() == 2
        assert set(Position.objects.values_list("next_day", "balance")) == {(yesterday() + DAY, 100_049)}
        # One that is saved again late begins on the day on which the one before it ended.
        open_saving(ada.pk, first.plan, since=old)
    for _ in range(2):
        tasks.roll_savings()
    with acting_as_service():
        assert closed_by_day() == {old: 7, yesterday(): 7}
        for roll in Roll.objects.all():
            assert roll.finished_at is not None
            assert sum(chunk.closed for chunk in roll.chunks.all()) == roll.savings == 7
        open_saving(ada.pk, first.plan, since=yesterday())
    out = StringIO()
    call_command("roll_savings", stdout=out)
    assert "1 of 8 (12 %)" in out.getvalue() and f"Closed to {yesterday()}." in out.getvalue()
    with acting_as_service():
        assert days_to_close(SAVINGS, until=yesterday()) == []
        assert closed_by_day() == {old: 7, yesterday(): 8}
        assert wallet.verify() == []
    with pytest.raises(CommandError, match="not over"):
        call_command("roll_savings", date=timezone.localdate())


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_being_written_to_is_come_back_to(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 3, since=day)
        start_roll(SAVINGS, day=day, size=10)
    found: list[Closed | None] = []

    def work() -> None:
        found.append(close_next_chunk(SAVINGS, day=day))
        tasks.roll_savings()
        connections.close_all()

    with acting_as_service(), transaction.atomic():
        Position.objects.select_for_update().get(pk=savings[1].pk)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    [first] = found
    assert first is not None and (first.closed, first.busy) == (2, 1)
    with acting_as_service():
        assert closed_by_day() == {day: 2}
        assert not finish_roll(SAVINGS, day=day)
    tasks.roll_savings()
    with acting_as_service():
        assert closed_by_day() == {day: 3}
        assert RollChunk.objects.get().closed == 3 and Roll.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_many_workers_close_each_row_and_day_once(ada: User) -> None:
    days = (yesterday() - DAY, yesterday())
    with acting_as_service():
        savings = many(ada, 16, since=days[0])

    def work() -> int:
        closed = 0
        for day in days:
            done = False
            while not done:
                closed += sum(result.closed for result in close_whole_day(SAVINGS, day=day, size=2))
                with acting_as_service():
                    done = finish_roll(SAVINGS, day=day)
        return closed

    assert sum(at_once(*[work] * 4)) == 32
    with acting_as_service():
        assert closed_by_day() == dict.fromkeys(days, 16)
        assert {position.balance for position in Position.objects.all()} == {100_049}
        assert {Account.objects.get(pk=saving.account_id).balance for saving in savings} == {100_049}
        assert wallet.verify() == []


# Killed

SAVED, DAYS, CHUNK = 60, 3, 4


def by_hand() -> None:
    roll_by_hand(SAVINGS, until=yesterday(), out=OutputWrapper(StringIO()), size=CHUNK)


def check() -> None:
    """By count and by sum: what the chunks say, the rows say, and the books say."""
    with acting_as_service():
        rows = Accrual.objects.aggregate(accrued=Sum("accrued"), paid=Sum("paid"), tax=Sum("tax"))
        chunks = RollChunk.objects.aggregate(
            closed=Sum("closed"), accrued=Sum("accrued"), paid=Sum("paid"), tax=Sum("tax")
        )
        assert (chunks.pop("closed") or 0) == Accrual.objects.count()
        assert {name: value or 0 for name, value in chunks.items()} == {
            name: value or 0 for name, value in rows.items()
        }
        for kind, name in (("INTEREST", "paid"), ("WITHHOLDING_TAX", "tax")):
            booked = Transaction.objects.filter(kind=kind).aggregate(sum=Sum("amount"))["sum"]
            assert (booked or 0) == (rows[name] or 0)
        assert wallet.verify() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_at_random_moments_each_row_and_day_is_closed_once(ada: User) -> None:
    """Several at once, three days late."""
    first = yesterday() - (DAYS - 1) * DAY
    with acting_as_service():
        savings = many(ada, SAVED, since=first)
    killed_at_random(by_hand, rounds=8, after_each=check)
    with acting_as_service():
        assert Accrual.objects.count() == SAVED * DAYS
        assert Accrual.objects.values("saving_id", "day").distinct().count() == SAVED * DAYS
        ends = set(Position.objects.values_list("next_day", "balance"))
        assert ends == {(yesterday() + DAY, 100_073)}
        accounts = Account.objects.filter(pk__in=[saving.account_id for saving in savings])
        assert set(accounts.values_list("balance", flat=True)) == {100_073}
