"""The wallet as third parties see it. Every view starts from the caller's own rows and calls one service."""

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

from accounts.api.permissions import StepUp
from core import idempotency
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from wallet import services as wallet
from wallet.api import examples
from wallet.api.callers import caller, own_account
from wallet.api.parties import parties_to
from wallet.api.scopes import ACCOUNTS_READ, TRANSACTIONS_READ, TRANSFERS_WRITE
from wallet.api.serializers import (
    ACCOUNT,
    TRANSACTION,
    TRANSFER,
    AccountSerializer,
    EntryFilter,
    EntrySerializer,
    LimitsSerializer,
    TransactionSerializer,
    TransferInput,
    TransferSerializer,
)
from wallet.models import Account, Entry, Transaction
from wallet.services.transfers import TRANSFER as TRANSFER_KIND


class AccountList(ApiView, ListAPIView[Account]):
    serializer_class = AccountSerializer
    pagination_class = CursorPagination
    cursor_prefix = ACCOUNT
    required_scope = ACCOUNTS_READ

    def get_queryset(self) -> QuerySet[Account]:
        return Account.objects.visible_to(self.request.user).exclude(kind=Account.Kind.SAVINGS)

    @extend_schema(
        operation_id="list_accounts", summary="List your accounts", examples=[example(examples.ACCOUNT)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your accounts, newest first. What you have in savings is among your savings."""
        return self.list(request)


class AccountDetail(ApiView):
    serializer_class = AccountSerializer
    key_prefix = ACCOUNT
    required_scope = ACCOUNTS_READ

    @extend_schema(operation_id="get_account", summary="Get an account", examples=[example(examples.ACCOUNT)])
    def get(self, request: Request, id: str) -> Response:
        """One of your accounts, with its balance now."""
        account = get_object_or_404(Account.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(account).data)


class AccountLimits(ApiView):
    serializer_class = LimitsSerializer
    key_prefix = ACCOUNT
    required_scope = ACCOUNTS_READ

    @extend_schema(
        operation_id="get_account_limits",
        summary="Get an account's limits",
        examples=[example(examples.LIMITS)],
    )
    def get(self, request: Request, id: str) -> Response:
        """What one of your accounts may still move today, and hold."""
        account = get_object_or_404(Account.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(wallet.limits_of(account=account, at=timezone.now())).data)


class EntryList(ApiView, ListAPIView[Entry]):
    serializer_class = EntrySerializer
    key_prefix = ACCOUNT
    filter_serializer = EntryFilter
    pagination_class = CursorPagination
    cursor_field = "version"
    required_scope = TRANSACTIONS_READ

    def get_queryset(self) -> QuerySet[Entry]:
        account = get_object_or_404(Account.objects.visible_to(self.request.user), pk=self.key())
        entries = Entry.objects.of(account)
        lookups = {"kind": "kind", "since": "recorded_at__gte", "until": "recorded_at__lt"}
        return entries.filter(**{lookups[name]: value for name, value in self.filters().items()})

    @extend_schema(
        operation_id="list_entries",
        summary="List an account's entries",
        parameters=[EntryFilter],
        examples=[example(examples.ENTRY)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """An account's history in the order in which its balance changed, newest first."""
        return self.list(request)


class TransactionDetail(ApiView):
    serializer_class = TransactionSerializer
    key_prefix = TRANSACTION
    required_scope = TRANSACTIONS_READ

    @extend_schema(
        operation_id="get_transaction", summary="Get a transaction", examples=[example(examples.TRANSACTION)]
    )
    def get(self, request: Request, id: str) -> Response:
        """A transaction on one of your accounts. Of the other side it tells who that is, and no balance."""
        transaction = get_object_or_404(Transaction.objects.for_parties(), pk=self.key())
        who = parties_to(transaction, caller(request))
        facts = {
            name: getattr(transaction, name)
            for name in ("id", "kind", "amount", "currency", "description", "effective_at", "recorded_at")
        }
        sides = {side: who.side(side) for side in ("debit", "credit")}
        return Response(self.serializer_class({**facts, **sides}).data)


class TransferCreate(ApiView):
    serializer_class = TransferSerializer
    permission_classes = (*ApiView.permission_classes, StepUp)
    required_scope = TRANSFERS_WRITE
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)

    @extend_schema(
        operation_id="create_transfer",
        summary="Send money",
        request=TransferInput,
        responses={201: TransferSerializer},
        examples=[example(examples.TRANSFER_INPUT, request=True), example(examples.TRANSFER)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Send money to another customer, found by handle or e-mail, at once and for good.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(TransferInput)
        return idempotency.once(request, lambda posting_id: self._send(order, posting_id))

    def _send(self, order: dict[str, Any], posting_id: UUID) -> Response:
        source = own_account(self.request, order["source"], order["currency"])
        quote = wallet.quote_transfer(
            source=source, recipient_text=order["recipient"], amount=order["amount"], at=timezone.now()
        )
        expected = order.get("expected_fees", quote.charges.total)
        if expected != quote.charges.total:
            raise wallet.FeesChanged(expected=expected, fees=quote.charges.total)
        posting = wallet.transfer(
            posting_id=posting_id,
            source=source,
            recipient_id=quote.recipient.user_id,
            amount=order["amount"],
            note=order["note"],
            charges=quote.charges,
            at=timezone.now(),
        )
        return Response(
            _transfer(Transaction.objects.for_parties().get(pk=posting.id), self.request), status=201
        )


class TransferDetail(ApiView):
    serializer_class = TransferSerializer
    key_prefix = TRANSFER
    required_scope = TRANSACTIONS_READ

    @extend_schema(
        operation_id="get_transfer", summary="Get a transfer", examples=[example(examples.TRANSFER)]
    )
    def get(self, request: Request, id: str) -> Response:
        """A transfer that you sent or were sent."""
        transfers = Transaction.objects.for_parties().filter(kind=TRANSFER_KIND)
        return Response(_transfer(get_object_or_404(transfers, pk=self.key()), request))


def _transfer(transaction: Transaction, request: Request) -> dict[str, Any]:
    who = parties_to(transaction, caller(request))
    debit = who.side("debit")
    charges = wallet.charges_in(transaction) if debit["account"] else None
    return dict(
        TransferSerializer(
            {
                "id": transaction.posting_id,
                "source": debit["account"],
                "sender": debit["person"],
                "recipient": who.side("credit")["person"],
                "amount": transaction.amount,
                "fees": charges,
                "total": None
                if charges is None
                else transaction.amount + sum(line.amount for line in charges),
                "currency": transaction.currency,
                "note": transaction.description,
                "transaction": transaction.pk,
                "created_at": transaction.recorded_at,
            }
        ).data
    )
