"""The market as a lender's programs see it, and the lender's own offers."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from credit.api import lender_examples as examples
from credit.api.bid_serializers import (
    LendingApplicationFilter,
    LendingApplicationSerializer,
    LendingBidFilter,
    LendingBidInput,
    LendingBidSerializer,
    LendingFileSerializer,
)
from credit.api.lender_base import LenderFilter, LenderView
from credit.api.scopes import BIDS_READ
from credit.events import APPLICATION, BID
from credit.models import Application, Bid
from credit.released import FIELDS
from credit.services import bidding, looking, outcomes
from credit.services.bidding import Wish
from credit.services.locking import database_now
from credit.services.looking import Listing
from wallet.refusals import CurrencyMismatch


class MarketView(LenderView):
    reads = BIDS_READ


class ApplicationList(MarketView, ListAPIView[Application]):
    serializer_class = LendingApplicationSerializer
    filter_serializer = LendingApplicationFilter
    pagination_class = CursorPagination
    cursor_prefix = APPLICATION
    also_answers = (404, 409)

    queryset = Application.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[Application]:
        self.provider, self.at = self.lender(), database_now()
        return looking.market_of(
            provider_id=self.provider.pk, by=self.caller(), at=self.at, most=self.filters().get("most")
        )

    def paginate_queryset(self, queryset: QuerySet[Application]) -> list[Any]:  # type: ignore[override]
        page = super().paginate_queryset(queryset)
        found = looking.listings(page, provider_id=self.provider.pk, at=self.at)
        return [listed(each) for each in found]

    @extend_schema(
        operation_id="list_lending_applications",
        summary="List applications that take offers",
        parameters=[LendingApplicationFilter],
        examples=[example(examples.APPLICATION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Applications that are open to lenders, newest first, each with your open offer for it."""
        return self.list(request)


class ApplicationDetail(MarketView):
    serializer_class = LendingFileSerializer
    key_prefix = APPLICATION
    also_answers = (409,)

    @extend_schema(
        operation_id="get_lending_application",
        summary="Open an application's file",
        parameters=[LenderFilter],
        examples=[example(examples.FILE)],
    )
    def get(self, request: Request, id: str) -> Response:
        """What its applicant released of an application. That you looked is written down."""
        look = looking.look(
            application_id=self.key(), provider_id=self.lender().pk, by=self.caller(), at=database_now()
        )
        told = dict.fromkeys(field.name for field in FIELDS) | look.file
        told |= listed(Listing(look.application, look.own))
        told |= {"released": [*look.file], "watermark": look.watermark}
        return Response(self.serializer_class(told).data)


class BidList(MarketView, ListAPIView[Bid]):
    serializer_class = LendingBidSerializer
    filter_serializer = LendingBidFilter
    pagination_class = CursorPagination
    cursor_prefix = BID
    rate_policies = (MONEY,)
    idempotent = True

    queryset = Bid.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[Bid]:
        asked = {name: value for name, value in self.filters().items() if name != "lender"}
        return bids_of(self.lender().pk).filter(**asked)

    def paginate_queryset(self, queryset: QuerySet[Bid]) -> list[Bid]:  # type: ignore[override]
        return with_outcomes(super().paginate_queryset(queryset))

    @extend_schema(
        operation_id="list_lending_bids",
        summary="List your offers",
        parameters=[LendingBidFilter],
        examples=[example(examples.BID)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your own offers, newest first. Once bidding is over, each tells how it stood."""
        return self.list(request)

    @extend_schema(
        operation_id="create_lending_bid",
        summary="Make an offer",
        request=LendingBidInput,
        responses={201: LendingBidSerializer},
        examples=[example(examples.BID_INPUT, request=True), example(examples.BID)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Offer for an application, or replace your open offer (`replaces`). What it takes is set aside at once.

        A refusal with the code `credit_offer_barred` names in `data.bars` everything that bars the offer.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(LendingBidInput)
        return idempotency.once(request, lambda bid_id: self._make(order, bid_id))

    def _make(self, order: dict[str, Any], bid_id: UUID) -> Response:
        provider = self.lender(order.get("lender"))
        application_id = order["application"]
        _check_currency(application_id, order["currency"])
        wish = Wish(
            product_id=order["product"],
            amount=order["amount"],
            count=order["count"],
            rate=order["rate"],
            expires_at=order["expires_at"],
            conditions=tuple(order["conditions"]),
        )
        bidding.make_bid(
            bid_id=bid_id,
            application_id=application_id,
            provider_id=provider.pk,
            by=self.caller(),
            wish=wish,
            at=database_now(),
            replaces=order.get("replaces"),
        )
        return Response(self.serializer_class(bid_of(provider.pk, bid_id)).data, status=201)


class BidDetail(MarketView):
    serializer_class = LendingBidSerializer
    key_prefix = BID

    @extend_schema(
        operation_id="get_lending_bid",
        summary="Get an offer",
        parameters=[LenderFilter],
        examples=[example(examples.BID)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your offers, and how it stood once bidding is over."""
        return Response(self.serializer_class(bid_of(self.lender().pk, self.key())).data)


class BidWithdraw(MarketView):
    serializer_class = LendingBidSerializer
    key_prefix = BID
    # Nothing is promised by it, and no money moves.
    proven = ()

    @extend_schema(
        operation_id="withdraw_lending_bid",
        summary="Take an offer back",
        request=None,
        examples=[example({**examples.BID, "state": "WITHDRAWN", "ended_at": examples.AT})],
    )
    def post(self, request: Request, id: str) -> Response:
        """Take an open offer back before the deadline. What it had set aside is free again; twice is once."""
        found = get_object_or_404(Bid.objects.visible_to(request.user), pk=self.key())
        bid = bidding.withdraw_bid(bid_id=found.pk, by=self.caller(), at=database_now())
        return Response(self.serializer_class(bid_of(bid.provider_id, bid.pk)).data)


def listed(found: Listing) -> dict[str, Any]:
    application = found.application
    return {
        "id": application.pk,
        "amount": application.amount,
        "count": application.count,
        "currency": application.currency_id,
        "purpose": application.purpose,
        "takes_parts": application.pools,
        "deadline": application.deadline,
        "own_bid": found.own.pk if found.own else None,
    }


def bids_of(provider_id: UUID) -> QuerySet[Bid]:
    """A lender's offers; reading them needs the service, since no lender sees a row of an application."""
    return Bid.objects.filter(provider=provider_id).select_related("application", "product_terms")


def bid_of(provider_id: UUID, bid_id: UUID) -> Bid:
    """Raises Http404, also for another lender's."""
    with acting_as_service():
        bid = bids_of(provider_id).filter(pk=bid_id).first()
    if bid is None:
        raise Http404
    return with_outcomes([bid])[0]


def with_outcomes(bids: list[Bid]) -> list[Bid]:
    with acting_as_service():
        found = outcomes.outcomes(bids, at=database_now())
    for bid in bids:
        bid.outcome = _outcome(found[bid.pk]) if bid.pk in found else None  # type: ignore[attr-defined]
    return bids


def _outcome(found: outcomes.Outcome) -> dict[str, Any]:
    low, high = found.band or (None, None)
    return {"rank": found.rank, "among": found.among, "chosen_apr_from": low, "chosen_apr_below": high}


def _check_currency(application_id: UUID, currency: str) -> None:
    """Raise CurrencyMismatch where an application is in another one; of one that is not there, the service says so."""
    with acting_as_service():
        asked = Application.objects.filter(pk=application_id).values_list("currency_id", flat=True).first()
    if asked is not None and asked != currency:
        raise CurrencyMismatch
