"""How long lenders' automatic offers take for many applications, against nothing but pricing the same offers.

A thousand applications and fifty lenders with a rule each, of which about a fifth fit. The reference works the very
same offers out, one after the other, and writes nothing: what is more is reading files, asking rules, setting money
aside in the ledger and writing each offer with its trail.
"""

import os
import subprocess
import sys
from collections.abc import Callable

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import World
from core.embedded import Valkey

APPLICATIONS = int(os.environ.get("ALAJO_BENCH_ROWS", "1000"))
LENDERS = 50
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Lay the market out anew for each round, price, and match."""
    priced, matched = [], []
    with World(settings.DATA_DIR / "bench") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
            for _round in range(rounds):
                made, queries, bare, took = _match(world)
                priced.append(bare)
                matched.append(took)
                say(f"{made:,} offers in {took:.1f} s and {queries} queries; pricing them alone {bare:.1f} s")
        finally:
            valkey.remove()
    name = f"automatic offers: {APPLICATIONS:,} applications, {LENDERS} lenders / pricing alone"
    return [report.figure(name, "s", matched, priced, 3.0, at_least=False)]


def _match(world: World) -> tuple[int, int, float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.matching_work", str(APPLICATIONS), str(LENDERS)],
        env=environment(world),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    made, queries, bare, took = done.stdout.split()
    return int(made), int(queries), float(bare), float(took)
