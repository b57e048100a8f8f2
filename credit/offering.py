"""What an offer comes to and what it binds to, worked out from a product's terms. No queries, no clock.

Amounts are minor units (kobo), rates percent a year.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.approvals import canonical
from credit.drawdown import Drawdown
from credit.matching import Asked, Lender, Offer, Product
from credit.models import Application, Bid, Commission, ProductTerms, Provider
from credit.pricing import Priced, fee_of, price
from credit.product_rules import ProductRules
from credit.terms_data import rules_of
from credit.terms_hash import OfferTerms

FEE = "arrangement"
APR_PLACES = Decimal("1e-12")  # as a row keeps it
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Figures:
    """`our_fee` and `our_tax` are what the lender owes us; no borrower pays them, and no order looks at them."""

    amount: int
    count: int
    rate: Decimal
    fees: int
    received: int
    total_payable: int
    apr: Decimal
    our_fee: int
    our_tax: int

    @property
    def reserve(self) -> int:
        return self.received + self.our_fee + self.our_tax


def figures_of(
    terms: ProductTerms,
    *,
    amount: int,
    count: int,
    rate: Decimal,
    start: date,
    commission: Commission | None,
) -> Figures:
    """Work an offer out. Raises ValueError for what cannot be lent, NoRate where the fees eat up the loan."""
    found = _priced(
        canonical(terms.rules), amount, count, rate, start, terms.fee_percent, terms.fee_fixed
    ).cost
    our_fee, our_tax = commission_of(commission, amount)
    return Figures(
        amount=amount,
        count=count,
        rate=rate,
        fees=found.fees,
        received=found.received,
        total_payable=found.payable,
        apr=found.aprc.quantize(APR_PLACES, context=EXACT),
        our_fee=our_fee,
        our_tax=our_tax,
    )


def schedule_of(bid: Bid) -> Priced:
    """Return the schedule of an offer as it was priced, were it paid out on the day it was made."""
    terms = bid.product_terms
    start = timezone.localdate(bid.made_at)
    return _priced(
        canonical(terms.rules), bid.amount, bid.count, bid.rate, start, terms.fee_percent, terms.fee_fixed
    )


def commission_of(commission: Commission | None, amount: int) -> tuple[int, int]:
    """Return what a lender owes us of an amount, rounded down, and the tax on that, half up; nothing without one."""
    if commission is None:
        return 0, 0
    fee = fee_of(amount, percent=commission.percent, fixed=0)
    return fee, int((fee * commission.tax / 100).to_integral_value(ROUND_HALF_UP))


# Many lenders price the same wish, and a borrower's page the same offer again.
@lru_cache(maxsize=4096)
def _priced(
    rules: str, amount: int, count: int, rate: Decimal, start: date, fee_percent: Decimal, fee_fixed: int
) -> Priced:
    return price(
        _rules(rules),
        amount=amount,
        count=count,
        rate=rate,
        start=start,
        fee_percent=fee_percent,
        fee_fixed=fee_fixed,
    )


def forget_prices() -> None:
    """For whoever measures what pricing takes."""
    _priced.cache_clear()


@lru_cache(maxsize=512)
def _rules(text: str) -> ProductRules:
    return rules_of(json.loads(text))


def binding(terms: ProductTerms) -> dict[str, Any]:
    """Return the rules that an offer binds its sides to, by name: what its schedule is made from, and the rest."""
    return {
        "schedule": terms.rules,
        "late": terms.late,
        "cooling_off_days": terms.cooling_off_days,
        "product_terms": str(terms.pk),
    }


def terms_of_offer(
    *,
    offer_id: UUID,
    application: Application,
    provider_ids: tuple[UUID, ...],
    figures: Figures,
    rules: dict[str, Any],
    conditions: tuple[str, ...],
    valid_until: datetime,
) -> OfferTerms:
    return OfferTerms(
        offer_id=offer_id,
        application_id=application.pk,
        borrower_id=application.user_id,
        provider_ids=provider_ids,
        currency=application.currency_id,
        amount=figures.amount,
        term=figures.count,
        rate=figures.rate,
        apr=figures.apr,
        total_payable=figures.total_payable,
        fees={FEE: figures.fees} if figures.fees else {},
        rules=rules,
        conditions=conditions,
        valid_until=valid_until,
    )


# As the pure rules of matching see them


def offer_of(bid: Bid) -> Offer:
    return Offer(
        id=bid.pk,
        provider_id=bid.provider_id,
        amount=bid.amount,
        term=bid.count,
        rate=bid.rate,
        apr=bid.apr,
        total_payable=bid.total_payable,
        made_at=bid.made_at,
        expires_at=bid.expires_at,
        our_fee=bid.our_fee,
        reserve=bid.reserve,
    )


def product_of(terms: ProductTerms) -> Product:
    return Product(
        least=terms.least,
        most=terms.most,
        shortest=terms.shortest,
        longest=terms.longest,
        lowest_rate=terms.lowest_rate,
    )


def lender_of(provider: Provider, headroom: int) -> Lender:
    """`headroom` is what its account has available, in minor units."""
    return Lender(
        is_active=provider.state == Provider.State.ACTIVE,
        licensed_until=provider.licensed_until,
        headroom=headroom,
    )


def asked_of(application: Application) -> Asked:
    """A pool has one schedule, so each offer for it is for the term that was asked."""
    return Asked(most=application.amount or 0, term=application.count if application.pools else None)


def pools_well(terms: ProductTerms) -> bool:
    """Whether an offer may be a part of a pool: its one schedule is paid back in level monthly instalments."""
    rules = _rules(canonical(terms.rules))
    return replace(rules, drawdown=Drawdown()) == ProductRules()
