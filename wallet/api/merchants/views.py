"""Merchants over the API: each sees its own, by its key or by a person who belongs to it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.transaction import on_commit
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import StepUp
from accounts.models import User
from core import idempotency
from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from wallet import money_in_tasks
from wallet.api.merchants import examples
from wallet.api.merchants.scopes import LINKS_READ, LINKS_WRITE, PAYMENTS_READ, REFUNDS_WRITE
from wallet.api.merchants.serializers import (
    LinkInput,
    LinkSerializer,
    MerchantPaymentSerializer,
    MerchantRefundSerializer,
    MerchantSerializer,
    PaymentFilter,
    RefundInput,
)
from wallet.merchant_events import LINK, MERCHANT, PAYMENT
from wallet.models import Account, Merchant, MerchantPayment, PaymentLink
from wallet.refusals import CurrencyMismatch
from wallet.services.accounts import NGN
from wallet.services.merchants import links, refunds
from wallet.services.merchants.applying import MerchantNotFound


class MerchantList(ApiView, ListAPIView[Merchant]):
    serializer_class = MerchantSerializer
    pagination_class = CursorPagination
    cursor_prefix = MERCHANT
    required_scope = PAYMENTS_READ

    def get_queryset(self) -> QuerySet[Merchant]:
        return Merchant.objects.visible_to(self.request.user)

    def paginate_queryset(self, queryset: QuerySet[Merchant]) -> list[Merchant]:  # type: ignore[override]
        page: list[Merchant] = super().paginate_queryset(queryset)  # type: ignore[assignment]
        return _with_accounts(page)

    @extend_schema(
        operation_id="list_merchants", summary="List your merchants", examples=[example(examples.MERCHANT)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your organisations that take money, newest first; for a key, its own."""
        return self.list(request)


