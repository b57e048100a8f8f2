"""The offers for an application, and accepting them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.ratelimit import MONEY
from core.api.schema import example
from credit.api import borrower_examples as examples
from credit.api.borrower import OfApplication
from credit.api.contract_serializers import (
    AcceptInput,
    LoanContractSerializer,
    LoanOffersSerializer,
    OfferFilter,
)
from credit.api.contracts import contract_shown
from credit.key_facts import shown
from credit.models import Application, Bid, Contract
from credit.offering import schedule_of
from credit.services.accepting import accept
from credit.services.locking import database_now
from credit.services.offered import lends, open_offers, reaching
from credit.states import State
from credit.terms_data import late_of, rules_of
from wallet.api.callers import caller

OPEN = (State.LISTED, State.OFFERED)
KEYS = {
    "total": lambda row: row["bid"].total_payable,
    "instalment": lambda row: row["instalment"],
    "ends": lambda row: row["bid"].expires_at,
}


class Offers(OfApplication):
    serializer_class = LoanOffersSerializer
    filter_serializer = OfferFilter

    @extend_schema(
        operation_id="list_loan_offers",
        summary="List the offers for an application",
        parameters=[OfferFilter],
        examples=[example(examples.OFFERS)],
    )
    def get(self, request: Request, id: str) -> Response:
        """Every open offer, the lowest yearly cost first unless you ask otherwise. What we earn plays no part."""
        sort = self.filters()["sort"]
        return Response(LoanOffersSerializer(_offers(self.application(), sort, database_now())).data)


class Accept(OfApplication):
    serializer_class = LoanContractSerializer
    rate_policies = (MONEY,)
    idempotent = True
    proven = ("POST",)

    @extend_schema(
        operation_id="accept_loan_offers",
        summary="Accept offers",
        request=AcceptInput,
        responses={201: LoanContractSerializer},
        examples=[example(examples.ACCEPT_INPUT, request=True), example(examples.CONTRACT)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Accept one offer, or for a pool several. The others end; nothing is owed before both sides sign.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, found = self.body(AcceptInput), self.application()
        return idempotency.once(request, lambda key: self._accept(found.pk, order, key))

    def _accept(self, application_id: UUID, order: dict[str, Any], key: UUID) -> Response:
        made = accept(
            application_id=application_id,
            bid_ids=order["offers"],
            user=caller(self.request),
            at=database_now(),
            key=key,
            takes_part=order["takes_part"],
        )
        return Response(contract_shown(made), status=201)


def _offers(application: Application, sort: str, at: datetime) -> dict[str, Any]:
    rows = [_row(bid, at) for bid in open_offers(application, at=at)]
    suggested = []
    if application.pools:
        suggested = reaching(application, [row["bid"] for row in rows if row["can_be_accepted"]])
    going_on = Contract.objects.filter(application=application, ended_at=None)
    is_open = application.state in OPEN and application.deadline is not None and at < application.deadline
    return {
        "application": application.pk,
        "is_open": is_open,
        "deadline": application.deadline,
        "contract": going_on.values_list("pk", flat=True).first(),
        "suggested": [bid.pk for bid in suggested],
        # Those that are alike stay in the order of their yearly cost.
        "offers": sorted(rows, key=KEYS[sort]) if sort in KEYS else rows,
    }


def _row(bid: Bid, at: datetime) -> dict[str, Any]:
    payments = [row.payment for row in schedule_of(bid).rows]
    terms = bid.product_terms
    return {
        "bid": bid,
        "apr": shown(bid.apr),
        "instalment": max(payments),
        "is_level": len(set(payments[:-1])) <= 1,
        "method": rules_of(terms.rules).method,
        "late_charge": late_of(terms.late),
        "can_be_accepted": lends(bid.provider, timezone.localdate(at)),
    }
