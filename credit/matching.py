"""Offers for an application: which are valid, and in what order they are shown. Pure, no database and no clock.

An offer is a point, not a range: one amount, one term, one rate, so there is one loan that it can become. What we earn
on it stands beside it and is never looked at here. The moment that something ends is itself too late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from uuid import UUID

# A rate is found by search: past these places its digits say nothing about which offer is cheaper.
RANKED_PLACES = Decimal("1e-10")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Offer:
    """Amounts are minor units (kobo), `term` counts instalments, rates are percent a year.

    `apr` is computed by us from the flows of the loan, never told by the provider. `our_fee` is what we would earn.
    `reserve` is what its provider sets aside for it; None where that is its amount.
    """

    id: UUID
    provider_id: UUID
    amount: int
    term: int
    rate: Decimal
    apr: Decimal
    total_payable: int
    made_at: datetime
    expires_at: datetime
    our_fee: int = 0
    reserve: int | None = None

    @property
    def sets_aside(self) -> int:
        return self.amount if self.reserve is None else self.reserve


def ranked(offers: Iterable[Offer]) -> list[Offer]:
    """Return offers as a borrower sees them: by APR, then total payable, then the earliest, then id."""
    return sorted(offers, key=lambda one: (comparable(one.apr), one.total_payable, one.made_at, one.id))


def comparable(apr: Decimal) -> Decimal:
    """Return an APR as it is compared with others: to ten places."""
    return apr.quantize(RANKED_PLACES, context=EXACT)


# Who may offer what


class Bar(StrEnum):
    """Why an offer may not be made, or not be accepted."""

    PROVIDER_INACTIVE = "PROVIDER_INACTIVE"
    NOT_LICENSED = "NOT_LICENSED"
    AMOUNT_OUTSIDE_PRODUCT = "AMOUNT_OUTSIDE_PRODUCT"
    TERM_OUTSIDE_PRODUCT = "TERM_OUTSIDE_PRODUCT"
    HEADROOM_SHORT = "HEADROOM_SHORT"
    RATE_ABOVE_CAP = "RATE_ABOVE_CAP"
    RATE_BELOW_ZERO = "RATE_BELOW_ZERO"
    RATE_BELOW_PRODUCT = "RATE_BELOW_PRODUCT"
    AMOUNT_ABOVE_ASKED = "AMOUNT_ABOVE_ASKED"
    TERM_NOT_ASKED = "TERM_NOT_ASKED"
    EXPIRED = "EXPIRED"
    OFFER_ALREADY_LIVE = "OFFER_ALREADY_LIVE"
    PAST_DEADLINE = "PAST_DEADLINE"
    NOT_POOLABLE = "NOT_POOLABLE"
    OWN_APPLICATION = "OWN_APPLICATION"


@dataclass(frozen=True)
class Lender:
    """A provider as it stands. `headroom` is what it may still promise, over all that its live offers reserve.

    `licensed_until` is the last day of its licence; None where it has none.
    """

    is_active: bool
    licensed_until: date | None
    headroom: int


@dataclass(frozen=True)
class Product:
    """What a provider lends: both ends of an amount and of a term are within it, and its lowest rate."""

    least: int
    most: int
    shortest: int
    longest: int
    lowest_rate: Decimal = Decimal(0)


@dataclass(frozen=True)
class Asked:
    """What an applicant asks for: an offer is for no more. With a `term`, as for a pool, it is for just that one."""

    most: int
    term: int | None = None


def bars_to_offer(
    offer: Offer,
    *,
    lender: Lender,
    product: Product,
    cap: Decimal,
    deadline: datetime,
    live: Sequence[Offer],
    at: datetime,
    on: date,
    replaces: UUID | None = None,
    asked: Asked | None = None,
) -> tuple[Bar, ...]:
    """Return everything that bars an offer from being made at `at`, a moment of the business day `on`.

    `live` are the provider's other offers for this application. One that has expired bars nothing, nor does the one
    that this offer `replaces`, whose reserve it may use.
    """
    current = [one for one in live if one.expires_at > at]
    freed = sum(one.sets_aside for one in current if one.id == replaces)
    tests = (
        *_standing(lender, on),
        (Bar.AMOUNT_OUTSIDE_PRODUCT, not product.least <= offer.amount <= product.most or offer.amount < 1),
        (Bar.TERM_OUTSIDE_PRODUCT, not product.shortest <= offer.term <= product.longest or offer.term < 1),
        (Bar.HEADROOM_SHORT, offer.sets_aside > lender.headroom + freed),
        (Bar.RATE_ABOVE_CAP, offer.rate > cap),
        (Bar.RATE_BELOW_ZERO, offer.rate < 0),
        (Bar.RATE_BELOW_PRODUCT, 0 <= offer.rate < product.lowest_rate),
        (Bar.AMOUNT_ABOVE_ASKED, asked is not None and offer.amount > asked.most),
        (Bar.TERM_NOT_ASKED, asked is not None and asked.term not in (None, offer.term)),
        (Bar.EXPIRED, offer.expires_at <= at),
        (Bar.OFFER_ALREADY_LIVE, any(one.id != replaces for one in current)),
        (Bar.PAST_DEADLINE, at >= deadline),
    )
    return tuple(bar for bar, holds in tests if holds)


def bars_to_accept(offer: Offer, *, lender: Lender, reserved: int, at: datetime, on: date) -> tuple[Bar, ...]:
    """Return everything that bars an offer from being accepted at `at`, though it was valid when it was made.

    `reserved` is what its provider still holds for it; a headroom below zero says that more is promised than is there.
    """
    tests = (
        *_standing(lender, on),
        (Bar.HEADROOM_SHORT, reserved < offer.sets_aside or lender.headroom < 0),
        (Bar.EXPIRED, offer.expires_at <= at),
    )
    return tuple(bar for bar, holds in tests if holds)


def _standing(lender: Lender, on: date) -> tuple[tuple[Bar, bool], ...]:
    licensed = lender.licensed_until is not None and lender.licensed_until >= on
    return (Bar.PROVIDER_INACTIVE, not lender.is_active), (Bar.NOT_LICENSED, not licensed)
