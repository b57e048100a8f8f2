"""The rate at which a sum comes to nothing. Pure, in Decimal, bracketed: what is returned is proven, or refused."""

from collections.abc import Callable
from decimal import Decimal, localcontext

PRECISION = 34
FIRST_STEP = Decimal("0.01")
WIDEST = 120  # steps outward; each is a tenth wider than the one before
MOST = 200
SMALL = Decimal(10) ** -24


class NoRate(ValueError):
    """No rate makes these amounts come to nothing."""


def nearest_root(function: Callable[[Decimal], Decimal], *, above: Decimal) -> Decimal:
    """Return the root of a continuous function that lies nearest to zero and above `above`.

    It looks outward from zero on both sides at once, so where there are several roots it is the nearest that is named.
    Raises NoRate.
    """
    with localcontext(prec=PRECISION):
        here = function(Decimal(0))
        if here == 0:
            return Decimal(0)
        low, high = _bracket(function, here, above)
        return _between(function, low, high)


def _bracket(
    function: Callable[[Decimal], Decimal], here: Decimal, above: Decimal
) -> tuple[Decimal, Decimal]:
    """Return two points on one side of zero between which the sign changes."""
    up, down = (Decimal(0), here), (Decimal(0), here)
    step = FIRST_STEP
    for _ in range(WIDEST):
        right = up[0] + step
        value = function(right)
        if value == 0 or (value > 0) != (here > 0):
            return up[0], right
        up = (right, value)
        # Below, the way is closed: half of what is left at most.
        left = max(down[0] - step, (down[0] + above) / 2)
        value = function(left)
        if value == 0 or (value > 0) != (here > 0):
            return left, down[0]
        down = (left, value)
        step *= Decimal("1.25")
    raise NoRate("No rate makes these amounts come to nothing.")


def _between(function: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """The Illinois form of false position: as fast as a secant, and never outside the bracket.

    Source: M. Dowell and P. Jarratt, "A modified regula falsi method", BIT 11 (1971).
    """
    at_low, at_high = function(low), function(high)
    if at_low == 0 or at_high == 0:
        return low if at_low == 0 else high
    side = 0
    for _ in range(MOST):
        found = (low * at_high - high * at_low) / (at_high - at_low)
        value = function(found)
        if value == 0 or abs(high - low) < SMALL:
            return found
        if (value > 0) == (at_high > 0):
            moved, high, at_high = high - found, found, value
            at_low = at_low / 2 if side == 1 else at_low
            side = 1
        else:
            moved, low, at_low = found - low, found, value
            at_high = at_high / 2 if side == -1 else at_high
            side = -1
        if abs(moved) < SMALL:
            return found
    raise NoRate("The rate could not be found exactly enough.")
