"""The staff queue of applications: what a page and a claim take among 500 open cases, and among 50,000."""

import os
import subprocess
import sys
from collections.abc import Callable

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

SMALL, LARGE = 500, 50_000
QUERIES = 10
# Like a real queue: a few are urgent, most are not, some are held, some wait for a second person; and far more people
# and decided applications lie beside them than wait.
PEOPLE = """
insert into accounts_user (id, password, is_superuser, email, role, is_active, created_at, updated_at, user_metadata,
    app_metadata, new_email)
select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '!', n = 0, n || '@bench.test',
    case when n < 20 then 'AGENT' else 'USER' end, true, now(), now(), '{{}}', '{{}}', ''
from generate_series(0, {n} + 19) n;
insert into accounts_profile (user_id, handle, display_name, avatar)
select id, 'saver_' || split_part(email, '@', 1), 'Saver ' || split_part(email, '@', 1), '' from accounts_user;
insert into accounts_customer (user_id, status, tier, phone, lock_reason)
select id, 'ACTIVE', 1, '', '' from accounts_user where role = 'USER';
"""
CASES = """
insert into accounts_kycapplication (id, customer_id, target_tier, state, revision, priority, first_name, middle_name,
    last_name, address, city, region, country, consent_version, consent_text, consented_at, asked_again, created_at,
    updated_at, submitted_at, expires_at, claimed_by_id, leased_until, recommended_by_id)
select uuidv7(), ('01900000-0000-7000-8000-' || lpad(to_hex(n + 20), 12, '0'))::uuid, 2 + n % 2,
    case when n % 10 = 0 then 'IN_REVIEW' else 'SUBMITTED' end, 1, (hashint4(n) & 1023) % 100, 'Ada', '', 'Obi',
    '1 Marina', 'Lagos', 'Lagos', 'NG', '1', 'x', now(), '[]', now(), now(),
    now() - make_interval(secs => {apart} * n), now(),
    case when n % 10 = 0 then ('01900000-0000-7000-8000-' || lpad(to_hex(1 + n % 19), 12, '0'))::uuid end,
    case when n % 10 = 0 then now() + interval '1 day' end,
    case when n % 7 = 0 then '01900000-0000-7000-8000-000000000001'::uuid end
from generate_series({first}, {last}) n;
"""
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Measure with few cases, then with many, in the same database, and return the figures."""
    with World(settings.DATA_DIR / "bench") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            return _measured(world, say, rounds, seconds)
        finally:
            valkey.remove()


def _measured(world: World, say: Say, rounds: int, seconds: int) -> list[report.Figure]:
    say(f"making {LARGE:,} customers …")
    manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
    _sql(world, PEOPLE.format(n=LARGE))
    found: dict[int, list[dict[str, float]]] = {}
    for size, first in ((SMALL, 1), (LARGE, SMALL + 1)):
        # However many there are, they came in over five days.
        _sql(world, CASES.format(first=first, last=size, apart=432_000 / size))
        found[size] = [_work(world, seconds) for _ in range(rounds)]
        say(
            f"  {size:,} open cases: "
            + ", ".join(f"{name} {value:.2f}" for name, value in found[size][-1].items())
        )
    few, many = found[SMALL], found[LARGE]
    figures = [
        report.figure(
            f"{words}, {LARGE:,} / {SMALL:,} open cases",
            "ms",
            [each[name] for each in many],
            [each[name] for each in few],
            1.5,
            at_least=False,
        )
        for name, words in (
            ("first", "first page of the queue"),
            ("later", "a page in the middle"),
            ("filtered", "a filtered page"),
            ("claim", "next case"),
        )
    ]
    queries = [each["queries"] for each in many]
    asked = report.figure(
        f"queries of a page, {LARGE:,} open cases / allowed",
        "",
        queries,
        [QUERIES] * rounds,
        1.0,
        at_least=False,
    )
    return [*figures, asked]


def _sql(world: World, statements: str) -> None:
    with world.superuser(DATABASE) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statements)
        connection.execute("vacuum analyze")


def _work(world: World, seconds: int) -> dict[str, float]:
    """What one process measures, by name, in milliseconds."""
    command = [sys.executable, "-m", "bench.kyc_work", str(seconds)]
    done = subprocess.run(
        command,
        env={**os.environ, **environment(world)},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}
