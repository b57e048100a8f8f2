"""Level payments of equal periods: payment, present and future value, number of payments, rate.

Pure, in Decimal. Rates are of one period, as a part of one (0.02 is 2 percent). What one receives is above zero, what
one pays below; all functions solve the same sum for one of its terms:
present × (1 + rate)^periods + payment × factor + future = 0. With `at_start` each payment is made at the start of its
period. Interest-free credit (rate 0) is like any other.
"""

from decimal import Decimal, localcontext

from credit.roots import PRECISION, nearest_root

ZERO = Decimal(0)


def payment(
    rate: Decimal, periods: int, present: Decimal, future: Decimal = ZERO, *, at_start: bool = False
) -> Decimal:
    """Return the level payment. Raises ValueError for no periods."""
    if periods < 1:
        raise ValueError("There is at least one period.")
    with localcontext(prec=PRECISION):
        grown, factor = _factors(rate, Decimal(periods), at_start)
        return -(present * grown + future) / factor


def present_value(
    rate: Decimal, periods: int, paid: Decimal, future: Decimal = ZERO, *, at_start: bool = False
) -> Decimal:
    """Return what level payments, and one at the end, are worth now."""
    with localcontext(prec=PRECISION):
        grown, factor = _factors(rate, Decimal(periods), at_start)
        return -(future + paid * factor) / grown


def future_value(
    rate: Decimal, periods: int, paid: Decimal, present: Decimal = ZERO, *, at_start: bool = False
) -> Decimal:
    """Return what is there after the last period."""
    with localcontext(prec=PRECISION):
        grown, factor = _factors(rate, Decimal(periods), at_start)
        return -(present * grown + paid * factor)


def interest_part(rate: Decimal, period: int, periods: int, present: Decimal) -> Decimal:
    """Return what of payment number `period`, made at its end, is interest. Raises ValueError for one there is not."""
    if not 1 <= period <= periods:
        raise ValueError("There is no such period.")
    with localcontext(prec=PRECISION):
        owed = future_value(rate, period - 1, payment(rate, periods, present), present)
        return owed * rate


def principal_part(rate: Decimal, period: int, periods: int, present: Decimal) -> Decimal:
    """Return what of payment number `period`, made at its end, is principal. Raises ValueError for one there is not."""
    with localcontext(prec=PRECISION):
        return payment(rate, periods, present) - interest_part(rate, period, periods, present)


def periods_needed(
    rate: Decimal, paid: Decimal, present: Decimal, future: Decimal = ZERO, *, at_start: bool = False
) -> Decimal:
    """Return after how many periods, whole and part, all is paid. Raises ValueError where it never is."""
    with localcontext(prec=PRECISION):
        if rate == 0:
            if paid == 0:
                raise ValueError("Nothing is ever paid.")
            return -(present + future) / paid
        level = paid * (1 + rate) / rate if at_start else paid / rate
        if present + level == 0 or (level - future) / (present + level) <= 0:
            raise ValueError("The payment never pays it back.")
        return ((level - future) / (present + level)).ln() / (1 + rate).ln()


def rate_of(periods: int, paid: Decimal, present: Decimal, future: Decimal = ZERO) -> Decimal:
    """Return the rate of one period, the nearest to zero. Raises NoRate where there is none."""

    def worth(rate: Decimal) -> Decimal:
        grown, factor = _factors(rate, Decimal(periods), at_start=False)
        return (present * grown + paid * factor + future) / grown

    return nearest_root(worth, above=Decimal(-1))


def _factors(rate: Decimal, periods: Decimal, at_start: bool) -> tuple[Decimal, Decimal]:
    """What one unit grows to, and what one unit paid each period comes to."""
    if rate == 0:
        return Decimal(1), periods
    grown = (1 + rate) ** periods
    factor = (grown - 1) / rate
    return grown, factor * (1 + rate) if at_start else factor
