"""The daily roll: chunks, workers, kills, parking, late days."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings import services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Position, Roll, RollChunk, UserSavings
from savings.services import rolling
from savings.tests.saving import make_plan, open_saving, save, set_terms
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import EffectiveInFuture

DAY = timedelta(days=1)
TEN = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY, tax=Decimal(10))


def yesterday() -> date:
    return timezone.localdate() - DAY


def many(owner: User, number: int, *, since: date, amount: int = 100_000) -> list[UserSavings]:
    plan = make_plan()
    set_terms(plan, TEN, since=since)
    savings = [open_saving(owner.pk, plan, since=since) for _ in range(number)]
    for saving in savings:
        save(saving, {since: amount})
    return sorted(savings, key=lambda saving: saving.pk)


def closed_of(results: Iterator[services.Closed | None]) -> int:
    return sum(result.closed for result in results if result)


def roll(day: date, size: int = 3) -> list[services.Closed]:
    services.start_roll(day=day, size=size)
    done = []
    while result := services.close_next_chunk(day=day):
        done.append(result)
    services.finish_roll(day=day)
    return done


@pytest.mark.django_db
def test_a_day_is_closed_in_chunks_that_cover_every_id(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 7, since=day)
        done = roll(day)
        assert [result.closed for result in done] == [3, 3, 1]
        chunks = list(RollChunk.objects.order_by("number"))
        assert (chunks[0].first, chunks[-1].next) == (rolling.FIRST, rolling.END)
        assert [chunk.next for chunk in chunks[:-1]] == [chunk.first for chunk in chunks[1:]]
        assert Accrual.objects.filter(day=day).count() == 7
        assert sum(chunk.accrued for chunk in chunks) == 7 * Decimal("27.3972602740")
        assert Roll.objects.get().finished_at is not None and Roll.objects.get().savings == 7
        assert {Account.objects.get(pk=saving.account_id).balance for saving in savings} == {100_000 + 27 - 3}
        assert wallet.verify() == []


@pytest.mark.django_db
def test_to_start_or_to_run_a_day_again_changes_nothing(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        many(ada, 4, since=day)
        roll(day)
        before = list(Accrual.objects.order_by("pk").values())
        assert roll(day) == []
        assert list(Accrual.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_days_that_were_missed_are_closed_one_after_the_other(ada: User) -> None:
    first = yesterday() - 3 * DAY
    with acting_as_service():
        [saving] = many(ada, 1, since=first)
        assert services.days_to_close(until=yesterday()) == [first + n * DAY for n in range(4)]
    out = StringIO()
    call_command("roll_savings", stdout=out)
    assert "1 of 1 (100 %)" in out.getvalue()
    with acting_as_service():
        assert services.days_to_close(until=yesterday()) == []
        rows = Accrual.objects.filter(saving=saving).order_by("day")
        assert [row.balance for row in rows] == [100_000, 100_024, 100_049, 100_073]
        assert Position.objects.get().next_day == yesterday() + DAY


def test_a_day_that_is_not_over_is_not_closed(db: None) -> None:
    with pytest.raises(CommandError, match="not over"):
        call_command("roll_savings", date=timezone.localdate())


@pytest.mark.django_db
def test_a_saving_that_cannot_be_closed_is_parked_and_keeps_no_other_waiting(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 5, since=day)
        broken = savings[2]
        wallet.set_state(
            account=Account.objects.get(pk=broken.account_id), state="FROZEN", reason="a court order"
        )
        [result] = roll(day, size=10)
        assert (result.closed, result.parked) == (4, 1)
        position = Position.objects.get(pk=broken.pk)
        assert position.parked_at is not None and position.error and position.next_day == day
        assert services.days_to_close(until=day) == []
        wallet.set_state(
            account=Account.objects.get(pk=broken.account_id), state="ACTIVE", reason="it was lifted"
        )
        assert services.retry_parked(saving_id=broken.pk, until=day + DAY)
        assert Accrual.objects.filter(day=day).count() == 5
        assert wallet.verify() == []


@pytest.mark.django_db
def test_what_is_wrong_with_the_day_itself_parks_nobody(ada: User) -> None:
    with acting_as_service():
        many(ada, 2, since=yesterday() + DAY)
        with pytest.raises(EffectiveInFuture), transaction.atomic():
            roll(yesterday() + DAY)
        assert not Position.objects.exclude(parked_at=None).exists()


@pytest.mark.django_db
def test_a_saving_without_terms_is_parked(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        plan = make_plan("late")
        set_terms(plan, TEN, since=day + DAY)
        early = open_saving(ada.pk, plan, since=day)
        [result] = roll(day)
        assert (result.closed, result.parked) == (0, 1)
        assert "no terms" in Position.objects.get(pk=early.pk).error


@pytest.mark.django_db
def test_who_writes_to_a_saving_closes_its_days_first(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        one, two = many(ada, 2, since=day - DAY)
        with transaction.atomic():
            position = services.close_saving(saving_id=one.pk, until=day + DAY)
        assert (position.next_day, position.balance) == (day + DAY, 100_049)
        assert [result.closed for result in roll(day - DAY)] == [1]
        assert [result.closed for result in roll(day)] == [1]
        assert Position.objects.get(pk=two.pk).balance == 100_049


# At once


@pytest.mark.django_db(transaction=True)
def test_a_saving_that_is_being_written_to_is_come_back_to(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 3, since=day)
        services.start_roll(day=day, size=10)
    found = []

    def work() -> None:
        found.append(services.close_next_chunk(day=day))
        connections.close_all()

    with acting_as_service(), transaction.atomic():
        services.close_saving(saving_id=savings[1].pk, until=day)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    [first] = found
    assert (first.closed, first.busy) == (2, 1)
    with acting_as_service():
        assert not services.finish_roll(day=day)
        assert services.close_next_chunk(day=day).closed == 1
        assert services.finish_roll(day=day)


@pytest.mark.django_db(transaction=True)
def test_many_workers_close_each_saving_and_day_once(ada: User) -> None:
    first, last = yesterday() - DAY, yesterday()
    with acting_as_service():
        savings = many(ada, 40, since=first)
    closed: list[int] = []

    def work() -> None:
        for day in (first, last):
            with acting_as_service():
                services.start_roll(day=day, size=4)
            while not _finished(day):
                if result := services.close_next_chunk(day=day):
                    closed.append(result.closed)
        connections.close_all()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(closed) == 80
    with acting_as_service():
        assert Accrual.objects.count() == 80
        assert {position.balance for position in Position.objects.all()} == {100_049}
        assert {Account.objects.get(pk=saving.account_id).balance for saving in savings} == {100_049}
        assert wallet.verify() == []


def _finished(day: date) -> bool:
    with acting_as_service():
        return services.finish_roll(day=day)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_a_chunk_leaves_it_as_it_was(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        many(ada, 6, since=day)
        services.start_roll(day=day, size=3)
    with pytest.raises(KeyboardInterrupt), acting_as_service(), transaction.atomic():
        services.close_next_chunk(day=day)
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from savings_accrual")
            assert cursor.fetchone() == (3,)
        raise KeyboardInterrupt
    with acting_as_service():
        assert not Accrual.objects.exists()
        assert sum(result.closed for result in roll(day)) == 6
        assert wallet.verify() == []
