"""The ledger as it is now against the ledger before it knew fees: both on one server, in interleaved rounds.

The older code comes out of git into a folder of its own and migrates a database of its own.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from bench import report
from bench.ledger import ACCOUNT, CLIENTS, POSTING, Say, environment, hot_account, prove, script, valkey
from bench.world import ACCOUNTS, FUND, PEOPLE, World
from core.embedded.bootstrap import DATABASE

BEFORE, DATABASE_BEFORE = "4b238af", "alajo_before"
USER = ACCOUNT.replace("-9000-", "-8000-")
PAIR = f"""
\\set a random(1, {ACCOUNTS})
\\set b 1 + (:a + random(1, {ACCOUNTS} - 1) - 1) % {ACCOUNTS}
"""
SENDER, RECEIVER = ACCOUNT.format(n=":a"), USER.format(n=":b")
SEND = f"{PAIR}select * from wallet.send({POSTING}, {SENDER}, {RECEIVER}, 'NGN', 1, 'bench');"
CHARGED = (
    f"{PAIR}select * from wallet.send_charged({POSTING}, {SENDER}, {RECEIVER}, 'NGN', 1000000, 'bench', "
    "'{STAMP_DUTY}', '{DUTY}', '{5000}');"
)


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Measure both in turns, prove the books of the one that is now, and return the ratios."""
    with World(settings.DATA_DIR / "bench") as world, valkey(world), _older_code() as older:
        with world.superuser("postgres") as connection:
            connection.execute(f"create database {DATABASE_BEFORE} owner alajo_owner")
        for folder, dbname in ((settings.BASE_DIR, DATABASE), (older, DATABASE_BEFORE)):
            say(f"making {ACCOUNTS:,} accounts in {dbname} …")
            _make(world, folder, dbname)
        duty = "{" + hot_account(world, "STAMP_DUTY_PAYABLE") + "}"
        measures = {
            "send before": lambda: script(world, SEND, seconds, DATABASE_BEFORE),
            "send": lambda: script(world, SEND, seconds),
            "send charged": lambda: script(world, CHARGED.replace("{DUTY}", duty), seconds),
            "transfers before": lambda: _python(world, older, DATABASE_BEFORE, "transfers", seconds),
            "transfers": lambda: _python(world, settings.BASE_DIR, DATABASE, "transfers", seconds),
            "transfers charged": lambda: _python(world, settings.BASE_DIR, DATABASE, "charged", seconds),
            "bulk before": lambda: _python(world, older, DATABASE_BEFORE, "bulk", seconds),
            "bulk": lambda: _python(world, settings.BASE_DIR, DATABASE, "bulk", seconds),
        }
        rates: dict[str, list[float]] = {name: [] for name in measures}
        for number in range(rounds):
            # Turned round every second time, so that whoever comes first has no advantage.
            for name in list(measures)[:: 1 if number % 2 == 0 else -1]:
                world.settle()
                rates[name].append(measures[name]())
            say(f"round {number + 1}: " + ", ".join(f"{name} {rates[name][-1]:,.0f}/s" for name in measures))
        prove(world, say)
    pairs = {
        "send": "send before",
        "send charged": "send before",
        "transfers": "transfers before",
        "transfers charged": "transfers before",
        "bulk": "bulk before",
    }
    return [
        report.figure(f"{now} / {then}", "1/s", rates[now], rates[then], 0.75) for now, then in pairs.items()
    ]


@contextmanager
def _older_code() -> Iterator[Path]:
    folder = settings.DATA_DIR / "bench-before"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "-C", str(settings.BASE_DIR), "archive", BEFORE]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _make(world: World, folder: Path, dbname: str) -> None:
    arguments = ["manage.py", "migrate", "--database", "owner", "--no-input", "--verbosity", "0"]
    _call(world, folder, dbname, *arguments)
    with world.superuser(dbname) as connection:
        connection.execute(PEOPLE.format(n=ACCOUNTS))
        connection.execute(FUND)
        connection.execute("vacuum analyze")


def _python(world: World, folder: Path, dbname: str, what: str, seconds: int) -> float:
    return float(
        _call(world, folder, dbname, "-m", "bench.work", what, str(CLIENTS), str(seconds)).split()[-1]
    )


def _call(world: World, folder: Path, dbname: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**environment(world, dbname), "PYTHONPATH": os.fspath(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}")
    return done.stdout
