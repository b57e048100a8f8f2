"""How fast one run matches a day of a gateway, against a bare hash join of the same two tables in the same minutes.

A million rows of the gateway beside a million transactions, of which one in a hundred differs: amounts, rows and
postings that only one side has, rows told twice. Most are one row and one transaction; 75,000 deposits have the fee as
a transaction of its own, 75,000 as a row of its own. A round is the first run over them all: every difference is new.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

ROWS = int(os.environ.get("ALAJO_BENCH_ROWS", "1000000"))
PLAIN, FEES = ROWS * 85 // 100, ROWS * 75 // 1000
BEGINS = "date_trunc('day', now() at time zone 'Africa/Lagos') at time zone 'Africa/Lagos' - interval '1 day'"
# The books as the ledger writes them between two hot accounts, but in one statement.
BOOKS = f"""
insert into wallet_transaction (id, posting_id, debit_account_id, credit_account_id, amount, effective_at, recorded_at,
    currency, digest, kind, description)
select case l.line when 0 then p.id else wallet.nth(p.id, 1) end, p.id,
    case l.line when 0 then clearing.id else fees.id end, case l.line when 0 then equity.id else clearing.id end,
    case l.line when 0 then 100000 + p.n else 1500 end, p.at, p.at, 'NGN', '', 'DEPOSIT', 'paystack alj-' || p.n
from (
    select n, (left(uuidv7({BEGINS} - now() + n * interval '80 ms')::text, 34) || '00')::uuid as id,
        {BEGINS} + n * interval '80 ms' as at
    from generate_series(1, {PLAIN + FEES}) n
) p
cross join lateral (select 0 as line union all select 1 where p.n <= {FEES}) l
cross join (select id from wallet_account where code = 'PAYSTACK_CLEARING') clearing
cross join (select id from wallet_account where code = 'GATEWAY_FEES') fees
cross join (select id from wallet_account where code = 'EQUITY') equity
"""
# What the gateway tells, each row with the posting that taking it in finds by its reference.
TOLD = f"""
insert into wallet_gatewayrow (id, account_id, row_import_id, gateway_id, source, source_id, reference, change, balance,
    currency, description, at, day, key, nth)
select uuidv7(), u.account, %(row_import)s, 'led-' || u.n || '-' || u.part, 'CHARGE', '', 'alj-' || u.n, u.change, null,
    'NGN', '', u.at, (u.at at time zone 'Africa/Lagos')::date,
    case when u.n %% 400 = 1 then gen_random_uuid() else u.key end, u.part
from (
    select t.n, t.debit_account_id as account, t.recorded_at + interval '2 seconds' as at, t.posting_id as key, r.part,
        case
            when r.part = 1 and t.n %% 400 = 3 then t.amount
            when r.part = 1 then -700
            when t.n <= {FEES} then t.amount - 1500
            when t.n <= {2 * FEES} and t.n %% 400 <> 3 then t.amount + 700
            else t.amount
        end + case t.n %% 400 when 0 then 1 else 0 end as change
    from (
        select w.*, w.amount - 100000 as n from wallet_transaction w where w.id = w.posting_id and w.description <> ''
    ) t
    cross join lateral (
        select 0 as part union all select 1 where t.n > {FEES} and t.n <= {2 * FEES} or t.n %% 400 = 3
    ) r
    where t.n %% 400 <> 2
) u
order by u.at
"""
JOIN = """
select count(*), sum(r.change) from wallet_gatewayrow r join wallet_transaction t on t.posting_id = r.key
"""
RESET = "set session_replication_role = replica; delete from wallet_breakchange; delete from wallet_break"
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Lay out both sides, then time the run and the join in turn."""
    with World(settings.DATA_DIR / "bench") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            with world.superuser(DATABASE) as connection:
                counts = _lay_out(connection)
                say(f"{counts[0]:,} rows beside {counts[1]:,} transactions")
                runs, joins = [], []
                for number in range(1, rounds + 1):
                    joins.append(_join(connection))
                    runs.append(_work(world, "run"))
                    connection.execute(RESET)
                    connection.execute("vacuum analyze wallet_break, wallet_breakchange, wallet_gatewayrow")
                    say(f"round {number} of {rounds}: join {joins[-1]:.2f} s, run {runs[-1]:.2f} s")
            taken_in = _work(world, "import")
        finally:
            valkey.remove()
    return [
        report.figure("matching a day / bare hash join of both sides", "s", runs, joins, 4.0, at_least=False),
        report.figure("rows taken in by one process", "1/s", [taken_in], [taken_in], None),
    ]


def _lay_out(connection: psycopg.Connection) -> tuple[int, int]:
    connection.execute(BOOKS)
    made = connection.execute(
        """
        insert into wallet_rowimport (id, account_id, kind, state, since, until, name, sha256, new_rows, known_rows,
            differing, error, made_at, ended_at)
        select uuidv7(), id, 'API', 'DONE', current_date - 2, current_date + 2, '', '', 0, 0, '[]', '', now(), now()
        from wallet_account where code = 'PAYSTACK_CLEARING' returning id
        """
    ).fetchone()
    assert made
    connection.execute(TOLD, {"row_import": made[0]})
    connection.execute("vacuum analyze")
    counted = connection.execute(
        "select (select count(*) from wallet_gatewayrow), (select count(*) from wallet_transaction)"
    ).fetchone()
    assert counted
    return counted[0], counted[1]


def _join(connection: psycopg.Connection) -> float:
    """The better of two: the first may still read from the disk."""
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        connection.execute(JOIN)
        took.append(time.perf_counter() - begun)
    return min(took)


def _work(world: World, what: str) -> float:
    command = [sys.executable, "-m", "bench.reconcile_work", what]
    done = subprocess.run(
        command, env=environment(world), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return float(done.stdout.split()[-1])
