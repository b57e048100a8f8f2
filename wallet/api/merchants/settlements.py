"""What merchants have sent to their banks, by the API: asked for, or sent by itself each day."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.transaction import on_commit
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, User
from core import idempotency
from core.actors import acting_as_service
from core.api.ids import IdField
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer
from core.api.views import ApiView
from wallet import payout_tasks
from wallet.api import payout_examples
from wallet.api.merchants import examples
from wallet.api.merchants.scopes import SETTLEMENTS_READ, SETTLEMENTS_WRITE
from wallet.api.merchants.views import merchant_of, person_of
from wallet.api.money_out import MoneyOutView
from wallet.api.payout_serializers import BANK_ACCOUNT, WITHDRAWAL, BankAccountSerializer
from wallet.api.serializers import CurrencyField, FeeLineSerializer, OpenEnumField
from wallet.merchant_events import MERCHANT
from wallet.models import Account, BankAccount, Merchant, Payout
from wallet.refusals import CurrencyMismatch
from wallet.services.accounts import NGN
from wallet.services.merchants import settling


class SettlementSerializer(serializers.Serializer[Payout]):
    """A merchant's money on its way to a bank. `amount` arrives; `fee` came on top of it.

    The events `withdrawal.*` tell what becomes of it, by this id.
    """

    id = IdField(WITHDRAWAL)
    object = ObjectField("settlement")
    merchant = IdField(MERCHANT, source="account.merchant.pk")
    bank_account = IdField(BANK_ACCOUNT, source="bank_account_id")
    amount = MoneyField()
    fee = MoneyField()
    fee_lines = FeeLineSerializer(many=True)
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    state = OpenEnumField(
        help_text=_("HELD, UNKNOWN (being checked), SENT (on its way), SUCCEEDED, FAILED, RETURNED.")
    )
    day = serializers.DateField(
        allow_null=True,
        help_text=_("The day in Lagos for which it was sent by itself; null where somebody asked."),
    )
    reference = serializers.CharField()
    created_at = InstantField()
    settled_at = InstantField(allow_null=True)
    returned_at = InstantField(allow_null=True)


class SettlementInput(StrictSerializer):
    merchant = IdField(
        MERCHANT, required=False, help_text=_("For people, who may belong to several; a key has one.")
    )
    bank_account = IdField(BANK_ACCOUNT, help_text=_("One of `GET /merchants/{id}/bank-accounts`."))
    amount = MoneyField(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("What arrives; the fee comes on top. Left out: the most that leaves room for its fee."),
    )
    currency = CurrencyField()
    expected_fee = MoneyField(
        min_value=0,
        required=False,
        default=None,
        help_text=_("Refuse when it costs anything else, with `fee_changed`."),
    )


class SettlementList(MoneyOutView, ListAPIView[Payout]):
    serializer_class = SettlementSerializer
    pagination_class = CursorPagination
    cursor_prefix = WITHDRAWAL
    reads, writes = SETTLEMENTS_READ, SETTLEMENTS_WRITE
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[Payout]:
        return _settlements(_merchants(self.request))

    def paginate_queryset(self, queryset: QuerySet[Payout]) -> list[Payout]:  # type: ignore[override]
        with acting_as_service():
            page: list[Payout] = super().paginate_queryset(queryset)  # type: ignore[assignment]
        return page

    @extend_schema(
        operation_id="list_settlements", summary="List settlements", examples=[example(examples.SETTLEMENT)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was sent to your banks, newest first. People see it where they manage the organisation."""
        return self.list(request)

    @extend_schema(
        operation_id="create_settlement",
        summary="Have money sent to your bank",
        request=SettlementInput,
        responses={201: SettlementSerializer},
        examples=[example(examples.SETTLEMENT_INPUT, request=True), example(examples.SETTLEMENT)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Set the amount and its fee aside and have it paid out. Ask for it again to learn what became of it.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(SettlementInput)
        return idempotency.once(request, lambda chosen: self._settle(order, chosen))

    def _settle(self, order: dict[str, Any], chosen: UUID) -> Response:
        if order["currency"] != NGN:
            raise CurrencyMismatch
        merchant, at = merchant_of(self.request, order.get("merchant")), timezone.now()
        bank_account = _bank_account(merchant, order["bank_account"])
        amount = order["amount"]
        if amount is None:
            with acting_as_service():
                account = Account.objects.get(pk=merchant.account_id)
            amount = settling.everything(account=account, at=at)
        payout = settling.settle_to_bank(
            merchant=merchant,
            by=person_of(self.request),
            payout_id=chosen,
            bank_account=bank_account,
            amount=amount,
            expected_fee=order["expected_fee"],
            at=at,
        )
        on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(payout.pk)), robust=True)
        with acting_as_service():
            made = _settlements([merchant]).get(pk=payout.pk)
        return Response(self.serializer_class(made).data, status=201)


class SettlementDetail(MoneyOutView):
    serializer_class = SettlementSerializer
    key_prefix = WITHDRAWAL
    reads, writes = SETTLEMENTS_READ, SETTLEMENTS_WRITE

    @extend_schema(
        operation_id="get_settlement", summary="Get a settlement", examples=[example(examples.SETTLEMENT)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One of them. UNKNOWN says that its bank has not answered yet: do not send it again."""
        merchants = _merchants(request)
        with acting_as_service():
            payout = get_object_or_404(_settlements(merchants), pk=self.key())
        return Response(self.serializer_class(payout).data)


class SettlementBankList(ApiView, ListAPIView[BankAccount]):
    serializer_class = BankAccountSerializer
    pagination_class = CursorPagination
    cursor_prefix = BANK_ACCOUNT
    key_prefix = MERCHANT
    required_scope = SETTLEMENTS_READ
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[BankAccount]:
        for merchant in _merchants(self.request):
            if merchant.pk == self.key():
                return BankAccount.objects.saved().filter(organization=merchant.organization_id)
        raise Http404

    def paginate_queryset(self, queryset: QuerySet[BankAccount]) -> list[BankAccount]:  # type: ignore[override]
        with acting_as_service():
            page: list[BankAccount] = super().paginate_queryset(queryset)  # type: ignore[assignment]
        return page

    @extend_schema(
        operation_id="list_merchant_bank_accounts",
        summary="List a merchant's bank accounts",
        examples=[example(payout_examples.BANK_ACCOUNT)],
    )
    def get(self, request: Request, id: str, *args: Any, **kwargs: Any) -> Response:
        """The bank accounts that the organisation can be paid to, newest first. Owners add them on their pages."""
        return self.list(request)


def _merchants(request: Request) -> list[Merchant]:
    """The caller's: a key's own, a person's where they manage the organisation."""
    mine = Merchant.objects.visible_to(request.user)
    if isinstance(request.user, User):
        roles = Membership.objects.filter(user_id=request.user.pk, role__in=Membership.MANAGERS)
        mine = mine.filter(organization__in=roles.values("organization"))
    return list(mine)


def _settlements(merchants: list[Merchant]) -> QuerySet[Payout]:
    """What was sent to banks of these. Read as the service: their accounts belong to no person."""
    accounts = [merchant.account_id for merchant in merchants]
    sent = Payout.objects.filter(account__in=accounts, purpose=settling.PURPOSE)
    return sent.select_related("account__merchant").annotate(day=F("settlement_run__due_date"))


def _bank_account(merchant: Merchant, account_id: UUID) -> BankAccount:
    for account in settling.bank_accounts_of(merchant):
        if account.pk == account_id:
            return account
    raise Http404
