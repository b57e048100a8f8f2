"""How fast a day of savings is closed, against the bare statements that touch the same rows in the same minutes.

A million savings under four plans: one rate, bands, bands by part, and one that compounds. An ordinary day writes a row
of interest each and steps each position; the last day of a month also pays and taxes each, so it writes the books. The
reference writes the same rows of the same tables, with the figures made up.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta

import psycopg
from django.conf import settings
from django.utils import timezone

from bench import report
from bench.ledger import environment, manage
from bench.world import World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

SAVINGS = int(os.environ.get("ALAJO_BENCH_ROWS", "1000000"))
OWNERS = 1_000
DAY = timedelta(days=1)
LAY_OUT = f"""
insert into accounts_user (id, password, is_superuser, email, role, is_active, created_at, updated_at, user_metadata,
    app_metadata, new_email)
select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '!', false, n || '@bench.test', 'USER', true,
    now(), now(), '{{}}', '{{}}', ''
from generate_series(1, {OWNERS}) n;
insert into savings_savingsplan (id, code, kind, currency_id, name, summary, is_open)
select uuidv7(), code, 'FLEXIBLE', 'NGN', code, '', true from unnest(array['flat', 'whole', 'marginal', 'daily']) code;
insert into savings_planterms (id, plan_id, from_date, day_count, method, capitalised, paid, up_front, rounding, tax,
    minimum, withdrawal_fee, penalty, penalty_percent, source)
select uuidv7(), id, '2020-01-01', 'ACT/365F', case code when 'marginal' then 'MARGINAL' else 'WHOLE' end,
    case code when 'daily' then 'DAY' else 'END' end, 'MONTH', false, 'HALF_EVEN', 10, 0, 0, 'NONE', 0, ''
from savings_savingsplan;
insert into savings_planrate (terms_id, term, amount, rate, base)
select t.id, '[0,)', b.amount, b.rate, case t.method when 'MARGINAL' then b.marginal else lower(b.amount) * b.rate end
from savings_planterms t join savings_savingsplan p on p.id = t.plan_id
cross join lateral (
    values (int8range(0, case when p.code in ('flat', 'daily') then null else 10000000 end), 8.5, 0),
        (int8range(10000000, 100000000), 10.25, 85000000), (int8range(100000000, null), 12, 1007500000)
) b (amount, rate, marginal)
where p.code not in ('flat', 'daily') or lower(b.amount) = 0;
insert into wallet_account (id, owner_id, kind, currency_id, normal_side, floor, opened_at)
select uuidv7(), ('01900000-0000-7000-8000-' || lpad(to_hex(n % {OWNERS} + 1), 12, '0'))::uuid, 'SAVINGS', 'NGN',
    'CREDIT', 0, now()
from generate_series(1, {SAVINGS}) n;
insert into savings_usersavings (
    id, user_id, plan_id, account_id, name, state, at_maturity, paid_at_start, tax_at_start)
select uuidv7(), a.owner_id, (select array_agg(id order by code) from savings_savingsplan)[1 + a.n % 4], a.id, 'saving',
    'ACTIVE', 'PAY_OUT', 0, 0
from (select *, row_number() over () as n from wallet_account where kind = 'SAVINGS') a;
insert into savings_position (saving_id, account_id, plan_id, term, earns, balance, carry, capital, next_day, error)
select id, account_id, plan_id, 0, true, 100000 + hashtext(id::text)::bigint + 2147483648, 0, 0, %(day)s, ''
from savings_usersavings;
"""
FUND = """
select wallet.post_many(
    array_agg((left(uuidv7()::text, 34) || '00')::uuid), array_agg('OPENING'::text),
    array_agg((select id from wallet_account where code = 'EQUITY')), array_agg(account_id), array_agg(balance),
    array_agg(''::text))
from (select account_id, balance, ntile(%(parts)s) over (order by account_id) as part from savings_position) a
group by part
"""
ACCRUALS = """
insert into savings_accrual (id, saving_id, day, terms_id, balance, rate, accrued, carry, paid, tax, posting_id,
    tax_posting_id)
select savings.accrual_id(saving_id, %(day)s), saving_id, %(day)s, plan_id, balance, 10, 27.3972602740, 27.3972602740,
    100, 10, account_id, account_id
from savings_position order by saving_id
"""
POSITIONS = (
    "update savings_position set balance = balance + 1, carry = carry + 1, capital = 1, next_day = next_day"
)
TRANSACTIONS = """
insert into wallet_transaction (id, posting_id, debit_account_id, credit_account_id, amount, effective_at, recorded_at,
    currency, digest, kind, description, credit_version, credit_balance)
