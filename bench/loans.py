"""How fast a day of loans is closed, against the bare statements that touch the same rows in the same minutes.

Two hundred thousand loans; each day an instalment of one in thirty falls due, which most have paid already and one in
ten has not. Each loan gets a row of its day and its position a step; where something falls due it is worked out anew.
The reference writes the same rows of the same tables, with the figures made up.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from bench import report
from bench.ledger import environment, manage
from bench.world import World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE
from credit.penalties import LateCharge
from credit.periods import Calendar
from credit.positions import facts_of
from credit.replay import Disburse, Repay, replay
from credit.schedule import plan, roll
from credit.services.folding import FIELDS
from credit.terms import Effect, Terms
from credit.terms_data import late_data, standing_data, terms_data

LOANS = int(os.environ.get("ALAJO_BENCH_ROWS", "200000"))
DAY = timedelta(days=1)
DUE_DAYS, UNPAID = 30, 10
LATE = LateCharge(percent=Decimal(1), cap=Decimal(10), days_free=3)
# Constraints between the tables hold by construction; contracts, which no day reads, are left out.
LAY_OUT = """
set session_replication_role = replica;
create temporary table kind as
    select (row_number() over () - 1)::int as n, k.* from jsonb_to_recordset(%(kinds)s) as k (
    start date, terms jsonb, data jsonb, next_event_on date, per_day numeric, accrued numeric, charged bigint,
    principal bigint, due_interest bigint, due_principal bigint, fees bigint, penalties bigint, overpaid bigint,
    next_due_on date, next_due_amount bigint, due_since date);
create temporary table one as
    select n, uuidv7() as id, (n %% (select count(*) from kind))::int as kind from generate_series(1, %(loans)s) n;
insert into accounts_user (id, password, is_superuser, email, role, is_active, created_at, updated_at, user_metadata,
    app_metadata, new_email)
values ('01900000-0000-7000-8000-000000000001', '!', false, '1@bench.test', 'USER', true, now(), now(), '{}', '{}', '');
insert into credit_application (id, user_id, currency_id, state, amount, count, purpose, purpose_text, employment,
    income, expenses, debts, released, pools, collects, listings, made_at, changed_at)
select id, '01900000-0000-7000-8000-000000000001', 'NGN', 'ACTIVE', 10000000, 12, 'BUSINESS', '', 'EMPLOYED', 0, 0, 0,
    '{}', false, false, 1, now(), now()
from one;
insert into credit_loan (application_id, user_id, contract_id, number, currency_id, amount, terms, late, effective_rate,
    opened_on)
select o.id, '01900000-0000-7000-8000-000000000001', o.id, 'L-' || o.n, 'NGN', 10000000, k.terms, %(late)s, 24, k.start
from one o join kind k on k.n = o.kind;
insert into credit_loanstanding (loan_id, data, transactions)
select o.id, k.data, 1 from one o join kind k on k.n = o.kind;
insert into credit_position (loan_id, next_day, next_event_on, per_day, accrued, noted, charged, principal,
    due_interest, due_principal, fees, penalties, overpaid, penalties_charged, charged_row, recovered,
    next_due_on, next_due_amount, due_since, overdue_days, bucket, stage, error)
select o.id, %(day)s, k.next_event_on, k.per_day, k.accrued, k.accrued, k.charged, k.principal, k.due_interest,
    k.due_principal, k.fees, k.penalties, k.overpaid, 0, 0, 0, k.next_due_on, k.next_due_amount, k.due_since, 0,
    'CURRENT', 1, ''
from one o join kind k on k.n = o.kind;
set session_replication_role = origin;
"""
DAYS = """
insert into credit_loanday (
    id, loan_id, day, principal, accrued, adjusted, overdue, overdue_days, bucket, stage, allowance)
select credit.loan_day_id(loan_id, %(day)s), loan_id, %(day)s, principal, per_day, 0, 0, 0, bucket, stage, 180000
from credit_position order by loan_id
"""
POSITIONS = """
update credit_position set next_day = next_day, accrued = accrued + 1, noted = noted + 1, overdue_days = overdue_days,
    bucket = bucket, stage = stage, cured_since = cured_since
