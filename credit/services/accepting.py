"""A borrower accepts an offer, or several for a pool: one transaction, of which exactly one can win.

The chosen offers become a contract with a share each; the others are lost, and what they set aside is free. What was
chosen stays set aside, without an end, until it is paid out or the contract ends.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from credit import events
from credit.agreed_times import sign_by
from credit.agreeing import Part, agreed_on, filled, part_of
from credit.matching import Bar, bars_to_accept
from credit.models import Application, Bid, Contract, Share
from credit.notices import offers as notices
from credit.offering import lender_of, offer_of
from credit.refusals import BidNotFound, BidOver, IdReused, OfferBarred
from credit.services.desks import headroom_of
from credit.services.ending_bids import State, by_account, end_bids, lock_live
from credit.services.locking import lock_application
from credit.services.new_bids import REASON
from credit.services.steps import step
from credit.states import Actor, Event, Guard, following
from wallet import services as wallet
from wallet.models import Hold
from wallet.refusals import HoldNotOpen, InsufficientFunds


class OneOfferOnly(DomainError):
    """Several offers were chosen for an application that does not pool, or more than a pool has room for."""

    code = "credit_one_offer_only"
    kind = "conflict"
    message = _("Choose one offer, or for a pool no more offers than it takes to reach what you asked for.")


class PartFunded(DomainError):
    """`data["short_by"]` is what is missing of what was asked, in minor units (kobo)."""

    code = "credit_part_funded"
    kind = "conflict"
    message = _("This is less than you asked for. Say that you take the part, or leave it.")
    public = ("short_by",)


def accept(
    *,
    application_id: UUID,
    bid_ids: Collection[UUID],
    user: User,
    at: datetime,
    key: UUID,
    takes_part: bool = False,
) -> Contract:
    """Accept offers and return the contract, whose id is `key`: a repeat with the same offers returns the first.

    `takes_part`: the borrower knows that it is less than was asked. `at` is the database's clock.

    Raises ApplicationNotFound, StateRefused where another acceptance was first, BidNotFound, BidOver, OneOfferOnly,
    PartFunded, IdReused; OfferBarred with everything that bars an offer.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id, user_id=user.pk)
        if (first := Contract.objects.filter(pk=key).first()) is not None:
            return _same(first, application, bid_ids)
        following(application.state, Event.ACCEPT, who=Actor.BORROWER, holding=[Guard.OFFER_UNEXPIRED])
        if application.deadline is None or at >= application.deadline:
            raise OfferBarred(bars=[str(Bar.PAST_DEADLINE)])
        live = lock_live(application)
        chosen = [_live(bid_id, application, live) for bid_id in dict.fromkeys(bid_ids)]
        for bid in chosen:
            _refuse_barred(bid, at)
        parts = parts_of(application, chosen, takes_part=takes_part)
        contract = _agree(key, application, parts, at)
        _set_aside(contract, parts, at)
        _lose(application, live, parts, at)
        application.sign_by = sign_by(at)
        application.save(update_fields=["sign_by"])
        step(
            application,
            Event.ACCEPT,
            who=Actor.BORROWER,
            at=at,
            holding=[Guard.OFFER_UNEXPIRED],
            bids=[str(part.bid.pk) for part in parts],
            sha256=contract.sha256,
        )
        notices.tell_lenders([part.bid for part in parts], "loan.offer_chosen")
    return contract


def _same(first: Contract, application: Application, bid_ids: Collection[UUID]) -> Contract:
    if first.application_id != application.pk:
        raise IdReused(field="application")
    if set(first.shares.values_list("bid_id", flat=True)) != set(bid_ids):
        raise IdReused(field="bids")
    return first


def _live(bid_id: UUID, application: Application, live: Sequence[Bid]) -> Bid:
    for bid in live:
        if bid.pk == bid_id:
            return bid
    gone = Bid.objects.filter(pk=bid_id, application=application).first()
    if gone is None:
        raise BidNotFound
    raise BidOver(state=gone.state)


