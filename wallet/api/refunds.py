"""Deposits that go back to where they came from."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.transaction import on_commit
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import StepUp
from core import idempotency
from core.actors import acting_as, outside_transaction
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from wallet import money_in_tasks
from wallet import services as wallet
from wallet.api import examples
from wallet.api.bank_accounts import own_bank_account
from wallet.api.callers import OutsideView, caller
from wallet.api.money_out import MoneyOutView
from wallet.api.refund_serializers import (
    REFUND,
    DepositRefundInput,
    DepositRefundSerializer,
    RefundAccountInput,
)
from wallet.api.scopes import REFUNDS_WRITE, TRANSACTIONS_READ
from wallet.models import Payment, Refund
from wallet.refusals import CurrencyMismatch


class RefundList(MoneyOutView, ListAPIView[Refund]):
    serializer_class = DepositRefundSerializer
    pagination_class = CursorPagination
    cursor_prefix = REFUND
    reads, writes = TRANSACTIONS_READ, REFUNDS_WRITE
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[Refund]:
        return Refund.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_refunds",
        summary="List refunds of your deposits",
        examples=[example(examples.REFUND)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Money of your deposits that was, or is being, paid back to the card or account it came from."""
        return self.list(request)

    @extend_schema(
        operation_id="create_refund",
        summary="Have a deposit paid back",
        request=DepositRefundInput,
        responses={201: DepositRefundSerializer},
        examples=[example(examples.REFUND_INPUT, request=True), example(examples.REFUND)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Set some of a deposit of yours aside, or all of it, to go back to the card or account it came from.

        A larger amount is ASKED until we have looked at it. NEEDS_ATTENTION says that what it came from takes nothing:
        name a bank account then. A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(DepositRefundInput)
        return idempotency.once(request, lambda chosen: self._ask(order, chosen))

    def _ask(self, order: dict[str, Any], chosen: UUID) -> Response:
        rows = Payment.objects.visible_to(self.request.user).select_related("account")
        payment = get_object_or_404(rows, pk=order["deposit"])
        if payment.currency_id != order["currency"]:
            raise CurrencyMismatch
        refund = wallet.ask_back(
            payment=payment,
            amount=order["amount"],
            note=order["note"],
            by=caller(self.request),
            refund_id=chosen,
            at=timezone.now(),
        )
        on_commit(money_in_tasks.settle_refunds.delay, robust=True)
        return Response(self.serializer_class(refund).data, status=201)


class RefundDetail(MoneyOutView):
    serializer_class = DepositRefundSerializer
    key_prefix = REFUND
    reads, writes = TRANSACTIONS_READ, REFUNDS_WRITE

    @extend_schema(operation_id="get_refund", summary="Get a refund", examples=[example(examples.REFUND)])
    def get(self, request: Request, id: str) -> Response:
        """A refund of one of your deposits, and what became of it."""
        refund = get_object_or_404(Refund.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(refund).data)


class RefundAccount(OutsideView):
    """Runs outside the request's transaction: the gateway is told the account."""

    serializer_class = DepositRefundSerializer
    key_prefix = REFUND
    required_scope = REFUNDS_WRITE
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404, 409, 503)

    @extend_schema(
        operation_id="send_refund_to_bank_account",
        summary="Send a refund to a bank account",
        request=RefundAccountInput,
        responses={201: DepositRefundSerializer},
        examples=[example(examples.REFUND_ACCOUNT_INPUT, request=True), example(examples.REFUND)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Have a refund that is NEEDS_ATTENTION go to a bank account of yours, in your own name, instead.

        While the payment company does not answer, it stays NEEDS_ATTENTION with its `bank_account`, and is tried again.
        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(RefundAccountInput)
        StepUp().has_permission(request, self)
        return idempotency.once_outside(request, lambda: self._begin(order), self._finish, self._shown)

    def _begin(self, order: dict[str, Any]) -> UUID:
        refund = get_object_or_404(Refund.objects.visible_to(self.request.user), pk=self.key())
        wallet.supply_account(
            refund=refund,
            bank_account=own_bank_account(self.request, order["bank_account"]),
            by=caller(self.request),
            at=timezone.now(),
        )
        return refund.pk

    def _finish(self, refund_id: UUID) -> Response:
        wallet.send_to_account(refund_id=refund_id, at=timezone.now())
        with acting_as(caller(self.request)):
            return self._shown(refund_id)

    def _shown(self, refund_id: UUID) -> Response:
        refund = Refund.objects.visible_to(self.request.user).get(pk=refund_id)
        return Response(self.serializer_class(refund).data, status=201)


bank_account = outside_transaction(RefundAccount.as_view())
