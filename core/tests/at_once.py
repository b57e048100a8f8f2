"""Things done at the same moment, and things killed half way."""

import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, connections

from core.actors import acting_as_service
from core.errors import DomainError

PATIENCE = 30  # seconds


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of them at the same moment, each on a connection of its own; return what each gave, or its refusal."""
    ready = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(PATIENCE)
            return deed()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


def killed_at_random(
    work: Callable[[], object],
    *,
    rounds: int,
    within: tuple[float, float] = (0.02, 0.15),
    workers: int = 2,
    after_each: Callable[[], object] = bool,
) -> None:
    """Have processes work, kill them at random moments, and begin again; at last let them end what there is to do.

    They are killed `within` so many seconds of a round.
    """
    chance, killed = random.Random(8), 0
    for _round in range(rounds):
        pids = [_in_a_process(work) for _worker in range(workers)]
        time.sleep(chance.uniform(*within))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        _wait_for_sessions()
        after_each()
    pids = [_in_a_process(work) for _worker in range(workers)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * workers
    after_each()
    assert killed > workers


def _in_a_process(work: Callable[[], object]) -> int:
    """Work in a process of its own, whose connections are its own too, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for inherited in connections.all(initialized_only=True):
            inherited.connection = None  # the parent's: what is closed here would be closed there
        work()
        os._exit(0)
    finally:
        os._exit(1)


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
