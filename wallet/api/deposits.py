"""Deposits by the API: through the gateway's checkout, or by a saved card."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
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
from core.api.views import ApiView
from core.errors import DomainError
from wallet import services as wallet
from wallet.api import examples
from wallet.api.callers import ReadOrWrite, caller, own_account
from wallet.api.scopes import TRANSACTIONS_READ
from wallet.api.serializers import DEPOSIT, DepositInput, DepositSerializer
from wallet.gateways.base import GatewayError
from wallet.models import Payment, SavedCard


class CardNotFound(DomainError):
    """No card of the caller's has this id."""

    code = "card_not_found"
    kind = "not_found"
    message = _("You have no such card.")


class Deposits(ReadOrWrite, ListAPIView[Payment]):
    """Runs outside the request's transaction: it asks the gateway for a checkout."""

    serializer_class = DepositSerializer
    pagination_class = CursorPagination
    cursor_prefix = DEPOSIT
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404, 503)

    def get_queryset(self) -> QuerySet[Payment]:
        return Payment.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_deposits", summary="List your deposits", examples=[example(examples.DEPOSIT)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Money you added, and money on its way in, newest first."""
        with acting_as(caller(request)):
            return self.list(request)

    @extend_schema(
        operation_id="create_deposit",
        summary="Start adding money",
        request=DepositInput,
        responses={201: DepositSerializer},
        examples=[example(examples.DEPOSIT_INPUT, request=True), example(examples.DEPOSIT)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Open a checkout, or with `card` charge a saved card.

        For a card, a person's own token needs a second factor proven in its session within five minutes. When it fails,
        repeat with the same key: it stays the same deposit.
        """
        order = self.body(DepositInput)
        if "card" in order:
            StepUp().has_permission(request, self)
        return idempotency.once_outside(
            request, lambda: self._begin(order), lambda key: self._finish(order, key), self._shown
        )

    def _begin(self, order: dict[str, Any]) -> UUID:
        account = own_account(self.request, order["account"], order["currency"])
        at = timezone.now()
        if "card" in order:
            card = self._card(order["card"])
            return wallet.start_card_payment(account=account, card=card, amount=order["amount"], at=at).pk
        return wallet.create_payment(account=account, amount=order["amount"], at=at).pk

    def _finish(self, order: dict[str, Any], payment_id: UUID) -> Response:
        user = caller(self.request)
        with acting_as(user):
            payment = Payment.objects.get(pk=payment_id)
            card = self._card(order["card"]) if "card" in order else None
        if card is not None:
            # Without an answer it is on its way all the same: its state tells.
            with suppress(GatewayError):
                payment = wallet.charge_card(payment=payment, card=card, at=timezone.now())
        else:
            payment = wallet.open_checkout(
                payment=payment,
                email=user.email,
                callback_url=settings.SITE_URL + reverse("add_money_return"),
                at=timezone.now(),
            )
        with acting_as(user):
            payment.refresh_from_db()
        return Response(self.serializer_class(payment).data, status=201)

    def _shown(self, payment_id: UUID) -> Response:
        return Response(self.serializer_class(Payment.objects.get(pk=payment_id)).data, status=201)

    def _card(self, card_id: UUID) -> SavedCard:
        """Raises CardNotFound."""
        card = SavedCard.objects.visible_to(self.request.user).filter(pk=card_id).first()
        if card is None:
            raise CardNotFound
        return card


deposits = outside_transaction(Deposits.as_view())


class DepositDetail(ApiView):
    serializer_class = DepositSerializer
    key_prefix = DEPOSIT
    required_scope = TRANSACTIONS_READ

    @extend_schema(operation_id="get_deposit", summary="Get a deposit", examples=[example(examples.DEPOSIT)])
    def get(self, request: Request, id: str) -> Response:
        """One of your deposits, and what became of it."""
        payment = get_object_or_404(Payment.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(payment).data)
