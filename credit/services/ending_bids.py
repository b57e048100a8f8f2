"""Offers end: taken back, replaced, expired or not chosen. What each had set aside is its lender's again."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from accounts import audit
from credit import events
from credit.models import Application, Bid
from wallet import services as wallet
from wallet.refusals import HoldNotOpen

State = Bid.State


def lock_live(application: Application) -> list[Bid]:
    """Lock the live offers for an application, by id, expired ones too. The caller has the application's lock."""
    bids = Bid.objects.filter(application=application, state=State.LIVE)
    locked = bids.select_for_update(no_key=True, of=("self",)).select_related("provider", "product_terms")
    found = list(locked.order_by("pk"))
    for bid in found:
        bid.application = application
    return found


def end_bids(bids: Sequence[Bid], *, state: str, at: datetime) -> None:
    """End live offers that are locked, and give back what each set aside; the ledger may have done so already."""
    if not bids:
        return
    Bid.objects.filter(pk__in=[bid.pk for bid in bids]).update(state=state, ended_at=at)
    for bid in bids:
        bid.state, bid.ended_at = state, at
    for bid in by_account(bids):
        with suppress(HoldNotOpen):
            wallet.release_hold(hold_id=bid.hold_id)
    audit.record_each(
        action=f"credit.bid.{state.lower()}",
        targets=[(bid, {"application": str(bid.application_id)}) for bid in bids],
    )
    events.bids_changed(bids, state.lower())


def end_all(application: Application, *, at: datetime) -> list[Bid]:
    """End every live offer of an application that takes none any more; return those that stood till now.

    The caller has the application's lock.
    """
    live = lock_live(application)
    stood = [bid for bid in live if bid.expires_at > at]
    end_bids([bid for bid in live if bid.expires_at <= at], state=State.EXPIRED, at=at)
    end_bids(stood, state=State.LOST, at=at)
    return stood


def by_account(bids: Iterable[Bid]) -> list[Bid]:
    """In the order in which the ledger's accounts are locked."""
    return sorted(bids, key=lambda bid: (bid.provider.account_id, bid.pk))
