"""What knowing the caller costs: API requests by key and by token, `/auth/v1/user`, and reading past row security."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import PEOPLE, World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

OWNERS, ROWS = 1_000, 100_000
# The same rows twice: under row security, and open to whoever asks.
TABLES = f"""
create table bench_note (id uuid primary key, user_id uuid not null, body text not null);
create table bench_open_note (like bench_note including all);
insert into bench_note select uuidv7(), ('01900000-0000-7000-8000-' || lpad(to_hex(1 + n % {OWNERS}), 12, '0'))::uuid,
    'Note ' || n from generate_series(1, {ROWS}) n;
insert into bench_open_note select * from bench_note;
create index on bench_note (user_id);
create index on bench_open_note (user_id);
alter table bench_note enable row level security, force row level security;
create policy own on bench_note for select to authenticated using (user_id = (select auth.uid()));
grant select on bench_note, bench_open_note to authenticated;
"""
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world, measure in interleaved rounds, and return the figures."""
    with World(settings.DATA_DIR / "bench-auth") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            say(f"making {OWNERS:,} people and {ROWS:,} rows …")
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            with world.superuser(DATABASE) as connection:
                connection.execute(PEOPLE.format(n=OWNERS))
                connection.execute(TABLES)
                connection.execute("vacuum analyze")
            found = [_measured(world, say, number, rounds, seconds) for number in range(1, rounds + 1)]
        finally:
            valkey.remove()
    taken = {name: [one[name] for one in found] for name in found[0]}
    one = [1.0] * rounds
    figures = [
        ("API request by key / without authentication", "ms", "key", taken["open"], 1.6),
        ("API request by access token / without authentication", "ms", "token", taken["open"], 1.6),
        ("queries that a key adds to a request / 2", "queries", "key_queries", [2.0] * rounds, 1.0),
        ("queries that a token adds to a request / 2", "queries", "token_queries", [2.0] * rounds, 1.0),
        ("GET /auth/v1/user, queries / 1", "queries", "user_queries", one, 1.0),
        (f"own rows of {ROWS:,} by row security / by filter", "ms", "protected", taken["filtered"], 1.3),
    ]
    return [
        report.figure(name, unit, taken[key], references, target, at_least=False)
        for name, unit, key, references, target in figures
    ]


def _measured(world: World, say: Say, number: int, rounds: int, seconds: int) -> dict[str, float]:
    say(f"round {number} of {rounds}")
    variables = {name: text for name, text in environment(world).items() if name != "ALAJO_PROCESS_ROLE"}
    command = [sys.executable, "-m", "bench.auth_work", str(seconds)]
    done = subprocess.run(
        command, env=variables, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    say("  " + ", ".join(f"{name} {value:,.2f}" for name, value in found.items()))
    return found