def _refuse_barred(bid: Bid, at: datetime) -> None:
    """Look again: what was good when it was offered may not be now. Raises OfferBarred."""
    hold = Hold.objects.filter(pk=bid.hold_id, state=Hold.State.OPEN).first()
    bars = bars_to_accept(
        offer_of(bid),
        lender=lender_of(bid.provider, headroom_of(bid.provider.account_id, at)),
        reserved=hold.rest if hold is not None else 0,
        at=at,
        on=timezone.localdate(at),
    )
    if bars:
        raise OfferBarred(bars=[str(bar) for bar in bars], bid=str(bid.pk))


def parts_of(application: Application, chosen: Sequence[Bid], *, takes_part: bool) -> list[Part]:
    """Say how much of each offer is taken. Raises BidNotFound, OneOfferOnly, PartFunded."""
    if not chosen:
        raise BidNotFound
    if len(chosen) > 1 and not application.pools:
        raise OneOfferOnly
    found = filled(application, chosen)
    if len(found.shares) < len(chosen):
        raise OneOfferOnly
    if found.short_by and not takes_part:
        raise PartFunded(short_by=found.short_by)
    by_id = {bid.pk: bid for bid in chosen}
    return [part_of(by_id[share.offer_id], share.amount) for share in found.shares]


def _agree(key: UUID, application: Application, parts: Sequence[Part], at: datetime) -> Contract:
    """Write down what is signed, and who carries how much of it."""
    agreed = agreed_on(key, application, parts, start=timezone.localdate(at))
    figures = agreed.figures
    contract = Contract.objects.create(
        id=key,
        application=application,
        amount=figures.amount,
        count=figures.count,
        rate=figures.rate,
        fees=figures.fees,
        received=figures.received,
        total_payable=figures.total_payable,
        apr=figures.apr,
        cooling_off_days=agreed.rules["cooling_off_days"],
        rules=agreed.rules["schedule"],
        late=agreed.rules["late"],
        terms=agreed.terms,
        sha256=agreed.sha256,
        accepted_at=at,
    )
    Share.objects.bulk_create(
        Share(
            contract=contract,
            bid=part.bid,
            provider=part.bid.provider,
            amount=part.amount,
            rate=part.bid.rate,
            fees=part.fees,
            our_fee=part.our_fee,
            our_tax=part.our_tax,
            hold_id=uuid7(),
        )
        for part in parts
    )
    return contract


def _set_aside(contract: Contract, parts: Sequence[Part], at: datetime) -> None:
    """What was set aside for each offer is set aside for its share instead, until it is paid out or the contract ends.

    Raises OfferBarred where it ran out in this very moment.
    """
    holds = dict(contract.shares.values_list("bid_id", "hold_id"))
    by_bid = {part.bid.pk: part for part in parts}
    for bid in by_account(part.bid for part in parts):
        try:
            wallet.release_hold(hold_id=bid.hold_id)
            wallet.place_hold(
                hold_id=holds[bid.pk],
                account_id=bid.provider.account_id,
                amount=by_bid[bid.pk].reserve,
                expires_at=None,
                reason=REASON,
                counted=0,
            )
        except (HoldNotOpen, InsufficientFunds) as refusal:
            bar = Bar.EXPIRED if isinstance(refusal, HoldNotOpen) else Bar.HEADROOM_SHORT
            raise OfferBarred(bars=[str(bar)], bid=str(bid.pk)) from refusal


def _lose(application: Application, live: Sequence[Bid], parts: Sequence[Part], at: datetime) -> None:
    """The chosen are accepted; of the others, those that stood till now have lost."""
    chosen = [part.bid for part in parts]
    Bid.objects.filter(pk__in=[bid.pk for bid in chosen]).update(state=State.ACCEPTED, ended_at=at)
    for bid in chosen:
        bid.state, bid.ended_at = State.ACCEPTED, at
    audit.record_each(
        action="credit.bid.accepted",
        targets=[(part.bid, {"application": str(application.pk), "amount": part.amount}) for part in parts],
    )
    events.bids_changed(chosen, "accepted")
    others = [bid for bid in live if bid not in chosen]
    lost = [bid for bid in others if bid.expires_at > at]
    end_bids([bid for bid in others if bid.expires_at <= at], state=State.EXPIRED, at=at)
    end_bids(lost, state=State.LOST, at=at)
    notices.tell_lenders(lost, "loan.offer_not_chosen")
