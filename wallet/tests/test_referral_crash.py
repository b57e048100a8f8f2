"""The job that pays bonuses killed half way, and run twice at once: each bonus is paid once, within the budget.

A PostgreSQL of its own with fsync on, real processes, real signals.
"""

import os
import random
import signal
import time
from contextlib import suppress

import pytest

from wallet.tests.test_ledger_crash import Crew, crew, is_alive, until  # noqa: F401

pytestmark = pytest.mark.slow

REFERRALS, EACH = 120, 150_000
# Two thirds of them, and one of the two bonuses of another.
BUDGET = 80 * EACH + 50_000
ROUNDS, RUNS = 12, 2
STATES = "select state, count(*), sum(amount)::bigint from accounts_referralbonus group by state"
PAID = """
select b.id from accounts_referralbonus b left join wallet_transaction t on t.id = b.posting_id
where (b.state = 'PAID') is distinct from (t.id is not null)
    or t.amount <> b.amount or t.kind <> 'BONUS'
    or t.credit_account_id <> (
        select a.id from wallet_account a where a.owner_id = b.beneficiary_id and a.kind = 'WALLET')
"""


def start(crew: Crew) -> list[int]:  # noqa: F811
    return crew.order("work", workers=[{"do": "pay"} for _run in range(RUNS)])


def test_runs_that_are_killed_and_run_at_once_pay_each_bonus_once(crew):  # noqa: F811
    chance = random.Random(6)
    assert crew.order("referrals", many=REFERRALS, budget=BUDGET) == [0], (crew.place / "errors").read_text()
    with crew.superuser() as database:
        for _round in range(ROUNDS):
            pids = start(crew)
            time.sleep(chance.uniform(0.02, 0.3))
            for pid in pids:
                with suppress(ProcessLookupError):  # done already: the other had taken what there was
                    os.kill(pid, signal.SIGKILL)
            until(lambda pids=pids: not any(is_alive(pid) for pid in pids))
            until(lambda: not database.execute(SESSIONS).fetchone())
            assert database.execute(PAID).fetchall() == []
            assert database.execute("select * from wallet.verify()").fetchall() == []
        pids = start(crew)
        until(lambda: not any(is_alive(pid) for pid in pids))
        assert not (crew.place / "errors").exists(), (crew.place / "errors").read_text()
        states = {state: (many, much) for state, many, much in database.execute(STATES).fetchall()}
        spent = database.execute("select spent from accounts_referralprogram").fetchone()
        posted = database.execute("select count(*) from wallet_transaction where kind = 'BONUS'").fetchone()
        assert database.execute(PAID).fetchall() == []
        assert database.execute("select * from wallet.verify()").fetchall() == []
    assert states.keys() == {"PAID", "REFUSED"}
    assert states["PAID"] == (161, BUDGET)
    assert states["REFUSED"][0] == 2 * REFERRALS - 161
    assert (spent, posted) == ((BUDGET,), (161,))


SESSIONS = "select 1 from pg_stat_activity where usename = 'alajo_app'"
