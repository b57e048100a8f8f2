"""Applications on the market and offers for them, made the way lenders and their rules make them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import uuid7
from credit.models import Application, Bid, Contract, ProductTerms
from credit.services.accepting import accept
from credit.services.bidding import Wish, make_bid
from credit.tests.world import DAY, application
from wallet.models import Account, Hold

TICK = timedelta(microseconds=1)


def listed(user: User, **changes: Any) -> Application:
    """An application on the market, shown to lenders."""
    return application(user, **changes)


def wish(terms: ProductTerms, asked: Application, **changes: Any) -> Wish:
    facts: dict[str, Any] = {
        "product_id": terms.product_id,
        "amount": asked.amount,
        "count": asked.count,
        "rate": Decimal(24),
        "expires_at": asked.made_at + 5 * DAY,
        **changes,
    }
    return Wish(**facts)


def offer(
    terms: ProductTerms,
    asked: Application,
    by: User,
    *,
    at: datetime | None = None,
    bid_id: UUID | None = None,
    replaces: UUID | None = None,
    **changes: Any,
) -> Bid:
    """A lender's offer through the service."""
    return make_bid(
        bid_id=bid_id or uuid7(),
        application_id=asked.pk,
        provider_id=terms.product.provider_id,
        by=by,
        wish=wish(terms, asked, **changes),
        at=at or timezone.now(),
        replaces=replaces,
    )


def accepted(asked: Application, bids: list[Bid], *, at: datetime | None = None, **changes: Any) -> Contract:
    facts: dict[str, Any] = {"key": uuid7(), "user": asked.user, **changes}
    return accept(application_id=asked.pk, bid_ids=[bid.pk for bid in bids], at=at or timezone.now(), **facts)


def state_of(bid: Bid) -> str:
    with acting_as_service():
        return Bid.objects.get(pk=bid.pk).state


def stage_of(asked: Application) -> str:
    with acting_as_service():
        return Application.objects.get(pk=asked.pk).state


def held(terms: ProductTerms) -> int:
    """What a lender has set aside, in minor units."""
    with acting_as_service():
        return Account.objects.get(pk=terms.product.provider.account_id).held


def open_holds(terms: ProductTerms) -> list[Hold]:
    with acting_as_service():
        return list(Hold.objects.open().filter(account=terms.product.provider.account_id))
