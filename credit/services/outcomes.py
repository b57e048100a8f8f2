"""What a lender learns of an offer: nothing of the others until bidding is over, then its own rank and a band."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

from core.actors import acting_as_service
from credit.matching import ranked
from credit.models import Application, Bid
from credit.offering import offer_of
from credit.refusals import BidNotFound
from credit.services.desks import Caller, provider_for
from credit.services.ending_bids import State
from credit.services.expiring import ON_MARKET

# Percentage points: wide enough that nobody reads another's rate from it.
BAND = Decimal(5)


@dataclass(frozen=True)
class Outcome:
    """`rank` among `among` offers that stood to the end, 1 the cheapest; None where this one did not stand so long.

    `band` holds the lowest and the highest yearly rate (percent) between which the cheapest chosen one lies; None where
    none was chosen.
    """

    rank: int | None
    among: int
    band: tuple[Decimal, Decimal] | None


def outcome_of(*, bid_id: UUID, by: Caller, at: datetime) -> Outcome | None:
    """Return what became of a lender's own offer; None while bidding goes on. Raises BidNotFound."""
    with acting_as_service():
        bid = Bid.objects.select_related("application").filter(pk=bid_id).first()
        if bid is None:
            raise BidNotFound
        provider_for(by, bid.provider_id, manages=False)
        return outcomes([bid], at=at).get(bid.pk)


def outcomes(bids: list[Bid], *, at: datetime) -> dict[UUID, Outcome]:
    """Return the outcomes of offers whose bidding is over, in one query; their applications are with them."""
    over = {bid.application_id for bid in bids if is_over(bid.application, at)}
    stood: dict[UUID, list[Bid]] = {}
    ended = Bid.objects.filter(application__in=over, state__in=(State.LOST, State.ACCEPTED))
    for one in ended:
        stood.setdefault(one.application_id, []).append(one)
    return {
        bid.pk: _outcome(bid, stood.get(bid.application_id, [])) for bid in bids if bid.application_id in over
    }


def is_over(application: Application, at: datetime) -> bool:
    """Whether bidding is over. An application that is listed again is sealed again."""
    return application.state not in ON_MARKET or (
        application.deadline is not None and at >= application.deadline
    )


def band_of(apr: Decimal) -> tuple[Decimal, Decimal]:
    low = (apr / BAND).to_integral_value(ROUND_FLOOR) * BAND
    return low, low + BAND


def _outcome(bid: Bid, stood: list[Bid]) -> Outcome:
    order = [one.id for one in ranked(offer_of(one) for one in stood)]
    chosen = [one.apr for one in stood if one.state == State.ACCEPTED]
    return Outcome(
        rank=order.index(bid.pk) + 1 if bid.pk in order else None,
        among=len(order),
        band=band_of(min(chosen)) if chosen else None,
    )
