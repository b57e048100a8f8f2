"""What credit really costs in a year: the annual percentage rate of charge (EU) and the annual percentage rate (US).

Pure, in Decimal. Rates are percent a year; amounts are of any one unit. Sources: Directive 2008/48/EC, Annex I, and the
Commission's guidelines SWD(2012) 128 for intervals of time; Regulation Z (12 CFR 1026), Appendix J. The two differ in a
part of a period: the EU compounds within it, Regulation Z takes simple interest.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import groupby
from math import lcm

from credit.roots import PRECISION, NoRate, nearest_root

WEEK = timedelta(days=7)
MONTHS_OF = {"month": 1, "year": 12}


@dataclass(frozen=True)
class Flow:
    """An amount after so many years: above zero what the borrower receives, below zero what they pay."""

    amount: Decimal
    years: Fraction


def aprc(flows: Iterable[Flow]) -> Decimal:
    """Return the annual percentage rate of charge of Annex I: the X at which all flows, discounted, come to nothing.

    Unrounded; `disclosed` rounds it. Where there are several, the nearest to zero. Raises NoRate where there is none.
    """
    flows = list(flows)
    # Whole numbers of one unit of time: they add up, sort and subtract faster than fractions, and as exactly.
    unit = lcm(*(flow.years.denominator for flow in flows))
    summed: dict[int, Decimal] = {}
    for flow in flows:
        at = flow.years.numerator * (unit // flow.years.denominator)
        summed[at] = summed.get(at, 0) + flow.amount
    days = sorted((at, amount) for at, amount in summed.items() if amount)
    _refuse_one_way([amount for _at, amount in days])
    runs = _runs(days)
    gaps = {gap for _amount, gap, _times in runs}
    with localcontext(prec=PRECISION):
        lengths = {gap: Decimal(gap) / unit for gap in gaps}

    def worth(force: Decimal) -> Decimal:
        """Discounted by the force of interest, ln(1 + X): then any X above -100 % is a plain number."""
        discounts = {gap: (-force * length).exp() for gap, length in lengths.items()}
        value = Decimal(0)
        for amount, gap, times in runs:
            discount = discounts[gap]
            if times == 1:
                value = (value + amount) * discount
            else:
                grown, sum_of_powers = _powers(discount, times)
                value = value * grown + amount * sum_of_powers
        return value

    with localcontext(prec=PRECISION):
        force = nearest_root(worth, above=Decimal(-50))
        return (force.exp() - 1) * 100


def _runs(days: Sequence[tuple[int, Decimal]]) -> list[tuple[Decimal, int, int]]:
    """Return amounts from the last to the first, the time back to the one before, and how often both repeat."""
    befores = [0, *(at for at, _amount in days)]
    steps = [(amount, at - before) for (at, amount), before in zip(days, befores, strict=False)]
    return [(amount, gap, len(list(same))) for (amount, gap), same in groupby(reversed(steps))]


def _powers(base: Decimal, times: int) -> tuple[Decimal, Decimal]:
    """Return the power of `base`, and the sum of its powers from the first to it, by doubling.

    Unlike the closed form it divides by nothing, so that it is as exact where the base is next to one.
    """
    power, total = Decimal(1), Decimal(0)
    for bit in f"{times:b}":
        power, total = power * power, total + total * power
        if bit == "1":
            power, total = power * base, (total + 1) * base
    return power, total


def disclosed(percent: Decimal, places: int = 1) -> Decimal:
    """Round a rate as it is shown: half up (Annex I, remark d)."""
    return percent.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def years_between(start: date, end: date, kind: str) -> tuple[int, int, int]:
    """Return whole periods (`year`, `month` or `week`), days left over, and the length of the year these are a part of.

    Whole periods are counted back from the end, and the days that are left are over the year that ends where they end:
    SWD(2012) 128, sections 4.1.1 and 4.1.2. No days are counted where whole periods fit.
    """
    whole, anchor = 0, end
    while (earlier := _back(end, whole + 1, kind)) >= start:
        whole, anchor = whole + 1, earlier
    return whole, (anchor - start).days, (anchor - _back(anchor, 1, "year")).days


def interval(start: date, end: date, kind: str) -> Fraction:
    """Return the years from `start` to `end` as the EU counts them; see `years_between`."""
    whole, days, length = years_between(start, end, kind)
    return Fraction(whole, {"year": 1, "month": 12, "week": 52}[kind]) + Fraction(days, length)


def _back(day: date, count: int, kind: str) -> date:
    if kind == "week":
        return day - count * WEEK
    months = day.year * 12 + day.month - 1 - count * MONTHS_OF[kind]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# Regulation Z


@dataclass(frozen=True)
class UnitFlow:
    """An amount after `full` whole unit-periods and the part `part` of one; above zero an advance, below a payment."""

    amount: Decimal
    full: int
    part: Fraction = Fraction(0)


def apr(flows: Sequence[UnitFlow], *, periods_a_year: Fraction) -> Decimal:
    """Return the annual percentage rate by the actuarial method, Appendix J (b)(8). Unrounded. Raises NoRate."""
    parts = [(flow.amount, flow.full, Decimal(flow.part.numerator) / flow.part.denominator) for flow in flows]
    _refuse_one_way([flow.amount for flow in flows])

    def worth(rate: Decimal) -> Decimal:
        return sum(
            (amount / ((1 + part * rate) * (1 + rate) ** full) for amount, full, part in parts), Decimal(0)
        )

    with localcontext(prec=PRECISION):
        rate = nearest_root(worth, above=Decimal(-1))
        return rate * Decimal(periods_a_year.numerator) / periods_a_year.denominator * 100


def unit_periods(start: date, end: date, *, months: int = 0, days: int = 0) -> tuple[int, int, int]:
    """Return whole unit-periods (of so many months, or of days), odd days, and the days they are a part of.

    Counted back from the end. What is left of a unit of months is whole months of 30 days each and actual days:
    Appendix J (b)(5).
    """
    if days:
        full, odd = divmod((end - start).days, days)
        return full, odd, days
    whole = 0
    while _back(end, whole + 1, "month") >= start:
        whole += 1
    full, left = divmod(whole, months)
    return full, left * 30 + (_back(end, whole, "month") - start).days, months * 30


def _refuse_one_way(amounts: Sequence[Decimal]) -> None:
    if not (any(amount > 0 for amount in amounts) and any(amount < 0 for amount in amounts)):
        raise NoRate("There is no rate where money goes one way only.")