"""
STANDINGS = """
update credit_loanstanding s set data = s.data || '{"bare": 1}'
from credit_position p where p.loan_id = s.loan_id and p.next_event_on = %(day)s + 1
"""
UNDO = """
set session_replication_role = replica;
delete from credit_loanday where allowance = 180000 and day = %(day)s;
update credit_position set accrued = accrued - 1, noted = noted - 1;
update credit_loanstanding set data = data - 'bare' where data ? 'bare';
set session_replication_role = origin;
"""
TABLES = "credit_loanday, credit_position, credit_loanstanding, credit_application"
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Lay out the loans, then close days by one worker and by two."""
    first = timezone.localdate() - 2 * rounds * DAY
    days = [first + number * DAY for number in range(2 * rounds)]
    with World(settings.DATA_DIR / "bench") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            with world.superuser(DATABASE) as connection:
                lay_out(connection, days[0], LOANS)
                say(f"{LOANS:,} loans")
                bare, ones, twos = [], [], []
                for day, next_day in zip(days[::2], days[1::2], strict=True):
                    bare.append(close_bare(connection, day))
                    ones.append(_roll(world, connection, day, workers=1))
                    twos.append(_roll(world, connection, next_day, workers=2))
                    say(f"{day}: bare {bare[-1]:.1f} s, one worker {ones[-1]:.1f} s, two {twos[-1]:.1f} s")
        finally:
            valkey.remove()
    return [
        report.figure(
            "closing a day of loans / bare insert and update", "s", ones, bare, 4.0, at_least=False
        ),
        report.figure("one worker's time / two workers'", "s", ones, twos, None),
    ]


def lay_out(connection: psycopg.Connection, day: date, loans: int) -> None:
    """Make loans that stand at `day`; an instalment of one in thirty falls due on each of the thirty days after it."""
    values = {"kinds": json.dumps(list(_kinds(day)), default=str), "late": json.dumps(late_data(LATE))}
    for statement in LAY_OUT.strip().split(";\n"):
        wanted = {"day": day, "loans": loans, **values}
        parameters = wanted if "%(" in statement else None
        connection.execute(statement.rstrip(";"), parameters)
    connection.execute(f"vacuum analyze {TABLES}")


def _kinds(day: date) -> Iterator[dict[str, Any]]:
    """For each due day a loan that has paid its instalment ahead, nine times of ten."""
    start, amount = day - 25 * DAY, 100_000_00
    for number in range(DUE_DAYS * UNPAID):
        due = day + (1 + number % DUE_DAYS) * DAY
        terms = Terms(Decimal(24), Calendar(start, first_due=due), 12)
        events: list[Any] = [Disburse(start, amount)]
        if number // DUE_DAYS:
            [asked, *_later] = plan(replay(terms, events), start)
            events.append(Repay(day, asked.payment, Effect.POSTPONED))
        standing = roll(replay(terms, events), day)
        facts = facts_of(standing, on=day, charged=0, late=LATE, charged_row=0)
        yield {
            "start": start,
            "terms": terms_data(terms),
            "data": standing_data(standing),
            **{name: getattr(facts, name) for name in FIELDS},
        }


def close_bare(connection: psycopg.Connection, day: date) -> float:
    connection.execute("checkpoint")
    begun = time.perf_counter()
    with connection.transaction():
        for statement in (DAYS, POSITIONS, STANDINGS):
            connection.execute(statement, {"day": day} if "%(day)s" in statement else None)
    took = time.perf_counter() - begun
    for statement in UNDO.strip().split(";\n"):
        connection.execute(statement.rstrip(";"), {"day": day} if "%(day)s" in statement else None)
    connection.execute(f"vacuum analyze {TABLES}")
    return took


def _roll(world: World, connection: psycopg.Connection, day: date, *, workers: int) -> float:
    """From the cut into chunks to the last commit, by the workers' own clocks."""
    connection.execute("checkpoint")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.loans_work", str(day)],
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
        count, seconds = output.split()
        closed += int(count)
        took = max(took, float(seconds))
    if closed != LOANS:
        raise RuntimeError(f"{closed:,} loans were closed on {day}, not {LOANS:,}")
    connection.execute(f"vacuum analyze {TABLES}")
    return took
