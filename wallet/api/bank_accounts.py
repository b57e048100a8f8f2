"""Banks, and a customer's accounts there."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api_keys
from accounts.models import Customer, User
from core import idempotency
from core.actors import acting_as, acting_as_anon, outside_transaction
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.api.views import ApiView
from core.errors import DomainError
from core.ids import uuid7
from wallet import services as wallet
from wallet.api import payout_examples as examples
from wallet.api.money_out import MoneyOutView
from wallet.api.payout_serializers import (
    BANK_ACCOUNT,
    BankAccountInput,
    BankAccountSerializer,
    BankSerializer,
)
from wallet.api.scopes import BANK_ACCOUNTS_READ, BANK_ACCOUNTS_WRITE
from wallet.api.views import caller
from wallet.models import Bank, BankAccount


class CustomersOnly(DomainError):
    code = "customers_only"
    kind = "forbidden"
    message = _("Only customers have bank accounts here, not organisations.")


class BankList(ApiView, ListAPIView[Bank]):
    serializer_class = BankSerializer
    pagination_class = CursorPagination
    cursor_field = "code"
    required_scope = BANK_ACCOUNTS_READ
    also_answers = (503,)

    queryset = Bank.objects.filter(listed=True)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(gateway=wallet.payout_gateway())

    @extend_schema(operation_id="list_banks", summary="List banks", examples=[example(examples.BANK)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The banks that money can be paid out to, by code, the highest first."""
        return self.list(request)


class BankAccountList(MoneyOutView, ListAPIView[BankAccount]):
    """Runs outside the request's transaction: a new account's bank is asked for its name."""

    serializer_class = BankAccountSerializer
    pagination_class = CursorPagination
    cursor_prefix = BANK_ACCOUNT
    reads, writes = BANK_ACCOUNTS_READ, BANK_ACCOUNTS_WRITE
    idempotent = True
    also_answers = (404, 503)

    def perform_authentication(self, request: Request) -> None:
        with nullcontext() if api_keys.is_broken(request.headers) else acting_as_anon():
            super().perform_authentication(request)

    def get_queryset(self) -> QuerySet[BankAccount]:
        return BankAccount.objects.visible_to(self.request.user).saved()

    @extend_schema(
        operation_id="list_bank_accounts",
        summary="List your bank accounts",
        examples=[example(examples.BANK_ACCOUNT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The bank accounts on your list, newest first."""
        with acting_as(caller(request)):
            return self.list(request)

    @extend_schema(
        operation_id="create_bank_account",
        summary="Add a bank account",
        request=BankAccountInput,
        responses={201: BankAccountSerializer},
        examples=[example(examples.BANK_ACCOUNT_INPUT, request=True), example(examples.BANK_ACCOUNT)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask the bank whose account it is, and put it on your list. For a day only small amounts go to it.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(BankAccountInput)
        return idempotency.once_outside(
            request, self._begin, lambda chosen: self._finish(order, chosen), self._refuse
        )

    def _begin(self) -> UUID:
        user = self.request.user
        if not isinstance(user, User) or not Customer.objects.filter(pk=user.pk).exists():
            raise CustomersOnly
        return uuid7()

    def _finish(self, order: dict[str, Any], chosen: UUID) -> Response:
        user, at = caller(self.request), timezone.now()
        found = wallet.look_up(
            owner=user, bank_code=order["bank_code"], number=order["account_number"], at=at
        )
        account = wallet.save_found(owner=user, found=found, at=at, account_id=chosen)
        return Response(self.serializer_class(account).data, status=201)

    def _refuse(self, _chosen: UUID) -> Response:
        raise CustomersOnly


class BankAccountDetail(MoneyOutView):
    serializer_class = BankAccountSerializer
    key_prefix = BANK_ACCOUNT
    reads, writes = BANK_ACCOUNTS_READ, BANK_ACCOUNTS_WRITE

    @extend_schema(
        operation_id="get_bank_account",
        summary="Get a bank account",
        examples=[example(examples.BANK_ACCOUNT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your bank accounts."""
        return Response(self.serializer_class(own_bank_account(request, self.key())).data)

    @extend_schema(operation_id="delete_bank_account", summary="Remove a bank account", responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Take it off your list. What is on its way there arrives; what was scheduled to it is not sent."""
        wallet.remove_bank_account(account=own_bank_account(request, self.key()), at=timezone.now())
        return Response(status=204)


bank_accounts = outside_transaction(BankAccountList.as_view())


def own_bank_account(request: Request, account_id: UUID) -> BankAccount:
    """Raises Http404, also for another's and for one that was removed."""
    return get_object_or_404(BankAccount.objects.visible_to(request.user).saved(), pk=account_id)
