"""The daily close of all loans: chunks, workers, kills, parking, late days."""

import os
import random
import signal
import time
from datetime import date, timedelta
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit import closing_tasks
from credit.models import Loan, LoanDay, LoanRoll, LoanRollChunk, LoanStanding, Position
from credit.refusals import LoanParked
from credit.services import rolling
from credit.services.holding import hold
from credit.tests.closing import closed
from credit.tests.world import day, lender, lent, moment, product

DAY = timedelta(days=1)


def many(number: int, *, since: date) -> list[Loan]:
    terms = product(lender(make_person()))
    ada = make_person()
    loans = [lent(ada, terms, naira=20_000, at=moment(since)) for _ in range(number)]
    return sorted(loans, key=lambda loan: loan.pk)


def roll(on: date, size: int = 3) -> list[rolling.Closed]:
    rolling.start_roll(day=on, size=size)
    done = []
    while result := rolling.close_next_chunk(day=on):
        done.append(result)
    rolling.finish_roll(day=on)
    return done


@pytest.mark.django_db
def test_a_day_is_closed_in_chunks_that_cover_every_id_and_once() -> None:
    loans = many(7, since=day(1))
    with acting_as_service():
        done = roll(day(1))
        assert [result.closed for result in done] == [3, 3, 1]
        chunks = list(LoanRollChunk.objects.order_by("number"))
        assert (chunks[0].first, chunks[-1].next) == (rolling.FIRST, rolling.END)
        assert [chunk.next for chunk in chunks[:-1]] == [chunk.first for chunk in chunks[1:]]
        assert LoanDay.objects.filter(day=day(1)).count() == len(loans)
        said = LoanDay.objects.aggregate(sum=Sum(F("accrued") + F("adjusted")))["sum"]
        assert sum(chunk.accrued for chunk in chunks) == said > 0
        assert LoanRoll.objects.get().finished_at is not None and LoanRoll.objects.get().loans == 7
        before = list(LoanDay.objects.order_by("pk").values())
        assert roll(day(1)) == []
        assert list(LoanDay.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_days_that_were_missed_are_closed_one_by_one_by_task_and_by_command() -> None:
    many(3, since=day(3))
    for _ in range(2):
        closing_tasks.roll_loans()
    with acting_as_service():
        assert {row.day for row in LoanRoll.objects.exclude(finished_at=None)} == {day(3), day(2), day(1)}
        assert LoanDay.objects.count() == 9
        assert set(Position.objects.values_list("next_day", flat=True)) == {day(0)}
    many(1, since=day(1))
    out = StringIO()
    call_command("roll_loans", stdout=out)
    assert f"Closed to {day(1)}." in out.getvalue()
    with acting_as_service():
        assert LoanDay.objects.count() == 10
    with pytest.raises(CommandError, match="not over"):
        call_command("roll_loans", date=timezone.localdate())


@pytest.mark.django_db
def test_a_parked_loan_takes_no_payment_until_its_days_are_closed_again() -> None:
    [loan] = many(1, since=day(45))
    due = closed(loan, day(44)).next_due_on
    assert due is not None
    with acting_as_service():
        record = LoanStanding.objects.get(pk=loan.pk)
        was = record.data
        LoanStanding.objects.filter(pk=loan.pk).update(data={**was, "rate": "none"})
    closing_tasks.roll_loans()
    with acting_as_service(), transaction.atomic():
        position = Position.objects.get(pk=loan.pk)
        assert position.parked_at is not None and position.next_day == due - DAY
        with pytest.raises(LoanParked):
            hold(loan.pk, user_id=None, at=timezone.now())
        assert not rolling.close_again(loan_id=loan.pk, reason="try", at=timezone.now())
        LoanStanding.objects.filter(pk=loan.pk).update(data=was)
        assert rolling.close_again(loan_id=loan.pk, reason="mended", at=timezone.now())
        assert Position.objects.get(pk=loan.pk).next_day == day(0)
        with pytest.raises(rolling.NotParked):
            rolling.close_again(loan_id=loan.pk, reason="again", at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_loan_that_is_being_written_to_is_come_back_to() -> None:
    loans = many(3, since=day(1))
    found: list[rolling.Closed | None] = []

    def work() -> None:
        with acting_as_service():
            rolling.start_roll(day=day(1), size=10)
        found.append(rolling.close_next_chunk(day=day(1)))
        connections.close_all()

    with acting_as_service(), transaction.atomic():
        Position.objects.select_for_update().get(pk=loans[1].pk)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    [first] = found
    assert first is not None and (first.closed, first.busy) == (2, 1)
    with acting_as_service():
        assert not rolling.finish_roll(day=day(1))
        again = rolling.close_next_chunk(day=day(1))
        assert again is not None and again.closed == 1
        assert rolling.finish_roll(day=day(1))


LOANS, CHUNK, WORKERS = 24, 4, 2


def roll_all() -> None:
    """Close what is open, as a worker does."""
    with acting_as_service():
        days = rolling.days_to_close(until=day(1))
    for on in days:
        with acting_as_service():
            rolling.start_roll(day=on, size=CHUNK)
        done = False
        while not done:
            rolling.close_next_chunk(day=on)
            with acting_as_service():
                done = rolling.finish_roll(day=on)


def in_a_process() -> int:
    """Roll in a process of its own, whose connections are its own too, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for inherited in connections.all(initialized_only=True):
            inherited.connection = None  # the parent's: what is closed here would be closed there
        roll_all()
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_at_random_moments_each_loan_and_day_is_closed_once() -> None:
    """On one of the days an instalment falls due, and on another it is late."""
    chance = random.Random(8)
    loans = many(LOANS, since=day(36))
    due = closed(loans[0], day(35)).next_due_on
    assert due is not None
    with acting_as_service():
        until = due - DAY
        for loan in loans:
            closed(loan, until)
        before = LoanDay.objects.count()
    killed = 0
    for _round in range(8):
        pids = [in_a_process() for _worker in range(WORKERS)]
        time.sleep(chance.uniform(0.02, 0.15))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        _wait_for_sessions()
    pids = [in_a_process() for _worker in range(WORKERS)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * WORKERS
    assert killed > WORKERS
    with acting_as_service():
        since_until = (day(0) - until).days
        assert LoanDay.objects.count() == before + LOANS * since_until
        assert LoanRollChunk.objects.aggregate(sum=Sum("closed"))["sum"] == LOANS * since_until
        assert set(Position.objects.values_list("next_day", flat=True)) == {day(0)}
        rows = LoanDay.objects.values("loan_id").annotate(sum=Sum(F("accrued") + F("adjusted")))
        assert {row["loan_id"]: row["sum"] for row in rows} == dict(
            Position.objects.values_list("pk", "accrued")
        )


def _wait_for_sessions() -> None:
    """Until the server has noticed that whoever was killed is gone: what they had begun is undone by then."""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        " and backend_type = 'client backend' and state <> 'idle'"
    )
    with acting_as_service(), connection.cursor() as cursor:
        for _try in range(1000):
            cursor.execute(others)
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.01)
    raise AssertionError("somebody who was killed is still at it")
