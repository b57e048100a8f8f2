"""What offers come to once they are chosen: one offer just as it was made, or a pool with one schedule. No queries.

Amounts are minor units (kobo), rates percent a year.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from credit.models import Application, Bid
from credit.offering import APR_PLACES, EXACT, Figures, binding, offer_of, terms_of_offer
from credit.pooling import Pool, pool
from credit.pooling import Share as Slice
from credit.pricing import price
from credit.product_rules import ProductRules
from credit.terms_data import late_of, rules_data, rules_of
from credit.terms_hash import terms_text


@dataclass(frozen=True)
class Part:
    """One lender's share to be; minor units."""

    bid: Bid
    amount: int
    fees: int
    our_fee: int
    our_tax: int

    @property
    def reserve(self) -> int:
        return self.amount - self.fees + self.our_fee + self.our_tax


@dataclass(frozen=True)
class Agreed:
    """What is signed: one offer's own terms, or a pool's, with one schedule at its blended rate."""

    figures: Figures
    rules: dict[str, Any]
    terms: str
    sha256: str


def filled(application: Application, bids: Sequence[Bid]) -> Pool:
    """Fill what is asked from these offers, the cheapest first."""
    return pool(application.amount or 0, [offer_of(bid) for bid in bids])


def part_of(bid: Bid, amount: int) -> Part:
    """Of an offer that is taken in part, its fees and what it owes us are that part, rounded down."""
    return Part(
        bid=bid,
        amount=amount,
        fees=bid.fees * amount // bid.amount,
        our_fee=bid.our_fee * amount // bid.amount,
        our_tax=bid.our_tax * amount // bid.amount,
    )


def agreed_on(key: UUID, application: Application, parts: Sequence[Part], *, start: date) -> Agreed:
    """Return what is signed. One offer that is taken whole keeps its own text; else `key` names what is new.

    Raises ValueError for what cannot be lent.
    """
    is_whole = len(parts) == 1 and parts[0].amount == parts[0].bid.amount
    return _one(parts[0].bid) if is_whole else _pooled(key, application, parts, start)


def _one(bid: Bid) -> Agreed:
    """One offer, just as it was made: its own terms, whatever its product's have become since."""
    figures = Figures(
        amount=bid.amount,
        count=bid.count,
        rate=bid.rate,
        fees=bid.fees,
        received=bid.received,
        total_payable=bid.total_payable,
        apr=bid.apr,
        our_fee=bid.our_fee,
        our_tax=bid.our_tax,
    )
    return Agreed(figures, binding(bid.product_terms), bid.terms, bid.sha256)


def _pooled(key: UUID, application: Application, parts: Sequence[Part], start: date) -> Agreed:
    """A pool: one schedule at the blended rate; late charge and cooling-off time are the borrower's best of all."""
    all_terms = [part.bid.product_terms for part in parts]
    figures = pool_figures(parts, count=parts[0].bid.count, start=start)
    rules = {
        "schedule": pool_schedule([terms.rules for terms in all_terms]),
        "late": min((terms.late for terms in all_terms), key=_harshness),
        "cooling_off_days": max(terms.cooling_off_days for terms in all_terms),
        "shares": {
            str(part.bid.provider_id): {
                "offer": str(part.bid.pk),
                "amount": part.amount,
                "rate": part.bid.rate,
                "fees": part.fees,
            }
            for part in parts
        },
    }
    bound = terms_of_offer(
        offer_id=key,
        application=application,
        provider_ids=tuple(part.bid.provider_id for part in parts),
        figures=figures,
        rules=rules,
        conditions=tuple(dict.fromkeys(one for part in parts for one in part.bid.conditions)),
        valid_until=min(part.bid.expires_at for part in parts),
    )
    text = terms_text(bound)
    return Agreed(figures, rules, text, sha256(text.encode()).hexdigest())


def pool_schedule(rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one schedule of a pool; it is paid out in parts where all of them agree in how."""
    if all(one == rules[0] for one in rules):
        return rules[0]
    return rules_data(ProductRules())


def pool_figures(parts: Sequence[Part], *, count: int, start: date) -> Figures:
    """Return what several shares come to as one loan."""
    amount, fees = sum(part.amount for part in parts), sum(part.fees for part in parts)
    rate = Pool(amount, tuple(Slice(part.bid.pk, part.amount, part.bid.rate) for part in parts)).rate
    rules = rules_of(parts[0].bid.product_terms.rules)
    found = price(rules, amount=amount, count=count, rate=rate, start=start, fee_fixed=fees).cost
    return Figures(
        amount=amount,
        count=count,
        rate=rate,
        fees=fees,
        received=found.received,
        total_payable=found.payable,
        apr=found.aprc.quantize(APR_PLACES, context=EXACT),
        our_fee=sum(part.our_fee for part in parts),
        our_tax=sum(part.our_tax for part in parts),
    )


def _harshness(late: dict[str, Any]) -> tuple[Decimal, Decimal, Decimal, int]:
    charge = late_of(late)
    most = Decimal("Infinity") if charge.most is None else Decimal(charge.most)
    return charge.percent, most, charge.cap, -charge.days_free
