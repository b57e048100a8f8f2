"""How fast one run pays the bonuses of referrals, against the ledger's own bulk posting by one process as well.

Each round pays 100,000 qualified referrals, two-sided: 200,000 postings, with budget, caps, states and history. People
are told afterwards by whoever follows the books, as of any other posting.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import ACCOUNTS, FUND, PEOPLE, World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

REFERRALS = ACCOUNTS
PERSON = "('01900000-0000-7000-8000-' || lpad(to_hex({n}::bigint), 12, '0'))::uuid"
STEP = 7919  # a prime
PROGRAM = "01900000-0000-7000-a000-000000000001"
FORGET = """
set session_replication_role = replica;
truncate accounts_referraldue, accounts_referralhistory, accounts_referralbonus, accounts_referral,
    accounts_referralprogram, accounts_notification, accounts_notificationdelivery, realtime_message;
set session_replication_role = origin;
"""
# Everybody was invited by one person and invited another, in no order of the accounts.
MAKE = f"""
insert into accounts_referralprogram (id, name, currency, starts_on, budget, spent, event, minimum, window_days,
    attribution_days, clawback_days, invited_bonus, level_bonuses, terms, made_at, cap_referrals, end_reason)
values ('{PROGRAM}', 'Bench', 'NGN', current_date, 1000000000, 0, 'FIRST_DEPOSIT', 0, 30, 30, 30, 1, '{{1}}', '', now(),
    100, '');
insert into accounts_referral (id, program_id, referrer_id, invited_id, state, reason, told, shown_as, email_index,
    joined_at, qualify_by, qualified_at, reference, changed_at)
select uuidv7(), '{PROGRAM}', {PERSON.format(n=f"1 + (n * {STEP} + 1) % {REFERRALS}")},
    {PERSON.format(n=f"1 + (n * {STEP}) % {REFERRALS}")}, 'QUALIFIED', '', '', 'Saver', '',
    now(), now(), now(), uuidv7(), now()
from generate_series(1, {REFERRALS}) n;
insert into accounts_referralbonus (id, referral_id, beneficiary_id, level, amount, currency, posting_id, state, reason,
    waits_for)
select uuidv7(), r.id, b.person, b.level, 1, 'NGN', (left(uuidv7()::text, 34) || '00')::uuid, 'DUE', '', ''
from accounts_referral r cross join lateral (values (0, r.invited_id), (1, r.referrer_id)) b (level, person)
order by r.id;
insert into accounts_referraldue (referral_id, program_id, qualified_at, due_at)
select id, program_id, qualified_at, qualified_at from accounts_referral order by id;
"""


def beneficiaries(n: int) -> tuple[int, int]:
    """The numbers of who was invited by the nth referral, and of who invited them."""
    return 1 + n * STEP % REFERRALS, 1 + (n * STEP + 1) % REFERRALS


UNPAID = """
select count(*) filter (where state <> 'PAID'), (select count(*) from accounts_referral where state <> 'PAID'),
    (select count(*) from accounts_referraldue)
from accounts_referralbonus
"""
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world, measure in interleaved rounds, prove the books after each, and return the figures.

    Each round is one run to its end, however many `seconds` that takes.
    """
    with World(settings.DATA_DIR / "bench-referrals") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            _migrate(world, say)
            found = [_round(world, say, number, rounds) for number in range(1, rounds + 1)]
        finally:
            valkey.remove()
    bulk, paid = [each[0] for each in found], [each[1] for each in found]
    name = f"bonuses of {REFERRALS:,} referrals, postings / bulk posting"
    return [report.figure(name, "1/s", paid, bulk, 0.8)]


def _migrate(world: World, say: Say) -> None:
    say(f"making {ACCOUNTS:,} accounts …")
    manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
    with world.superuser(DATABASE) as connection:
        connection.execute(PEOPLE.format(n=ACCOUNTS))
        connection.execute(FUND)
        connection.execute("vacuum analyze")


def _round(world: World, say: Say, number: int, rounds: int) -> tuple[float, float]:
    say(f"round {number} of {rounds}: {REFERRALS:,} referrals …")
    with world.superuser(DATABASE) as connection:
        connection.execute(FORGET)
        connection.execute(MAKE)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
    paid = _work(world, "pay")
    with world.superuser(DATABASE) as connection:
        row = connection.execute(UNPAID).fetchone()
        connection.execute("checkpoint")
    if row != (0, 0, 0):
        raise RuntimeError(f"not everything was paid: {row}")
    bulk = _work(world, "bulk")
    say(f"  bonuses {paid:,.0f}/s, bulk {bulk:,.0f}/s")
    started = time.perf_counter()
    manage(world, "verify_ledger")
    say(f"  the books are right (proven in {time.perf_counter() - started:.1f} s)")
    return bulk, paid


def _work(world: World, what: str) -> float:
    command = [sys.executable, "-m", "bench.referral_work", what]
    done = subprocess.run(
        command, env=environment(world), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return float(done.stdout.split()[-1])
