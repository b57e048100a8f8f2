"""What is taken off an order: which promotions and coupons apply, how much each gives, and which go together. Pure.

Amounts are minor units, percents `Decimal`. Those that combine come one after the other, percents first, each on what
the ones before it left; one that does not combine stands alone. Whatever costs the buyer least is taken, and of the
same cost those that go together, then the one that was there first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from marketplace.pricing import share, spread


class Kind(TextChoices):
    PERCENT = "PERCENT", _("Percent")
    AMOUNT = "AMOUNT", _("An amount")


class Why(StrEnum):
    """Why one does not apply."""

    NOT_YET = "not_yet"
    OVER = "over"
    SPENT = "spent"
    USED = "used"
    TOO_LITTLE = "too_little"
    NOTHING_FOR_IT = "nothing_for_it"


class CouponRefused(DomainError):
    """`why` says what is in the way, `least` what an order must come to, in minor units, where that is it."""

    code = "coupon_refused"
    kind = "conflict"
    message = _("This coupon cannot be used for this order.")
    public = ("coupon", "why", "least")


@dataclass(frozen=True)
class Item:
    """A line of a cart: what it costs before reductions, and what a promotion may be for."""

    gross: int
    product: str
    seller: str
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Promotion:
    """`value` is percent or minor units; `most` caps what a percent gives; `only` names products, sellers, categories.

    A `seller`'s own is for their goods alone, whatever `only` names: it comes out of what they are left.

    `budget_left` is how much may still be given to anybody, `uses_left` how often this customer may still use it; None
    is without end. `is_combinable` says whether it goes together with others that are.
    """

    key: str
    kind: Kind
    value: Decimal
    since: datetime
    until: datetime | None = None
    most: int | None = None
    least: int = 0
    only: frozenset[str] = frozenset()
    seller: str | None = None
    budget_left: int | None = None
    uses_left: int | None = None
    is_combinable: bool = False

    def places(self, items: Sequence[Item]) -> list[int]:
        """Return which lines it is for."""
        return [
            place
            for place, item in enumerate(items)
            if self.seller in (None, item.seller)
            and (not self.only or self.only & {item.product, item.seller, *item.categories})
        ]

    def why_not(self, items: Sequence[Item], *, at: datetime) -> Why | None:
        """Return what keeps it from being used for these lines now; None where nothing does."""
        if at < self.since:
            return Why.NOT_YET
        if self.until is not None and at >= self.until:
            return Why.OVER
        if self.budget_left is not None and self.budget_left <= 0:
            return Why.SPENT
        if self.uses_left is not None and self.uses_left <= 0:
            return Why.USED
        here = [items[place].gross for place in self.places(items)]
        if not any(here):
            return Why.NOTHING_FOR_IT
        return Why.TOO_LITTLE if sum(here) < self.least else None

    def gives(self, left: int) -> int:
        """Return what it takes off lines that are still to be paid with `left`."""
        given = share(left, self.value) if self.kind is Kind.PERCENT else int(self.value)
        return max(min(given, left, *(cap for cap in (self.most, self.budget_left) if cap is not None)), 0)


def check_coupon(promotion: Promotion, items: Sequence[Item], *, at: datetime) -> None:
    """Raise CouponRefused, with the reason, where a coupon that a buyer typed cannot be used."""
    why = promotion.why_not(items, at=at)
    if why is not None:
        least = promotion.least if why is Why.TOO_LITTLE else None
        raise CouponRefused(coupon=promotion.key, why=str(why), least=least)


def reductions(
    promotions: Sequence[Promotion], items: Sequence[Item], *, at: datetime
) -> dict[str, tuple[int, list[int]]]:
    """Return what is taken off and off which lines, by promotion, in the order in which they come.

    It is what `pricing.price_order` takes.
    """
    usable = [one for one in promotions if one.why_not(items, at=at) is None]
    together = sorted((one for one in usable if one.is_combinable), key=lambda one: one.kind is Kind.AMOUNT)
    ways = [together, *([one] for one in usable if not one.is_combinable)]
    return max((_taken(way, items) for way in ways), key=_sum)


def _sum(taken: Mapping[str, tuple[int, list[int]]]) -> int:
    return sum(amount for amount, _places in taken.values())


def _taken(promotions: Sequence[Promotion], items: Sequence[Item]) -> dict[str, tuple[int, list[int]]]:
    left = [item.gross for item in items]
    found = {}
    for one in promotions:
        places = one.places(items)
        parts = spread(one.gives(sum(left[place] for place in places)), [left[place] for place in places])
        for place, part in zip(places, parts, strict=True):
            left[place] -= part
        if any(parts):
            found[one.key] = (sum(parts), places)
    return found
