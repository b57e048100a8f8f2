"""How fast credit is: a day of loans closed, offers made by rule, and a schedule worked out with its yearly rate.

The reference of a schedule is a loop over the three formulas of a level loan (instalment, interest and principal of
each row) in floats, which knows neither days nor rounding nor a yearly rate. Both are measured in the time of the
processor, the best of many runs, since they are short.
"""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from bench import loans, matching, report
from credit.pricing import price
from credit.product_rules import ProductRules

AMOUNT, COUNT, RATE, START = 3_000_000_00, 360, Decimal("7.5"), date(2026, 1, 15)
TARGET = (
    65.0  # numpy-financial, which the project does not have, takes 2.6 times as long as the loop: 25 of these
)
TRIES = 40
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Work schedules out, then close days, then match."""
    return [
        _schedules(say, rounds),
        *loans.run(say, rounds=rounds, seconds=seconds),
        *matching.run(say, rounds=rounds, seconds=seconds),
    ]


def _schedules(say: Say, rounds: int) -> report.Figure:
    ours, floats = [], []
    for _round in range(rounds):
        ours.append(_best(_price))
        floats.append(_best(_in_floats))
        say(f"a schedule of {COUNT} {ours[-1]:.2f} ms, in floats {floats[-1]:.3f} ms")
    name = f"a schedule of {COUNT} with its yearly rate / the same table in floats"
    return report.figure(name, "ms", ours, floats, TARGET, at_least=False)


def _price() -> object:
    return price(ProductRules(), amount=AMOUNT, count=COUNT, rate=RATE, start=START)


def _in_floats() -> list[tuple[float, float, float]]:
    """Each row by the closed formulas, as pmt, ipmt and ppmt of a spreadsheet have them."""
    rate, present = float(RATE) / 1200, float(AMOUNT)
    grown = (1 + rate) ** COUNT
    payment = present * rate * grown / (grown - 1)
    rows = []
    for number in range(COUNT):
        grown = (1 + rate) ** number
        interest = (present * grown - payment * (grown - 1) / rate) * rate
        rows.append((payment, interest, payment - interest))
    return rows


def _best(work: Callable[[], object]) -> float:
    """Return the milliseconds of the processor that the fastest of many runs took."""
    took = []
    for _try in range(TRIES):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took) * 1000
