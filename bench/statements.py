"""A statement of 10,000 lines: made, drawn and written, against reading the same rows in one query and nothing else.

The PDF has a limit of its own, two seconds. What CSV holds in memory is measured against a statement of half the
lines: it must not grow with them.
"""

import json
import subprocess
import sys
from collections.abc import Callable

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import PEOPLE, World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

LINES, FEWER = 10_000, 5_000
PEOPLE_COUNT = 100
PDF_SECONDS = 2.0
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world and measure in rounds; each is one statement, however many `seconds` that takes."""
    with World(settings.DATA_DIR / "bench-statements") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            say("making the books …")
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            with world.superuser(DATABASE) as connection:
                connection.execute(PEOPLE.format(n=PEOPLE_COUNT))
            _work(world, "fill")
            with world.superuser(DATABASE) as connection:
                connection.execute("vacuum analyze")
            found = []
            for number in range(1, rounds + 1):
                found.append(_work(world, "measure"))
                say(f"round {number} of {rounds}: " + ", ".join(f"{k} {v:.3f}" for k, v in found[-1].items()))
            manage(world, "verify_ledger")
            say("  the books and the statements are right")
        finally:
            valkey.remove()
    bare = [one["bare"] for one in found]

    def against_bare(what: str, name: str) -> report.Figure:
        return report.figure(name, "s", [one[what] for one in found], bare, None)

    return [
        report.figure(
            f"PDF of {LINES:,} lines / {PDF_SECONDS:g} s",
            "s",
            [one["pdf"] for one in found],
            [PDF_SECONDS] * len(found),
            1.0,
            at_least=False,
        ),
        against_bare("made", f"statement of {LINES:,} lines proven and made / bare query"),
        against_bare("pdf", f"PDF of {LINES:,} lines / bare query"),
        against_bare("csv", f"CSV of {LINES:,} lines / bare query"),
        against_bare("ofx", f"OFX of {LINES:,} lines / bare query"),
        report.figure(
            f"memory of a CSV of {LINES:,} lines / of {FEWER:,}",
            "MB",
            [one["held"] for one in found],
            [one["held_by_fewer"] for one in found],
            2.0,
            at_least=False,
        ),
    ]


def _work(world: World, what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.statement_work", what]
    done = subprocess.run(
        command, env=environment(world), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
