"""The ledger's speed, against pgbench's TPC-B-like transaction on the same server in the same minutes."""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.conf import settings

from bench import report
from bench.world import ACCOUNTS, FUND, PEOPLE, World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

CLIENTS = 8
BULK = 2_000
POSTING = "(left(uuidv7()::text, 34) || '00')::uuid"
ACCOUNT = "('01900000-0000-7000-9000-' || lpad(to_hex({n}::bigint), 12, '0'))::uuid"
UNIFORM = f"""
\\set a random(1, {ACCOUNTS})
\\set b 1 + (:a + random(1, {ACCOUNTS} - 1) - 1) % {ACCOUNTS}
select * from wallet.post_one({POSTING}, 'TRANSFER', {ACCOUNT.format(n=":a")}, {ACCOUNT.format(n=":b")}, 1, 'bench');
"""
HOT = f"""
\\set a random(1, {ACCOUNTS})
select * from wallet.post_one({POSTING}, 'DEPOSIT', '{{hot}}'::uuid, {ACCOUNT.format(n=":a")}, 1, 'bench');
"""
SMALL, LARGE = 10_000, 1_000_000
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world, measure in interleaved rounds, prove the books after each, and return the figures."""
    with World(settings.DATA_DIR / "bench") as world, valkey(world):
        _migrate(world, say)
        rates: dict[str, list[float]] = {name: [] for name in ("tpcb", "python", "post", "hot", "bulk")}
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}")
            rates["tpcb"].append(world.tpcb(seconds=seconds, clients=CLIENTS))
            rates["post"].append(script(world, UNIFORM, seconds))
            rates["hot"].append(script(world, HOT.format(hot=_hot_account(world)), seconds))
            rates["python"].append(_python(world, "transfers", seconds))
            rates["bulk"].append(_python(world, "bulk", seconds))
            say("  " + ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in rates.items()))
            prove(world, say)
        page = _first_page(world, say, rounds=rounds)
    tpcb = rates["tpcb"]
    return [
        report.figure("transfers through wallet.services / TPC-B", "1/s", rates["python"], tpcb, 0.7),
        report.figure("posting function alone / TPC-B", "1/s", rates["post"], tpcb, 1.0),
        report.figure("all on one hot account / uniform", "1/s", rates["hot"], rates["post"], 0.9),
        report.figure("bulk posting, transactions / TPC-B", "1/s", rates["bulk"], tpcb, 6.0),
        page,
    ]


@contextmanager
def valkey(world: World) -> Iterator[None]:
    """Whoever posts rings the dispatcher's bell."""
    server = Valkey(world.root)
    server.start()
    try:
        yield
    finally:
        server.remove()


def environment(world: World, dbname: str = DATABASE) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "ALAJO_PROCESS_ROLE": "service_role",
        "DATABASE_URL": world.postgres.dsn(dbname=dbname),
        "REDIS_URL": Valkey(world.root).url(),
        "DATABASE_OWNER_URL": world.postgres.dsn(role="alajo_owner", dbname=dbname),
    }


def manage(world: World, *arguments: str) -> str:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment(world), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _migrate(world: World, say: Say) -> None:
    say(f"making {ACCOUNTS:,} accounts …")
    manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
    with world.superuser(DATABASE) as connection:
        connection.execute(PEOPLE.format(n=ACCOUNTS))
        connection.execute(FUND)
        connection.execute("vacuum analyze")


def prove(world: World, say: Say) -> None:
    started = time.perf_counter()
    manage(world, "verify_ledger")
    say(f"  the books are right (proven in {time.perf_counter() - started:.1f} s)")


def _hot_account(world: World) -> str:
    with world.superuser(DATABASE) as connection:
        row = connection.execute("select id from wallet_account where code = 'PAYSTACK_CLEARING'").fetchone()
    assert row
    return str(row[0])


def script(world: World, text: str, seconds: int, dbname: str = DATABASE) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(text)
        return world.script(path, seconds=seconds, clients=CLIENTS, dbname=dbname)


def _python(world: World, what: str, seconds: int) -> float:
    command = [sys.executable, "-m", "bench.work", what, str(CLIENTS), str(seconds)]
    done = subprocess.run(
        command, env=environment(world), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return float(done.stdout.split()[-1])


def _first_page(world: World, say: Say, *, rounds: int) -> report.Figure:
    """The first activity page and balance of one account with few, then with many transactions, in milliseconds."""
    say("growing one account's history …")
    small, large = [], []
    _grow(world, SMALL)
    small = [_page(world) for _ in range(rounds)]
    _grow(world, LARGE - SMALL)
    large = [_page(world) for _ in range(rounds)]
    prove(world, say)
    name = f"first activity page and balance, {LARGE:,} / {SMALL:,} transactions"
    return report.figure(name, "ms", large, [median(small)] * rounds, 1.5, at_least=False)


def _page(world: World) -> float:
    return _python(world, "page", 3)


def _grow(world: World, transactions: int) -> None:
    """Post between account 1 and others, in bulk."""
    statement = f"""
        select wallet.post_many(array_agg({POSTING}), array_agg('TRANSFER'::text),
            array_agg(case when n % 2 = 0 then {ACCOUNT.format(n=1)} else {ACCOUNT.format(n="2 + n % 5000")} end),
            array_agg(case when n % 2 = 0 then {ACCOUNT.format(n="2 + n % 5000")} else {ACCOUNT.format(n=1)} end),
            array_agg(1::bigint), array_agg('bench'::text))
        from generate_series(1, 10000) n
    """
    with world.superuser(DATABASE) as connection:
        for _ in range(transactions // 10_000):
            connection.execute(statement)
        connection.execute("vacuum analyze")


def pair(rng: random.Random) -> tuple[int, int]:
    """Two different account numbers."""
    first = rng.randint(1, ACCOUNTS)
    second = 1 + (first + rng.randint(1, ACCOUNTS - 1) - 1) % ACCOUNTS
    return first, second