select p.id, p.id, e.id, p.account_id, 100, now(), now(), 'NGN', '', 'REFERENCE', 'interest', 1, 1
from (
    select account_id, (left(uuidv7()::text, 34) || '00')::uuid as id
    from savings_position cross join generate_series(1, 2) order by account_id
) p
cross join (select id from wallet_account where code = 'INTEREST_EXPENSE') e
"""
ACCOUNTS = "update wallet_account set balance = balance + 1, version = version + 2 where kind = 'SAVINGS'"
UNDO = """
set session_replication_role = replica;
delete from savings_accrual where terms_id in (select id from savings_savingsplan);
delete from wallet_transaction where kind = 'REFERENCE';
update savings_position set balance = balance - 1, carry = carry - 1, capital = 0;
set session_replication_role = origin;
"""
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Lay out the savings, then close ordinary days by one worker and by two, and last days of months."""
    last = timezone.localdate().replace(day=1) - DAY
    ordinary = [last - number * DAY for number in range(2 * rounds, 0, -1)]
    with World(settings.DATA_DIR / "bench") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            with world.superuser(DATABASE) as connection:
                _lay_out(connection, ordinary[0])
                say(f"{SAVINGS:,} savings")
                bare, ones, twos = [], [], []
                for day, next_day in zip(ordinary[::2], ordinary[1::2], strict=True):
                    bare.append(_bare(connection, day, [ACCRUALS, POSITIONS]))
                    ones.append(_roll(world, connection, day, workers=1))
                    twos.append(_roll(world, connection, next_day, workers=2))
                    say(f"{day}: bare {bare[-1]:.1f} s, one worker {ones[-1]:.1f} s, two {twos[-1]:.1f} s")
                paying = [
                    _bare(connection, last, [ACCRUALS, POSITIONS, TRANSACTIONS, ACCOUNTS], balances=True)
                ]
                paid = [_roll(world, connection, last, workers=1)]
                say(f"{last}: bare {paying[-1]:.1f} s, one worker {paid[-1]:.1f} s")
                say(f"most memory of a worker: {max(MEMORY):,} MB; at the first day {MEMORY[0]:,} MB")
        finally:
            valkey.remove()
    return [
        report.figure("closing a day / bare insert and update", "s", ones, bare, 2.5, at_least=False),
        report.figure("closing a day that pays and taxes / bare", "s", paid, paying, 4.0, at_least=False),
        report.figure("one worker's time / two workers'", "s", ones, twos, 1.6),
    ]


MEMORY: list[int] = []


def _lay_out(connection: psycopg.Connection, day: date) -> None:
    for statement in LAY_OUT.strip().split(";\n"):
        connection.execute(statement.replace("%(day)s", f"date '{day}'").rstrip(";"))
    connection.execute("analyze")
    connection.execute(FUND.replace("%(parts)s", str(max(SAVINGS // 20_000, 1))))
    connection.execute("vacuum analyze")


def _bare(
    connection: psycopg.Connection, day: date, statements: list[str], *, balances: bool = False
) -> float:
    connection.execute("checkpoint")
    begun = time.perf_counter()
    with connection.transaction():
        for statement in statements:
            connection.execute(statement, {"day": day} if "%(day)s" in statement else None)
    took = time.perf_counter() - begun
    for statement in UNDO.strip().split(";\n"):
        connection.execute(statement.rstrip(";"))
    if balances:
        connection.execute(ACCOUNTS.replace("+ 1", "- 1").replace("+ 2", "- 2"))
    connection.execute("vacuum analyze savings_accrual, savings_position, wallet_account, wallet_transaction")
    return took


def _roll(world: World, connection: psycopg.Connection, day: date, *, workers: int) -> float:
    """From the cut into chunks to the last commit, by the workers' own clocks."""
    connection.execute("checkpoint")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.interest_work", str(day)],
            env=environment(world),
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    closed, took = 0, 0.0
    for process in processes:
        output, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors[-4000:])
        count, memory, seconds = output.split()
        closed += int(count)
        took = max(took, float(seconds))
        MEMORY.append(int(memory))
    if closed != SAVINGS:
        raise RuntimeError(f"{closed:,} savings were closed on {day}, not {SAVINGS:,}")
    connection.execute("vacuum analyze savings_accrual, savings_position, wallet_account")
    return took
