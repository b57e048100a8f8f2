"""Asking for money over the API, and answering who asks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.organizations.views import person
from accounts.api.permissions import StepUp
from core import idempotency
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from wallet import services as wallet
from wallet.api.callers import own_account
from wallet.api.requests import examples
from wallet.api.requests.scopes import REQUESTS_READ, REQUESTS_WRITE
from wallet.api.requests.serializers import (
    REQUEST,
    DeclineInput,
    PayInput,
    RequestFilter,
    RequestInput,
    RequestSerializer,
)
from wallet.api.scopes import TRANSFERS_WRITE
from wallet.models import PaymentRequest
from wallet.refusals import CurrencyMismatch
from wallet.services.accounts import NGN
from wallet.services.requests import answering, asking
from wallet.services.requests.people import people_of

INCOMING, OUTGOING = "INCOMING", "OUTGOING"


class RequestView(ApiView):
    """What all of these show."""

    serializer_class = RequestSerializer
    key_prefix = REQUEST
    required_scope = REQUESTS_WRITE

    def asked(self) -> PaymentRequest:
        """The request in the address: one that the caller made, or was made to them. Raises Http404."""
        rows = PaymentRequest.objects.visible_to(person(self.request))
        return get_object_or_404(rows, pk=self.key())

    def answer(self, asked: PaymentRequest, status: int = 200) -> Response:
        return Response(shown([asked], person(self.request).pk)[0], status=status)


class RequestList(RequestView, ListAPIView[PaymentRequest]):
    pagination_class = CursorPagination
    cursor_prefix = REQUEST
    filter_serializer = RequestFilter
    key_prefix = ""
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)
    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return REQUESTS_READ if self.request.method in SAFE_METHODS else REQUESTS_WRITE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            # What a list may be asked, asking somebody may not.
            self.filter_serializer, self.pagination_class = None, None  # type: ignore[assignment]
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[PaymentRequest]:
        me, asked = person(self.request), self.filters()
        rows = PaymentRequest.objects.visible_to(me)
        if asked.get("direction"):
            rows = rows.filter(asker=me) if asked["direction"] == OUTGOING else rows.filter(payer=me)
        return rows.filter(state=asked["state"]) if asked.get("state") else rows

    @extend_schema(
        operation_id="list_payment_requests",
        summary="List requests for money",
        parameters=[RequestFilter],
        examples=[example(examples.REQUEST)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What you asked for and are asked for, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(shown(page or [], person(request).pk))

    @extend_schema(
        operation_id="create_payment_request",
        summary="Ask for money",
        request=RequestInput,
        responses={201: RequestSerializer},
        examples=[example(examples.REQUEST_INPUT, request=True), example(examples.REQUEST)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask another customer, found by handle or e-mail. They may pay, decline, or do nothing."""
        order = self.body(RequestInput)
        return idempotency.once(request, lambda _posting_id: self._ask(order))

    def _ask(self, order: dict[str, Any]) -> Response:
        me = person(self.request)
        if order.pop("currency") != NGN:
            raise CurrencyMismatch
        wallet.count_lookup(user_id=me.pk, at=timezone.now())
        text = order.pop("recipient")
        return self.answer(asking.ask(asker=me, recipient_text=text, at=timezone.now(), **order), status=201)


class RequestDetail(RequestView):
    required_scope = REQUESTS_READ

    @extend_schema(
        operation_id="get_payment_request",
        summary="Get a request for money",
        examples=[example(examples.REQUEST)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One that you made, or that was made to you."""
        return self.answer(self.asked())


class RequestPay(RequestView):
    permission_classes = (*ApiView.permission_classes, StepUp)
    required_scope = TRANSFERS_WRITE
    rate_policies = (MONEY,)
    idempotent = True

    @extend_schema(
        operation_id="pay_payment_request",
        summary="Pay a request for money",
        request=PayInput,
        examples=[example(examples.PAY_INPUT, request=True), example(examples.REQUEST)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Send what is asked for, whole, at once and for good.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, asked = self.body(PayInput), self.asked()
        return idempotency.once(request, lambda posting_id: self._pay(order, asked, posting_id))

    def _pay(self, order: dict[str, Any], asked: PaymentRequest, posting_id: UUID) -> Response:
        source = own_account(self.request, order["source"], asked.currency_id)
        answering.pay_request(
            request=asked,
            payer=person(self.request),
            source=source,
            posting_id=posting_id,
            at=timezone.now(),
        )
        return self.answer(self.asked())


class RequestDecline(RequestView):
    @extend_schema(
        operation_id="decline_payment_request",
        summary="Decline a request for money",
        request=DeclineInput,
        examples=[example(examples.DECLINE_INPUT, request=True), example(examples.REQUEST)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Say no, with words or without."""
        order, asked = self.body(DeclineInput), self.asked()
        return self.answer(answering.decline(request=asked, by=person(request), at=timezone.now(), **order))


class RequestCancel(RequestView):
    @extend_schema(
        operation_id="cancel_payment_request",
        summary="Take a request for money back",
        request=None,
        examples=[example(examples.REQUEST)],
    )
    def post(self, request: Request, id: str) -> Response:
        """End a request of your own."""
        return self.answer(asking.cancel(request=self.asked(), by=person(request), at=timezone.now()))


class RequestRemind(RequestView):
    @extend_schema(
        operation_id="remind_payment_request",
        summary="Remind of a request for money",
        request=None,
        examples=[example(examples.REQUEST)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Twice in all, a day apart."""
        return self.answer(asking.remind(request=self.asked(), by=person(request), at=timezone.now()))


def shown(rows: Sequence[PaymentRequest], me: UUID) -> list[dict[str, Any]]:
    """Requests as this person sees them, with one query for everybody on the other side."""
    people = people_of(user_ids={row.payer_id if row.asker_id == me else row.asker_id for row in rows})
    facts = [
        {
            "id": row.pk,
            "direction": OUTGOING if row.asker_id == me else INCOMING,
            "person": people.get(row.payer_id if row.asker_id == me else row.asker_id),
            "amount": row.amount,
            "currency": row.currency_id,
            "note": row.note,
            "state": row.state,
            "transfer": row.posting_id,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "ended_at": row.ended_at,
        }
        for row in rows
    ]
    return list(RequestSerializer(facts, many=True).data)
