"""A lender offers for an application, changes its mind, or takes the offer back.

An offer is a point and never changes: another one replaces it. Its reserve is set aside on the lender's account for as
long as it is open, so what is offered is there. Deadlines go by the database's clock: `at` is that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from core.actors import OrganizationCaller, acting_as_service
from credit import events
from credit.matching import Bar
from credit.models import Application, Bid, ProductTerms, Provider
from credit.offering import Figures, figures_of
from credit.refusals import BidNotFound, BidOver, IdReused, NotPossible, OfferBarred
from credit.services.desks import Caller, commission_on, headroom_of, provider_for, terms_on_offer
from credit.services.ending_bids import State, end_bids, lock_live
from credit.services.locking import lock_application
from credit.services.market import refuse_off_market
from credit.services.new_bids import REASON, bars_of, new_bid, open_offers
from credit.states import Actor
from wallet import services as wallet
from wallet.refusals import InsufficientFunds

RATE_PLACES = Decimal("0.0001")
MOST_CONDITIONS, LONGEST_CONDITION = 10, 300


@dataclass(frozen=True)
class Wish:
    """What a lender offers: `amount` in minor units, `count` instalments, `rate` percent a year."""

    product_id: UUID
    amount: int
    count: int
    rate: Decimal
    expires_at: datetime
    conditions: tuple[str, ...] = ()


def make_bid(
    *,
    bid_id: UUID,
    application_id: UUID,
    provider_id: UUID,
    by: Caller,
    wish: Wish,
    at: datetime,
    replaces: UUID | None = None,
) -> Bid:
    """Offer for an application, and set aside what that takes; a repeat with the same content returns the first.

    `replaces` is the lender's own open offer for it, which this one then supersedes.

    Raises ProviderNotFound, RoleNotEnough, ApplicationNotFound, NotOnMarket, ProductNotFound, BidNotFound, NotPossible,
    IdReused; OfferBarred with everything that bars it.
    """
    with acting_as_service(), transaction.atomic():
        provider = provider_for(by, provider_id)
        application = lock_application(application_id)
        if (first := Bid.objects.filter(pk=bid_id).first()) is not None:
            return _same(first, provider, application, wish)
        on = timezone.localdate(at)
        refuse_off_market(application)
        terms = terms_on_offer(provider, wish.product_id, on)
        figures = _figures(provider, terms, wish, on)
        own = [bid for bid in lock_live(application) if bid.provider_id == provider.pk]
        replaced = next((bid for bid in own if bid.pk == replaces), None)
        if replaces is not None and replaced is None:
            raise BidNotFound
        bid = new_bid(
            bid_id=bid_id,
            application=application,
            provider=provider,
            terms=terms,
            figures=figures,
            conditions=wish.conditions,
            expires_at=wish.expires_at,
            at=at,
            by_id=None if isinstance(by, OrganizationCaller) else by.pk,
            supersedes=replaced,
        )
        bars = _bars(bid, own, at=at, on=on)
        if bars:
            raise OfferBarred(bars=[str(bar) for bar in bars])
        end_bids([one for one in own if one.expires_at <= at], state=State.EXPIRED, at=at)
        if replaced is not None and replaced.state == State.LIVE:
            end_bids([replaced], state=State.SUPERSEDED, at=at)
        bid.save(force_insert=True)
        _set_aside(bid)
        _note(bid)
        open_offers(application, who=Actor.PROVIDER, at=at)
    return bid


def work_out(*, provider_id: UUID, by: Caller, wish: Wish, at: datetime) -> Figures:
    """Return what an offer would come to; nothing is written. Raises as `make_bid`, but for what bars it."""
    with acting_as_service():
        provider = provider_for(by, provider_id)
        on = timezone.localdate(at)
        return _figures(provider, terms_on_offer(provider, wish.product_id, on), wish, on)


def withdraw_bid(*, bid_id: UUID, by: Caller, at: datetime) -> Bid:
    """Take an open offer back before the deadline; what it had set aside is free again. A repeat changes nothing.

    Raises BidNotFound, RoleNotEnough, BidOver, OfferBarred past the deadline.
    """
    with acting_as_service(), transaction.atomic():
        found = Bid.objects.filter(pk=bid_id).values_list("application_id", "provider_id").first()
        if found is None:
            raise BidNotFound
        provider_for(by, found[1])
        application = lock_application(found[0])
        live = {bid.pk: bid for bid in lock_live(application)}
        bid = live.get(bid_id) or Bid.objects.get(pk=bid_id)
        if bid.state == State.WITHDRAWN:
            return bid
        if bid.state != State.LIVE or bid.expires_at <= at:
            raise BidOver(state=str(State.EXPIRED if bid.state == State.LIVE else bid.state))
        if application.deadline is not None and at >= application.deadline:
            raise OfferBarred(bars=[str(Bar.PAST_DEADLINE)], bid=str(bid_id))
        end_bids([bid], state=State.WITHDRAWN, at=at)
    return bid


def _bars(bid: Bid, own: Sequence[Bid], *, at: datetime, on: date) -> tuple[Bar, ...]:
    mine = Membership.objects.filter(
        organization=bid.provider.organization_id, user=bid.application.user_id
    ).exists()
    headroom = headroom_of(bid.provider.account_id, at)
    return bars_of(bid, own, headroom=headroom, is_own=mine, at=at, on=on)


def _figures(provider: Provider, terms: ProductTerms, wish: Wish, on: date) -> Figures:
    if wish.rate != wish.rate.quantize(RATE_PLACES):
        raise NotPossible(why="A rate has four places at most.")
    if len(wish.conditions) > MOST_CONDITIONS or any(
        not 0 < len(one) <= LONGEST_CONDITION for one in wish.conditions
    ):
        raise NotPossible(why="There are ten conditions at most, of 300 letters each.")
    try:
        return figures_of(
            terms,
            amount=wish.amount,
            count=wish.count,
            rate=wish.rate,
            start=on,
            commission=commission_on(provider.pk, on),
        )
    except ValueError as error:
        raise NotPossible(why=str(error)) from error


def _set_aside(bid: Bid) -> None:
    """Raises OfferBarred where the money went elsewhere since the offer was looked at."""
    try:
        wallet.place_hold(
            hold_id=bid.hold_id,
            account_id=bid.provider.account_id,
            amount=bid.reserve,
            expires_at=bid.expires_at,
            reason=REASON,
            counted=0,
        )
    except InsufficientFunds as refusal:
        raise OfferBarred(bars=[str(Bar.HEADROOM_SHORT)]) from refusal


def _note(bid: Bid) -> None:
    audit.record(
        action="credit.bid.made",
        target=bid,
        application=str(bid.application_id),
        provider=str(bid.provider_id),
        amount=bid.amount,
        rate=str(bid.rate),
        sha256=bid.sha256,
    )
    events.bids_changed([bid], "made")


def _same(first: Bid, provider: Provider, application: Application, wish: Wish) -> Bid:
    asked = {
        "application": (first.application_id, application.pk),
        "provider": (first.provider_id, provider.pk),
        "amount": (first.amount, wish.amount),
        "count": (first.count, wish.count),
        "rate": (first.rate, wish.rate),
        "expires_at": (first.expires_at, wish.expires_at),
    }
    for field, (was, now) in asked.items():
        if was != now:
            raise IdReused(field=field)
    return first
