"""What somebody can carry a month, from what they say comes in and goes out. Pure; amounts are minor units (kobo).

An instalment fits while it leaves something over, and all instalments together take no more than a third of what
comes in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

# All loans together take at most one part in so many of what comes in.
PART_OF_INCOME = 3
STEP = 1_000_00


class Verdict(StrEnum):
    FITS = "FITS"
    TIGHT = "TIGHT"  # it can be paid, and takes more than a third of what comes in
    TOO_MUCH = "TOO_MUCH"  # more goes out than comes in


@dataclass(frozen=True)
class Month:
    """A month as somebody says it is: what comes in, what they spend, what they pay on other loans."""

    income: int
    expenses: int
    debts: int

    @property
    def left(self) -> int:
        """What is left before a new instalment; below zero where too little comes in already."""
        return self.income - self.expenses - self.debts

    @property
    def carries(self) -> int:
        """The largest new instalment that fits."""
        return max(min(self.left, self.income // PART_OF_INCOME - self.debts), 0)


@dataclass(frozen=True)
class Affordability:
    """`left` is what a month leaves with the instalment paid. `pays` is percent of income that goes to all loans."""

    month: Month
    payment: int

    @property
    def left(self) -> int:
        return self.month.left - self.payment

    @property
    def pays(self) -> Decimal | None:
        if not self.month.income:
            return None
        share = Decimal(self.month.debts + self.payment) * 100 / self.month.income
        return share.quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def verdict(self) -> Verdict:
        if self.left < 0:
            return Verdict.TOO_MUCH
        return Verdict.FITS if self.payment <= self.month.carries else Verdict.TIGHT


@dataclass(frozen=True)
class Help:
    """What would make it fit: a smaller loan over the same time, or the same loan over a longer one. None: neither."""

    amount: int | None
    count: int | None


def what_would_help(
    month: Month, *, amount: int, count: int, longest: int, payment: Callable[[int, int], int | None]
) -> Help:
    """Find the nearest loans that fit. `payment` says the largest instalment of an amount and a number of them.

    It answers None for what nobody lends. Larger loans are taken to cost more a month, longer ones less.
    """

    def fits(amount: int, count: int) -> bool:
        due = payment(amount, count)
        return due is not None and due <= month.carries

    if not month.carries:
        return Help(None, None)
    steps = _last(lambda many: fits(many * STEP, count), most=(amount - 1) // STEP)
    longer = next((more for more in range(count + 1, longest + 1) if fits(amount, more)), None)
    return Help(steps * STEP if steps else None, longer)


def _last(holds: Callable[[int], bool], *, most: int) -> int:
    """The largest whole number up to `most` for which something holds that holds for all smaller ones; else 0."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
