"""Asking for help with a loan, before anything is charged for being late."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.pagination import CursorPagination
from core.api.schema import example
from credit.api import loan_examples as examples
from credit.api.borrower import OfLoan, inner, inner_key
from credit.api.loan_serializers import HardshipInput, HardshipSerializer
from credit.events import HARDSHIP
from credit.models import HardshipRequest, Loan
from credit.services import hardship
from wallet.api.callers import caller


class HardshipList(OfLoan, ListAPIView[HardshipRequest]):
    serializer_class = HardshipSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = HARDSHIP
    idempotent = True

    def get_queryset(self) -> QuerySet[HardshipRequest]:
        return HardshipRequest.objects.filter(loan=self.loan())

    @extend_schema(
        operation_id="list_hardship_requests",
        summary="List what you asked for",
        examples=[example(examples.HARDSHIP)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What you asked for with a loan, newest first, and what was answered."""
        return self.list(request)

    @extend_schema(
        operation_id="create_hardship_request",
        summary="Ask for help with a loan",
        request=HardshipInput,
        responses={201: HardshipSerializer},
        examples=[example(examples.HARDSHIP_INPUT, request=True), example(examples.HARDSHIP)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Say what would help. A person reads and answers it; one at a time."""
        order, loan = self.body(HardshipInput), self.loan()
        return idempotency.once(request, lambda _posting_id: self._ask(loan, order))

    def _ask(self, loan: Loan, order: dict[str, Any]) -> Response:
        made = hardship.ask(
            loan_id=loan.pk,
            user=caller(self.request),
            wish=order["wish"],
            text=order["text"],
            can_pay=order.get("can_pay"),
            at=timezone.now(),
        )
        return Response(HardshipSerializer(made).data, status=201)


class HardshipWithdraw(OfLoan):
    serializer_class = HardshipSerializer

    @extend_schema(
        operation_id="withdraw_hardship_request",
        summary="Take it back",
        request=None,
        parameters=[inner("hardship", HARDSHIP)],
        examples=[example(examples.HARDSHIP)],
    )
    def post(self, request: Request, id: str, hardship: str) -> Response:
        """Take back what you asked for, until it is answered."""
        asked = HardshipRequest.objects.filter(loan=self.loan())
        found = get_object_or_404(asked, pk=inner_key(HARDSHIP, hardship))
        return Response(HardshipSerializer(self._withdraw(found)).data)

    def _withdraw(self, found: HardshipRequest) -> HardshipRequest:
        return hardship.withdraw(request_id=found.pk, user=caller(self.request), at=timezone.now())
