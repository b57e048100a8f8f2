"""The roll killed at random moments, several at once, three days late: each saving and day exactly once."""

import os
import random
import signal
import time

import pytest
from django.db import connection, connections
from django.db.models import Sum

from accounts.models import User
from core.actors import acting_as_service
from savings import services
from savings.models import Accrual, Position, RollChunk
from savings.tests.test_rolling import DAY, many, yesterday
from wallet import services as wallet
from wallet.models import Account, Transaction

SAVINGS, DAYS, CHUNK, WORKERS = 90, 3, 4, 2


def roll() -> None:
    """Close what is open, as a worker does."""
    with acting_as_service():
        days = services.days_to_close(until=yesterday())
    for day in days:
        with acting_as_service():
            services.start_roll(day=day, size=CHUNK)
        done = False
        while not done:
            services.close_next_chunk(day=day)
            with acting_as_service():
                done = services.finish_roll(day=day)


def in_a_process() -> int:
    """Roll in a process of its own, whose connections are its own too, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for inherited in connections.all(initialized_only=True):
            inherited.connection = None  # the parent's: what is closed here would be closed there
        roll()
        os._exit(0)
    finally:
        os._exit(1)


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
def test_killed_at_random_moments_each_saving_and_day_is_closed_once(ada: User) -> None:
    chance = random.Random(8)
    first = yesterday() - (DAYS - 1) * DAY
    with acting_as_service():
        savings = many(ada, SAVINGS, since=first)
    killed = 0
    for _round in range(12):
        pids = [in_a_process() for _worker in range(WORKERS)]
        time.sleep(chance.uniform(0.02, 0.15))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        _wait_for_sessions()
        check()
    pids = [in_a_process() for _worker in range(WORKERS)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * WORKERS
    check()
    assert killed > WORKERS
    with acting_as_service():
        assert Accrual.objects.count() == SAVINGS * DAYS
        assert Accrual.objects.values("saving_id", "day").distinct().count() == SAVINGS * DAYS
        ends = set(Position.objects.values_list("next_day", "balance"))
        assert ends == {(yesterday() + DAY, 100_073)}
        accounts = Account.objects.filter(pk__in=[saving.account_id for saving in savings])
        assert set(accounts.values_list("balance", flat=True)) == {100_073}


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
