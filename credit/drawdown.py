"""Paying a loan out in parts: how many, how large, until when, and what of each part every share carries. Pure.

Amounts are minor units (kobo). Fees, and what a lender owes us, go with what was paid out: of a part of the money the
same part of them, rounded down over all parts so far, so that all parts together carry exactly the whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID

from credit.pooling import give_back

MOST_PARTS = 12
MOST_DAYS = 365


@dataclass(frozen=True)
class Drawdown:
    """In how many parts at most a loan is paid out, and for how many days after it was signed one may be asked for.

    No part but the last is below `least` percent of the loan. One part is the whole, paid out at once.
    """

    parts: int = 1
    least: Decimal = Decimal(10)
    days: int = 90

    @property
    def is_whole(self) -> bool:
        return self.parts == 1

    def smallest(self, amount: int) -> int:
        """Return the smallest part of a loan of so much, while more than that is left."""
        return max(int((amount * self.least / 100).to_integral_value(ROUND_UP)), 1)

    def last_day(self, signed_on: date) -> date:
        """Return the last day on which a part may be asked for."""
        return signed_on + timedelta(days=self.days)


@dataclass(frozen=True)
class Slice:
    """What one share carries of a part that is paid out."""

    id: UUID
    amount: int
    fees: int
    our_fee: int
    our_tax: int

    @property
    def received(self) -> int:
        return self.amount - self.fees

    @property
    def reserve(self) -> int:
        """What is set aside for it: what the borrower receives, and what the lender owes us."""
        return self.received + self.our_fee + self.our_tax


@dataclass(frozen=True)
class Carried:
    """A share as it was agreed, and how much of it was paid out so far."""

    id: UUID
    amount: int
    fees: int
    our_fee: int
    our_tax: int
    drawn: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.drawn

    def slice(self, amount: int) -> Slice:
        """Return what comes with so much more of it."""
        after = self.drawn + amount
        fees, our_fee, our_tax = (
            whole * after // self.amount - whole * self.drawn // self.amount
            for whole in (self.fees, self.our_fee, self.our_tax)
        )
        return Slice(self.id, amount, fees, our_fee, our_tax)

    def after(self, part: Slice) -> Slice:
        """Return what is left once a part of it was paid out."""
        now = replace(self, drawn=self.drawn + part.amount)
        return now.slice(now.left)


def divide_part(amount: int, carried: Iterable[Carried]) -> list[Slice]:
    """Divide a part by what each share has left, in their order: rounded down, the rest to the largest, then the
    lowest id. Raises ValueError for a part above all that is left.
    """
    shares = list(carried)
    parts = give_back(amount, {one.id: one.left for one in shares})
    return [one.slice(parts[one.id]) for one in shares]