class MerchantDetail(ApiView):
    serializer_class = MerchantSerializer
    key_prefix = MERCHANT
    required_scope = PAYMENTS_READ

    @extend_schema(
        operation_id="get_merchant", summary="Get a merchant", examples=[example(examples.MERCHANT)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your merchants, with its balance now."""
        merchant = get_object_or_404(Merchant.objects.visible_to(request.user), pk=self.key())
        return Response(self.serializer_class(_with_accounts([merchant])[0]).data)


class LinkList(ApiView, ListAPIView[PaymentLink]):
    serializer_class = LinkSerializer
    pagination_class = CursorPagination
    cursor_prefix = LINK
    idempotent = True
    also_answers = (404,)
    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return LINKS_READ if self.request.method in SAFE_METHODS else LINKS_WRITE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            # What a list may be asked, the making of a link may not.
            self.pagination_class = None  # type: ignore[assignment]
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[PaymentLink]:
        return PaymentLink.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_payment_links", summary="List payment links", examples=[example(examples.LINK)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your payment links, newest first."""
        return self.list(request)

    @extend_schema(
        operation_id="create_payment_link",
        summary="Make a payment link",
        request=LinkInput,
        responses={201: LinkSerializer},
        examples=[example(examples.LINK_INPUT, request=True), example(examples.LINK)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Make an address at which anybody pays you, with or without an account."""
        order = self.body(LinkInput)
        return idempotency.once(request, lambda _posting_id: self._make(order))

    def _make(self, order: dict[str, Any]) -> Response:
        merchant, currency = merchant_of(self.request, order.pop("merchant", None)), order.pop("currency")
        if currency != NGN:
            raise CurrencyMismatch
        link = links.make_link(merchant=merchant, by=person_of(self.request), at=timezone.now(), **order)
        return Response(LinkSerializer(link).data, status=201)


class LinkDetail(ApiView):
    serializer_class = LinkSerializer
    key_prefix = LINK
    required_scope = LINKS_READ

    @extend_schema(
        operation_id="get_payment_link", summary="Get a payment link", examples=[example(examples.LINK)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your payment links."""
        return Response(self.serializer_class(_link(request, self.key())).data)


class LinkPause(ApiView):
    serializer_class = LinkSerializer
    key_prefix = LINK
    required_scope = LINKS_WRITE

    @extend_schema(
        operation_id="pause_payment_link",
        summary="Pause a payment link",
        request=None,
        examples=[example(examples.LINK)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Nobody can pay it until it is opened again. Pausing twice is pausing once."""
        link = links.pause_link(link=_link(request, self.key()), by=person_of(request))
        return Response(self.serializer_class(link).data)


class LinkOpen(ApiView):
    serializer_class = LinkSerializer
    key_prefix = LINK
    required_scope = LINKS_WRITE

    @extend_schema(
        operation_id="open_payment_link",
        summary="Open a payment link",
        request=None,
        examples=[example(examples.LINK)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Open a paused link again."""
        link = links.reopen_link(link=_link(request, self.key()), by=person_of(request))
        return Response(self.serializer_class(link).data)


class PaymentList(ApiView, ListAPIView[MerchantPayment]):
    serializer_class = MerchantPaymentSerializer
    filter_serializer = PaymentFilter
    pagination_class = CursorPagination
    cursor_prefix = PAYMENT
    required_scope = PAYMENTS_READ

    def get_queryset(self) -> QuerySet[MerchantPayment]:
        lookups = {
            "state": "state",
            "payment_link": "link",
            "since": "created_at__gte",
            "until": "created_at__lt",
        }
        asked = {lookups[name]: value for name, value in self.filters().items()}
        return MerchantPayment.objects.visible_to(self.request.user).filter(**asked)

    @extend_schema(
        operation_id="list_merchant_payments",
        summary="List what customers paid",
        parameters=[PaymentFilter],
        examples=[example(examples.PAYMENT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was paid to you, and what was only begun, newest first."""
        return self.list(request)


class PaymentDetail(ApiView):
    serializer_class = MerchantPaymentSerializer
    key_prefix = PAYMENT
    required_scope = PAYMENTS_READ

    @extend_schema(
        operation_id="get_merchant_payment",
        summary="Get a customer's payment",
        examples=[example(examples.PAYMENT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One payment to you, and what became of it."""
        return Response(self.serializer_class(_sold(request, self.key())).data)


class RefundCreate(ApiView):
    serializer_class = MerchantRefundSerializer
    key_prefix = PAYMENT
    permission_classes = (*ApiView.permission_classes, StepUp)
    required_scope = REFUNDS_WRITE
    rate_policies = (MONEY,)
    idempotent = True

    @extend_schema(
        operation_id="refund_merchant_payment",
        summary="Pay a customer back",
        request=RefundInput,
        responses={201: MerchantRefundSerializer},
        examples=[example(examples.REFUND_INPUT, request=True), example(examples.REFUND)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Give back some of a payment, or all of it: to the customer's account at once, to a card by the gateway.

        The state of one to a card is HELD, UNKNOWN or PENDING until the gateway has paid it back (SUCCEEDED) or could
        not (FAILED); you are told by an event.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, sold = self.body(RefundInput), _sold(request, self.key())
        return idempotency.once(request, lambda posting_id: self._refund(order, sold, posting_id))

    def _refund(self, order: dict[str, Any], sold: MerchantPayment, posting_id: UUID) -> Response:
        made = refunds.refund(
            sold=sold, by=person_of(self.request), posting_id=posting_id, at=timezone.now(), **order
        )
        if made.refund_id is not None:
            on_commit(money_in_tasks.settle_refunds.delay, robust=True)
        return Response(self.serializer_class(made).data, status=201)


def person_of(request: Request) -> User | None:
    """Who asks; None for the organisation's own program, which speaks by its key."""
    return request.user if isinstance(request.user, User) else None


def merchant_of(request: Request, merchant_id: UUID | None) -> Merchant:
    """The merchant asked for, or the only one. Raises MerchantNotFound."""
    rows = Merchant.objects.visible_to(request.user)
    found = list(rows.filter(pk=merchant_id) if merchant_id else rows[:2])
    if len(found) != 1:
        raise MerchantNotFound
    return found[0]


def _link(request: Request, link_id: UUID) -> PaymentLink:
    return get_object_or_404(PaymentLink.objects.visible_to(request.user), pk=link_id)


def _sold(request: Request, sold_id: UUID) -> MerchantPayment:
    rows = MerchantPayment.objects.visible_to(request.user).select_related("merchant")
    return get_object_or_404(rows, pk=sold_id)


def _with_accounts(merchants: list[Merchant]) -> list[Merchant]:
    """The same with their accounts, which belong to no person and no organisation's row security shows."""
    with acting_as_service():
        accounts = Account.objects.in_bulk([merchant.account_id for merchant in merchants])
    for merchant in merchants:
        merchant.account = accounts[merchant.account_id]
    return merchants
