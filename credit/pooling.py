"""One loan from several providers: who lends how much of it, and what each is paid out of what the borrower pays.

Pure, in whole minor units (kobo): every division adds up to what was divided. The cheapest offers are filled first. The
borrower pays one schedule, at the blended rate; each share earns its own. A part is rounded down, and what is left over
goes to the largest, then to the lowest id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from uuid import UUID

from credit.matching import Offer, comparable

RATE_PLACES = Decimal("1e-10")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Share:
    """How much of a loan one offer carries, at its own rate, in percent a year."""

    offer_id: UUID
    amount: int
    rate: Decimal


@dataclass(frozen=True)
class Pool:
    """The shares that fill an application, the cheapest first, and by how much they are short of what is asked.

    Where they are, whoever asked may take the part that is there, or let it lapse.
    """

    asked: int
    shares: tuple[Share, ...]

    @property
    def funded(self) -> int:
        return sum(share.amount for share in self.shares)

    @property
    def short_by(self) -> int:
        return self.asked - self.funded

    @property
    def is_full(self) -> bool:
        return self.short_by == 0

    @property
    def rate(self) -> Decimal:
        """The blended rate that the borrower's schedule runs at, to ten places. Raises ValueError for an empty pool."""
        if not self.shares:
            raise ValueError("a pool that holds nothing has no rate")
        earned = sum((share.amount * Fraction(share.rate) for share in self.shares), Fraction(0))
        blended = earned / self.funded
        return EXACT.divide(Decimal(blended.numerator), Decimal(blended.denominator)).quantize(
            RATE_PLACES, context=EXACT
        )


def pool(asked: int, offers: Iterable[Offer]) -> Pool:
    """Fill what is asked from offers: the lowest APR first, then the earliest, then the lowest id.

    The last may give a part. Raises ValueError where nothing is asked, an offer is there twice, or their terms differ:
    there is one schedule.
    """
    queue = sorted(offers, key=lambda one: (comparable(one.apr), one.made_at, one.id))
    if asked < 1 or any(one.amount < 1 for one in queue):
        raise ValueError("what is asked and what is offered are above zero")
    if len({one.id for one in queue}) < len(queue) or len({one.term for one in queue}) > 1:
        raise ValueError("each offer is there once, and all have the same term")
    shares, left = [], asked
    for one in queue:
        if taken := min(one.amount, left):
            shares.append(Share(one.id, taken, one.rate))
            left -= taken
    return Pool(asked, tuple(shares))


# What the borrower pays, paid out


@dataclass(frozen=True)
class Holding:
    """A share of a running loan: what it was, how much of it is still to come back, and the rate that it earns."""

    id: UUID
    amount: int
    owed: int
    rate: Decimal


@dataclass(frozen=True)
class Payout:
    id: UUID
    principal: int
    interest: int
    charges: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.charges


def pay_out(
    holdings: Sequence[Holding], *, principal: int, interest: int, charges: int = 0
) -> tuple[Payout, ...]:
    """Divide a payment among the shares, in their order; each part of it adds up.

    Principal goes by what each is still owed, so that each gets back exactly what it lent; interest by what each earns
    on that; charges by the shares. Raises ValueError for an amount below zero, or principal above all that is owed.
    """
    _refuse_wrong(holdings)
    returned = give_back(principal, {one.id: one.owed for one in holdings})
    earned = divide(interest, _earning(holdings))
    charged = divide(charges, {one.id: Fraction(one.amount) for one in holdings})
    return tuple(Payout(one.id, returned[one.id], earned[one.id], charged[one.id]) for one in holdings)


def divide(amount: int, weights: Mapping[UUID, Fraction]) -> dict[UUID, int]:
    """Divide an amount by weights: each part rounded down, what is left to the largest weight, then the lowest id.

    Raises ValueError for an amount or a weight below zero, and where no weight is above it.
    """
    total = sum(weights.values())
    if amount < 0 or total <= 0 or min(weights.values()) < 0:
        raise ValueError("the amount and the weights are zero or more, and one weight is above zero")
    parts = {key: int(amount * weight / total) for key, weight in weights.items()}
    parts[_largest(weights)] += amount - sum(parts.values())
    return parts


def give_back(amount: int, owed: Mapping[UUID, int]) -> dict[UUID, int]:
    """Divide what comes back by what each is owed, as `divide` does, and give nobody more than that.

    Where what is left over is more than the largest is owed, the next largest has the rest. Raises ValueError for an
    amount below zero or above all that is owed.
    """
    total = sum(owed.values())
    if not 0 <= amount <= total or any(one < 0 for one in owed.values()):
        raise ValueError("what comes back is zero or more, and no more than is owed")
    if total == 0:
        return dict.fromkeys(owed, 0)
    parts = {key: amount * one // total for key, one in owed.items()}
    left = amount - sum(parts.values())
    for key in sorted(owed, key=lambda key: (-owed[key], key)):
        more = min(left, owed[key] - parts[key])
        parts[key] += more
        left -= more
    return parts


def _earning(holdings: Sequence[Holding]) -> dict[UUID, Fraction]:
    """What each earns in a year on what it is owed. Interest that comes after the last principal goes by what was lent.

    Where nobody's rate is above zero, by that alone.
    """
    owed = {one.id: one.owed * Fraction(one.rate) for one in holdings}
    lent = {one.id: one.amount * Fraction(one.rate) for one in holdings}
    for weights in (owed, lent):
        if any(weights.values()):
            return weights
    return {one.id: Fraction(one.amount) for one in holdings}


def _largest(weights: Mapping[UUID, Fraction]) -> UUID:
    return min(weights, key=lambda key: (-weights[key], key))


def _refuse_wrong(holdings: Sequence[Holding]) -> None:
    if not holdings or len({one.id for one in holdings}) < len(holdings):
        raise ValueError("each share is there once, and there is one at least")
    if any(one.amount < 1 or not 0 <= one.owed <= one.amount or one.rate < 0 for one in holdings):
        raise ValueError("a share is above zero, owed no more than it lent, at a rate of zero or more")
