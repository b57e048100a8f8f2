"""Workers killed in mid-transfer, a server stopped at once: what was acknowledged is there, once, and no more.

A PostgreSQL of its own with fsync on, real processes, real signals.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from core.embedded import Postgres, Valkey
from core.embedded.binaries import installation
from wallet.tests.crash.worker import EACH, PEOPLE

pytestmark = pytest.mark.slow

WORKERS, KILLS, STOPS, PATIENCE = 4, 16, 8, 30.0
SESSIONS = "select 1 from pg_stat_activity where usename = 'alajo_app'"


@dataclass
class Diaries:
    """What all workers of a round wrote down."""

    tried: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, paths: list[Path]) -> "Diaries":
        found = cls()
        for path in paths:
            for line in path.read_text().splitlines() if path.exists() else []:
                word, posting, *rest = line.split()
                if word == "try":
                    found.tried[posting] = (rest[0], rest[1], int(rest[2]))
                else:
                    getattr(found, word).add(posting)
        return found

    @property
    def unknown(self) -> set[str]:
        """Tried, and no answer came: they may or may not have happened."""
        return set(self.tried) - self.done - self.refused


@dataclass
class Crew:
    """The process that forks workers, and the server they work on."""

    postgres: Postgres
    process: subprocess.Popen[str]
    place: Path
    rounds: int = 0

    def order(self, what: str, **details: Any) -> list[int]:
        assert self.process.stdin and self.process.stdout
        order = {"do": what, "errors": str(self.place / "errors"), **details}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def set_to_work(self) -> tuple[list[int], list[Path]]:
        self.rounds += 1
        diaries = [self.place / f"diary.{self.rounds}.{number}" for number in range(WORKERS)]
        workers = [{"diary": str(path), "seed": self.rounds * WORKERS + n} for n, path in enumerate(diaries)]
        return self.order("work", workers=workers), diaries

    def superuser(self) -> psycopg.Connection:
        return psycopg.connect(self.postgres.dsn(role="postgres"), autocommit=True)

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, no farewell."""
        pid = int((self.postgres.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        until(lambda: not self.postgres.is_running())


def until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def copy_schema(postgres: Postgres) -> None:
    """Give this server the schema that tests have, which costs a tenth of migrating once more."""
    tools, name = installation() / "bin", settings.DATABASES["default"]["NAME"]
    tested, mine = (
        Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=name),
        postgres.dsn(role="postgres"),
    )

    def carry(dump: list[str], load: list[str], *, strict: bool) -> None:
        written = subprocess.run(
            [tools / dump[0], *dump[1:], "--dbname", tested], check=True, capture_output=True
        )
        psql = [tools / "psql", "--quiet", "--no-psqlrc", *load, "--dbname", mine]
        subprocess.run(psql, input=written.stdout, check=strict, capture_output=True)

    # Some of the roles are there from the start, and are an error each.
    carry(["pg_dumpall", "--roles-only"], [], strict=False)
    carry(["pg_dump"], ["--set", "ON_ERROR_STOP=1"], strict=True)


@pytest.fixture(scope="module")
def crew(tmp_path_factory, django_db_setup) -> Iterator[Crew]:
    place = tmp_path_factory.mktemp("crash")
    postgres = Postgres(place, settings={"shared_buffers": "64MB", "max_connections": 50})
    postgres.start()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": postgres.dsn(),
        "DATABASE_OWNER_URL": postgres.dsn(role="alajo_owner"),
        "REDIS_URL": Valkey(settings.TEST_ROOT).url(db=15),
    }
    base = {"cwd": settings.BASE_DIR, "env": environment, "text": True}
    try:
        copy_schema(postgres)
        command = [sys.executable, "-m", "wallet.tests.crash.worker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with (
            (place / "log").open("w") as log,
            subprocess.Popen(command, stderr=log, **pipes, **base) as process,
        ):
            found = Crew(postgres, process, place)
            assert found.order("world") == [0], (place / "errors").read_text()
            yield found
            process.stdin.close()
            process.wait(PATIENCE)
    finally:
        postgres.remove()


def prove(crew: Crew, diaries: Diaries) -> set[str]:
    """The books hold each acknowledged transfer once, as it was asked for.

    Returns which of those tried are there.
    """
    with crew.superuser() as database:
        until(
            lambda: (
                not database.execute("select 1 from pg_stat_activity where usename = 'alajo_app'").fetchone()
            )
        )
        assert database.execute("select * from wallet.verify()").fetchall() == []
        owned = "from wallet_account where owner_id is not null"
        total, lowest = database.execute(f"select sum(balance), min(balance) {owned}").fetchone()
        rows = database.execute(
            "select t.posting_id::text, d.owner_id::text, c.owner_id::text, t.amount "
            "from wallet_transaction t join wallet_account d on d.id = t.debit_account_id "
            "join wallet_account c on c.id = t.credit_account_id where t.posting_id = any (%s::uuid[])",
            [list(diaries.tried)],
        ).fetchall()
    assert (total, lowest >= 0) == (PEOPLE * EACH, True)
    found = {posting: content for posting, *content in rows}
    assert len(found) == len(rows)
    assert {posting: tuple(content) for posting, content in found.items()} == {
        posting: diaries.tried[posting] for posting in found
    }
    assert diaries.done <= set(found)
    assert not diaries.refused & set(found)
    return set(found)


def ask_again(crew: Crew, diaries: Diaries) -> None:
    """Whoever had no answer asks again, and some who had one: each transfer is there once now."""
    there = prove(crew, diaries)
    wanted = diaries.unknown | set(sorted(diaries.done)[:5])
    transfers = [(posting, *diaries.tried[posting]) for posting in sorted(wanted)]
    assert crew.order("again", transfers=transfers * 2) == [0], (crew.place / "errors").read_text()
    assert prove(crew, diaries) == there | wanted


def test_workers_killed_in_mid_transfer_lose_and_double_nothing(crew):
    chance, unknown = random.Random(2), 0
    for _ in range(KILLS):
        pids, paths = crew.set_to_work()
        until(lambda paths=paths: len(Diaries.read(paths).done) > 20)
        time.sleep(chance.uniform(0, 0.03))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda pids=pids: not any(is_alive(pid) for pid in pids))
        diaries = Diaries.read(paths)
        prove(crew, diaries)
        unknown += len(diaries.unknown)
        ask_again(crew, diaries)
    assert unknown > KILLS


def test_a_server_stopped_at_once_loses_no_transfer_it_has_acknowledged(crew):
    chance, unknown = random.Random(3), 0
    for _ in range(STOPS):
        pids, paths = crew.set_to_work()
        until(lambda paths=paths: len(Diaries.read(paths).done) > 20)
        time.sleep(chance.uniform(0, 0.05))
        crew.stop_at_once()
        until(lambda pids=pids: not any(is_alive(pid) for pid in pids))
        crew.postgres.start()
        diaries = Diaries.read(paths)
        unknown += len(diaries.unknown)
        prove(crew, diaries)
        ask_again(crew, diaries)
    assert unknown >= STOPS
