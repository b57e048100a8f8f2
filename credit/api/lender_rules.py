"""Who lends, what it lends, and its rules for automatic offers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.schema import example
from credit.api import lender_examples as examples
from credit.api.lender_base import LenderFilter, LenderView
from credit.api.lender_serializers import (
    LendingOrganizationSerializer,
    LendingProductSerializer,
    LendingRuleInput,
    LendingRuleSerializer,
    LendingSummarySerializer,
)
from credit.events import PRODUCT, PROVIDER, RULE
from credit.models import AutoRule, LoanProduct, ProductTerms, Provider
from credit.services import lender_reports, rules
from credit.services.products import ProductNotFound
from credit.services.rules import RuleNotFound

YEAR = timedelta(days=366)


class LenderList(LenderView, ListAPIView[Provider]):
    serializer_class = LendingOrganizationSerializer
    filter_serializer = None
    pagination_class = CursorPagination
    cursor_prefix = PROVIDER
    also_answers = ()

    def get_queryset(self) -> QuerySet[Provider]:
        return Provider.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="list_lenders", summary="List your lenders", examples=[example(examples.LENDER)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your organisations that lend, newest first; for a key, its own."""
        return self.list(request)


class Summary(LenderView):
    serializer_class = LendingSummarySerializer

    @extend_schema(
        operation_id="get_lending_summary",
        summary="See how the lender's money does",
        parameters=[LenderFilter],
        examples=[example(examples.SUMMARY)],
    )
    def get(self, request: Request) -> Response:
        """What can be lent, what is out, what came back and what is late; by the month for a year."""
        provider = self.lender()
        since = (timezone.localdate() - YEAR).replace(day=1)
        told = {
            **vars(lender_reports.standing_of(provider)),
            "lender": provider.pk,
            "currency": "NGN",
            "buckets": lender_reports.buckets_of(provider),
            "months": lender_reports.months_of(provider, since=since),
        }
        return Response(self.serializer_class(told).data)


class ProductList(LenderView, ListAPIView[LoanProduct]):
    serializer_class = LendingProductSerializer
    pagination_class = CursorPagination
    cursor_prefix = PRODUCT

    queryset = LoanProduct.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[LoanProduct]:
        return LoanProduct.objects.filter(provider=self.lender())

    def paginate_queryset(self, queryset: QuerySet[LoanProduct]) -> list[LoanProduct]:  # type: ignore[override]
        return _with_terms(super().paginate_queryset(queryset))

    @extend_schema(
        operation_id="list_lending_products",
        summary="List your products",
        parameters=[LenderFilter],
        examples=[example(examples.PRODUCT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What you lend, newest first, with the terms in force."""
        return self.list(request)


class ProductDetail(LenderView):
    serializer_class = LendingProductSerializer
    key_prefix = PRODUCT

    @extend_schema(
        operation_id="get_lending_product",
        summary="Get a product",
        parameters=[LenderFilter],
        examples=[example(examples.PRODUCT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your products, with the terms in force."""
        product = get_object_or_404(LoanProduct, provider=self.lender(), pk=self.key())
        return Response(self.serializer_class(_with_terms([product])[0]).data)


class RuleList(LenderView, ListAPIView[AutoRule]):
    serializer_class = LendingRuleSerializer
    pagination_class = CursorPagination
    cursor_prefix = RULE
    idempotent = True

    queryset = AutoRule.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[AutoRule]:
        return AutoRule.objects.filter(provider=self.lender())

    @extend_schema(
        operation_id="list_lending_rules",
        summary="List your rules",
        parameters=[LenderFilter],
        examples=[example(examples.RULE)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your rules for automatic offers, newest first, those that ended too."""
        return self.list(request)

    @extend_schema(
        operation_id="create_lending_rule",
        summary="Make a rule",
        request=LendingRuleInput,
        responses={201: LendingRuleSerializer},
        examples=[example(examples.RULE_INPUT, request=True), example(examples.RULE)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Have a product offered by itself to whoever meets the conditions. It is tried after your other rules.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(LendingRuleInput)
        return idempotency.once(request, lambda _rule_id: self._make(order))

    def _make(self, order: dict[str, Any]) -> Response:
        provider = self.lender(order.pop("lender", None))
        product = LoanProduct.objects.filter(provider=provider, pk=order.pop("product")).first()
        if product is None:
            raise ProductNotFound
        rule = rules.add_rule(
            provider=provider, by=self.caller(), product=product, at=timezone.now(), **order
        )
        rule.refresh_from_db()
        return Response(self.serializer_class(rule).data, status=201)


class OneRule(LenderView):
    serializer_class = LendingRuleSerializer
    key_prefix = RULE

    def rule(self) -> AutoRule:
        """Raises Http404, also for another's; RuleNotFound for one that has ended."""
        mine = Provider.objects.visible_to(self.request.user)
        found = AutoRule.objects.filter(pk=self.key(), provider__in=mine)
        rule = found.select_related("provider").first()
        if rule is None:
            raise Http404
        if self.request.method == "POST" and rule.ended_at is not None:
            raise RuleNotFound
        return rule

    def switch(self, *, is_on: bool) -> Response:
        rule = self.rule()
        switched = rules.switch_rule(provider=rule.provider, by=self.caller(), rule_id=rule.pk, is_on=is_on)
        return Response(self.serializer_class(switched).data)


class RuleDetail(OneRule):
    filter_serializer = None

    @extend_schema(operation_id="get_lending_rule", summary="Get a rule", examples=[example(examples.RULE)])
    def get(self, request: Request, id: str) -> Response:
        """One of your rules."""
        return Response(self.serializer_class(self.rule()).data)


class RulePause(OneRule):
    # It promises nothing.
    proven = ()

    @extend_schema(
        operation_id="pause_lending_rule",
        summary="Let a rule rest",
        request=None,
        examples=[example({**examples.RULE, "is_on": False})],
    )
    def post(self, request: Request, id: str) -> Response:
        """It makes no more offers until it is resumed; those it made stand. Pausing twice is pausing once."""
        return self.switch(is_on=False)


class RuleResume(OneRule):
    @extend_schema(
        operation_id="resume_lending_rule",
        summary="Let a rule offer again",
        request=None,
        examples=[example(examples.RULE)],
    )
    def post(self, request: Request, id: str) -> Response:
        """It makes offers again.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        return self.switch(is_on=True)


class RuleEnd(OneRule):
    proven = ()

    @extend_schema(
        operation_id="end_lending_rule",
        summary="End a rule",
        request=None,
        examples=[example({**examples.RULE, "is_on": False, "ended_at": examples.AT})],
    )
    def post(self, request: Request, id: str) -> Response:
        """End a rule for ever; what it offered stands."""
        rule = self.rule()
        ended = rules.end_rule(provider=rule.provider, by=self.caller(), rule_id=rule.pk, at=timezone.now())
        return Response(self.serializer_class(ended).data)


def _with_terms(products: list[LoanProduct]) -> list[LoanProduct]:
    with acting_as_service():
        held = ProductTerms.objects.filter(product__in=products).in_force(timezone.localdate())
        terms: dict[UUID, ProductTerms] = {each.product_id: each for each in held}
    for product in products:
        product.in_force = terms.get(product.pk)  # type: ignore[attr-defined]
    return products
