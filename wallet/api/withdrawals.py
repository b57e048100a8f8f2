"""Money out to a bank."""

from functools import partial
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

from core import idempotency
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from wallet import payout_tasks
from wallet import services as wallet
from wallet.api import payout_examples as examples
from wallet.api.bank_accounts import own_bank_account
from wallet.api.money_out import MoneyOutView
from wallet.api.payout_serializers import WITHDRAWAL, WithdrawalInput, WithdrawalSerializer
from wallet.api.scopes import TRANSACTIONS_READ, WITHDRAWALS_WRITE
from wallet.api.views import own_account
from wallet.models import Payout


class WithdrawalList(MoneyOutView, ListAPIView[Payout]):
    serializer_class = WithdrawalSerializer
    pagination_class = CursorPagination
    cursor_prefix = WITHDRAWAL
    reads, writes = TRANSACTIONS_READ, WITHDRAWALS_WRITE
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[Payout]:
        return Payout.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_withdrawals",
        summary="List your withdrawals",
        examples=[example(examples.WITHDRAWAL)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your withdrawals and what became of them, newest first."""
        return self.list(request)

    @extend_schema(
        operation_id="create_withdrawal",
        summary="Withdraw to a bank",
        request=WithdrawalInput,
        responses={201: WithdrawalSerializer},
        examples=[example(examples.WITHDRAWAL_INPUT, request=True), example(examples.WITHDRAWAL)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Set the amount and its fee aside and have it paid out. Ask for it again to learn what became of it.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(WithdrawalInput)
        return idempotency.once(request, lambda chosen: self._request(order, chosen))

    def _request(self, order: dict[str, Any], chosen: UUID) -> Response:
        payout = wallet.request_payout(
            payout_id=chosen,
            account=own_account(self.request, order["account"], order["currency"]),
            bank_account=own_bank_account(self.request, order["bank_account"]),
            amount=order["amount"],
            note=order["note"],
            expected_fee=order.get("expected_fee"),
            at=timezone.now(),
        )
        on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(payout.pk)), robust=True)
        return Response(self.serializer_class(payout).data, status=201)


class WithdrawalDetail(MoneyOutView):
    serializer_class = WithdrawalSerializer
    key_prefix = WITHDRAWAL
    reads, writes = TRANSACTIONS_READ, WITHDRAWALS_WRITE

    @extend_schema(
        operation_id="get_withdrawal", summary="Get a withdrawal", examples=[example(examples.WITHDRAWAL)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your withdrawals. UNKNOWN says that its bank has not answered yet: do not send it again."""
        payout = get_object_or_404(Payout.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(payout).data)
