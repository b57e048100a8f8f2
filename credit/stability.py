"""Whether a scorecard still meets the people it was made for, and whether it foretells what happens. Pure.

The population stability index compares how two groups fall into the same bins: the sum over bins of
(a − e) × ln(a ÷ e), `e` the share of the bin in the reference, `a` its share now. Under 0.10 the population is held to
be the same, from 0.25 on to be another one. Source of both: N. Siddiqi, "Credit Risk Scorecards" (2006), chapter 8.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from enum import StrEnum

PRECISION = 34
WATCHED, SHIFTED = Decimal("0.10"), Decimal("0.25")
# An empty bin has no logarithm. It counts as half an observation, where the other group has any in it.
EMPTY_BIN = Decimal("0.5")
# With fewer, chance alone moves the index past 0.10: by chance it comes to (bins − 1) × (1/n + 1/m).
LEAST = 200
# How far, in standard deviations, bads may lie from what was expected before chance is no explanation (95 %).
WIDEST = Decimal("1.96")


class Shift(StrEnum):
    TOO_FEW = "TOO_FEW"
    STABLE = "STABLE"
    WATCHED = "WATCHED"
    SHIFTED = "SHIFTED"


def stability_index(reference: Sequence[int], now: Sequence[int]) -> Decimal | None:
    """Return the index of how many fell into each bin, in the same order; None where one of them is of nobody.

    Raises ValueError for bins that are not the same.
    """
    before, after = sum(reference), sum(now)
    if not before or not after:
        return None
    with localcontext(prec=PRECISION):
        total = Decimal(0)
        for was, many in zip(reference, now, strict=True):
            if was or many:
                expected, actual = (was or EMPTY_BIN) / Decimal(before), (many or EMPTY_BIN) / Decimal(after)
                total += (actual - expected) * (actual / expected).ln()
        return total


def shift_of(index: Decimal | None, *, reference: int, now: int) -> Shift:
    """Return what an index says of two groups of so many."""
    if index is None or min(reference, now) < LEAST:
        return Shift.TOO_FEW
    if index >= SHIFTED:
        return Shift.SHIFTED
    return Shift.WATCHED if index >= WATCHED else Shift.STABLE


def is_off(bads: int, *, expected: Decimal, variance: Decimal) -> bool:
    """Whether so many bads lie too far from the sum of their probabilities to be chance; by the normal approximation.

    `variance` is the sum of p × (1 − p).
    """
    with localcontext(prec=PRECISION):
        return variance > 0 and abs(bads - expected) > WIDEST * variance.sqrt()
