"""How money comes in without a checkout: cards, an account number."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import acting_as, outside_transaction
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from wallet import services as wallet
from wallet.api import examples
from wallet.api.callers import ReadOrWrite, caller, own_account
from wallet.api.money_in_serializers import (
    ACCOUNT_NUMBER,
    CARD,
    AccountNumberInput,
    AccountNumberSerializer,
    CardInput,
    CardSerializer,
)
from wallet.api.scopes import DEPOSITS_WRITE
from wallet.models import DedicatedAccount, Payment, SavedCard


class CardList(ReadOrWrite, ListAPIView[SavedCard]):
    """Runs outside the request's transaction: keeping a card asks the gateway."""

    serializer_class = CardSerializer
    pagination_class = CursorPagination
    cursor_prefix = CARD
    rate_policies = (MONEY,)
    also_answers = (404, 409, 503)

    def get_queryset(self) -> QuerySet[SavedCard]:
        return SavedCard.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_cards", summary="List your saved cards", examples=[example(examples.CARD)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your saved cards, newest first. What could charge them is never shown."""
        with acting_as(caller(request)):
            return self.list(request)

    @extend_schema(
        operation_id="keep_card",
        summary="Keep the card of a deposit",
        request=CardInput,
        responses={201: CardSerializer},
        examples=[example(examples.CARD_INPUT, request=True), example(examples.CARD)],
    )
    def post(self, request: Request) -> Response:
        """Keep the card that paid a deposit of yours, for deposits to come. Kept again, it stays one card."""
        order = self.body(CardInput)
        with acting_as(caller(request)):
            payment = get_object_or_404(Payment.objects.visible_to(request.user), pk=order["deposit"])
        card = wallet.keep_card(payment=payment, user=caller(request), at=timezone.now())
        return Response(self.serializer_class(card).data, status=201)


cards = outside_transaction(CardList.as_view())


class CardDetail(ApiView):
    serializer_class = CardSerializer
    key_prefix = CARD
    required_scope = DEPOSITS_WRITE

    @extend_schema(
        operation_id="forget_card", summary="Remove a saved card", request=None, responses={204: None}
    )
    def delete(self, request: Request, id: str) -> Response:
        """Forget one of your cards, at once and for good."""
        card = get_object_or_404(SavedCard.objects.visible_to(request.user), pk=self.key())
        wallet.forget_card(card_id=card.pk, user=caller(request))
        return Response(status=204)


class AccountNumbers(ReadOrWrite, ListAPIView[DedicatedAccount]):
    """Runs outside the request's transaction: the gateway is asked for a number."""

    serializer_class = AccountNumberSerializer
    pagination_class = CursorPagination
    cursor_prefix = ACCOUNT_NUMBER
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404, 409, 503)

    def get_queryset(self) -> QuerySet[DedicatedAccount]:
        return DedicatedAccount.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_account_numbers",
        summary="List your account numbers",
        examples=[example(examples.ACCOUNT_NUMBER)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The bank account numbers you have, had, or wait for, newest first."""
        with acting_as(caller(request)):
            return self.list(request)

    @extend_schema(
        operation_id="create_account_number",
        summary="Ask for an account number",
        request=AccountNumberInput,
        responses={201: AccountNumberSerializer},
        examples=[example(examples.ACCOUNT_NUMBER_INPUT, request=True), example(examples.ACCOUNT_NUMBER)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask for a bank account number whose deposits are yours: one for each customer, so a repeat gives the same.

        While the bank decides, its state is REQUESTED and it has no number.
        """
        order = self.body(AccountNumberInput)
        return idempotency.once_outside(request, lambda: self._begin(order), self._finish, self._finish)

    def _begin(self, order: dict[str, Any]) -> UUID:
        account = own_account(self.request, order["account"], order["currency"])
        at = timezone.now()
        return wallet.ask_for_account(user=caller(self.request), wallet=account, at=at).pk

    def _finish(self, row_id: UUID) -> Response:
        row = wallet.open_account(row_id=row_id, at=timezone.now())
        return Response(self.serializer_class(row).data, status=201)


account_numbers = outside_transaction(AccountNumbers.as_view())
