"""What lenders lend, side by side for one amount and time: what each costs at most, and who could get it.

Nothing is asked of a credit bureau here, and nothing is written. Amounts are minor units (kobo), rates percent a year.
What we earn on a loan is never looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from credit.affordability import Affordability, Month, Verdict
from credit.matching import comparable
from credit.models import ProductTerms, Provider
from credit.pricing import Priced, fee_of, price
from credit.product_rules import ProductRules
from credit.schedule import schedule
from credit.terms_data import rules_of
from wallet.rhythm import MONTHLY
from wallet.services import Limits

NONE = Decimal(0)


class Bar(StrEnum):
    """Why somebody could not get it as they ask for it."""

    RHYTHM = "RHYTHM"  # it is not paid back month by month, which is how people ask
    AMOUNT = "AMOUNT"
    TERM = "TERM"
    TIER = "TIER"
    MONTH = "MONTH"


@dataclass(frozen=True)
class Listing:
    """A product beside the others. `most` is what it costs at its highest rate, `least` at its lowest.

    Neither is there where the product lends nothing of that amount and time.
    """

    terms: ProductTerms
    most: Priced | None
    least: Priced | None
    bars: tuple[Bar, ...]

    @property
    def provider(self) -> Provider:
        return self.terms.product.provider

    @property
    def payment(self) -> int:
        return highest_payment(self.most) if self.most else 0


def on_offer(on: date, *, provider_id: UUID | None = None) -> list[ProductTerms]:
    """Return the terms of a day of everything that is lent on it, in one query."""
    found = ProductTerms.objects.in_force(on).filter(
        product__is_open=True, product__provider__in=Provider.objects.lending(on)
    )
    if provider_id is not None:
        found = found.filter(product__provider=provider_id)
    return list(found.select_related("product__provider"))


def compare(
    offered: Sequence[ProductTerms],
    *,
    amount: int,
    count: int,
    on: date,
    limits: Limits | None = None,
    month: Month | None = None,
) -> list[Listing]:
    """Return what each would cost, and what bars somebody with these limits and such a month from it."""
    return [_listing(terms, amount, count, on, limits, month) for terms in offered]


class Order(StrEnum):
    APR = "apr"
    COST = "cost"
    MONTHLY = "monthly"


def ordered(listings: Sequence[Listing], order: Order) -> list[Listing]:
    """Return them with what can be had first, then by what was chosen, the cheapest first."""

    def key(one: Listing) -> tuple[object, ...]:
        if one.most is None:
            return (2, Decimal(0), 0, one.provider.display_name, one.terms.pk)
        apr, payable = comparable(one.most.cost.aprc), one.most.cost.payable
        chosen = {
            Order.APR: (apr, payable),
            Order.COST: (payable, apr),
            Order.MONTHLY: (one.payment, apr),
        }[order]
        return (1 if one.bars else 0, *chosen, one.provider.display_name, one.terms.pk)

    return sorted(listings, key=key)


def is_monthly(terms: ProductTerms) -> bool:
    rules = rules_of(terms.rules)
    return (rules.rhythm, rules.every) == (MONTHLY, 1)


def lends(terms: ProductTerms, amount: int, count: int) -> tuple[Bar, ...]:
    """Return what is outside of what a product lends, month by month."""
    bars = [] if is_monthly(terms) else [Bar.RHYTHM]
    if not terms.least <= amount <= terms.most:
        bars.append(Bar.AMOUNT)
    if not terms.shortest <= count <= terms.longest:
        bars.append(Bar.TERM)
    return tuple(bars)


def highest_payment(priced: Priced) -> int:
    """Return the largest instalment: what a month has to bring at most."""
    return max(row.payment for row in priced.rows)


def dearest_payment(offered: Sequence[ProductTerms], amount: int, count: int, on: date) -> int | None:
    """Return the largest instalment that any of these products could ask for it; None where nobody lends it."""
    payments = [
        _largest_row(rules_of(terms.rules), amount, count, terms.highest_rate, on)
        for terms in offered
        if not lends(terms, amount, count)
    ]
    return max((payment for payment in payments if payment is not None), default=None)


def price_of(terms: ProductTerms, *, amount: int, count: int, rate: Decimal, on: date) -> Priced | None:
    """Return what a product's loan comes to at a rate; None where that is no loan."""
    return priced(rules_of(terms.rules), amount, count, rate, on, terms.fee_percent, terms.fee_fixed)


@lru_cache(maxsize=2048)
def priced(
    rules: ProductRules, amount: int, count: int, rate: Decimal, on: date, percent: Decimal, fixed: int
) -> Priced | None:
    """As `pricing.price`, kept for whoever asks the same again; None where it cannot be lent so."""
    if fee_of(amount, percent=percent, fixed=fixed) >= amount:
        return None
    try:
        return price(
            rules, amount=amount, count=count, rate=rate, start=on, fee_percent=percent, fee_fixed=fixed
        )
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _largest_row(rules: ProductRules, amount: int, count: int, rate: Decimal, on: date) -> int | None:
    try:
        rows = schedule(rules.terms(amount=amount, rate=rate, count=count, start=on), [(on, amount)])
    except ValueError:
        return None
    return max(row.payment for row in rows)


def _listing(
    terms: ProductTerms, amount: int, count: int, on: date, limits: Limits | None, month: Month | None
) -> Listing:
    outside = lends(terms, amount, count)
    if outside:
        return Listing(terms, None, None, outside)
    most = price_of(terms, amount=amount, count=count, rate=terms.highest_rate, on=on)
    least = price_of(terms, amount=amount, count=count, rate=terms.lowest_rate, on=on)
    bars = []
    if limits is not None and limits.balance_cap is not None and amount > limits.balance_cap:
        bars.append(Bar.TIER)
    paid = Affordability(month, highest_payment(most)) if month and most else None
    if paid is not None and paid.verdict is not Verdict.FITS:
        bars.append(Bar.MONTH)
    return Listing(terms, most, least, tuple(bars))
