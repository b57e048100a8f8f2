"""An offer before it is written, and what bars it: for a lender who makes one, and for rules that make many."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from core.ids import uuid7
from credit.matching import Bar, bars_to_offer
from credit.models import Application, AutoRule, Bid, ProductTerms, Provider
from credit.notices import offers as notices
from credit.offering import (
    Figures,
    asked_of,
    binding,
    lender_of,
    offer_of,
    pools_well,
    product_of,
    terms_of_offer,
)
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State
from credit.terms_hash import terms_text

REASON = "loan"


def new_bid(
    *,
    bid_id: UUID,
    application: Application,
    provider: Provider,
    terms: ProductTerms,
    figures: Figures,
    conditions: Sequence[str],
    expires_at: datetime,
    at: datetime,
    by_id: UUID | None = None,
    rule: AutoRule | None = None,
    supersedes: Bid | None = None,
) -> Bid:
    """Return an offer with the terms that it binds to, in their one spelling; it is not written yet."""
    all_conditions = (*terms.conditions, *conditions)
    bound = terms_of_offer(
        offer_id=bid_id,
        application=application,
        provider_ids=(provider.pk,),
        figures=figures,
        rules=binding(terms),
        conditions=all_conditions,
        valid_until=expires_at,
    )
    return Bid(
        id=bid_id,
        application=application,
        provider=provider,
        product_terms=terms,
        rule=rule,
        supersedes=supersedes,
        amount=figures.amount,
        count=figures.count,
        rate=figures.rate,
        fees=figures.fees,
        received=figures.received,
        total_payable=figures.total_payable,
        apr=figures.apr,
        our_fee=figures.our_fee,
        our_tax=figures.our_tax,
        conditions=list(all_conditions),
        terms=(text := terms_text(bound)),
        sha256=sha256(text.encode()).hexdigest(),
        hold_id=uuid7(),
        made_by_id=by_id,
        made_at=at,
        expires_at=expires_at,
    )


def open_offers(application: Application, *, who: Actor, at: datetime) -> None:
    """With the first offer there is something to choose from: the applicant is told. Later ones change no state."""
    if application.state == State.LISTED:
        step(application, Event.OFFER, who=who, at=at, holding=[Guard.WITHIN_PROVIDER_LIMITS])
        notices.offered(application)


def bars_of(
    bid: Bid, own: Sequence[Bid], *, headroom: int, is_own: bool, at: datetime, on: date
) -> tuple[Bar, ...]:
    """Return everything that bars an offer that is not written yet; `own` are the lender's live ones beside it.

    `is_own`: the applicant belongs to the lender.
    """
    application, provider, terms = bid.application, bid.provider, bid.product_terms
    bars = bars_to_offer(
        offer_of(bid),
        lender=lender_of(provider, headroom),
        product=product_of(terms),
        cap=terms.highest_rate,
        deadline=application.deadline or at,
        live=[offer_of(one) for one in own],
        at=at,
        on=on,
        replaces=bid.supersedes_id,
        asked=asked_of(application),
    )
    if application.pools and not pools_well(terms):
        bars = (*bars, Bar.NOT_POOLABLE)
    return (*bars, Bar.OWN_APPLICATION) if is_own else bars
