"""Looking for a loan: what is lent, and what one would come to. An organisation's key may look too."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from credit import comparing
from credit.api import borrower_examples as examples
from credit.api.product_serializers import (
    CalculationInput,
    CalculationSerializer,
    LoanProductSerializer,
    ProductFilter,
    ProductQuery,
    rules_shown,
)
from credit.api.scopes import CREDIT_READ
from credit.events import PRODUCT
from credit.key_facts import shown
from credit.models import LoanProduct, ProductTerms, Provider
from credit.pricing import Priced
from credit.product_rules import ProductRules
from credit.standing import Row
from credit.terms_data import late_of, rules_of
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import CurrencyMismatch
from wallet.services import Limits

CURRENCY = "NGN"


def lent(on: date) -> QuerySet[LoanProduct]:
    """Products that are lent on a day."""
    terms = ProductTerms.objects.filter(product=OuterRef("pk"), from_date__lte=on)
    return LoanProduct.objects.filter(Exists(terms), is_open=True, provider__in=Provider.objects.lending(on))


class ProductList(ApiView, ListAPIView[LoanProduct]):
    serializer_class = LoanProductSerializer
    filter_serializer = ProductFilter
    pagination_class = CursorPagination
    cursor_prefix = PRODUCT
    required_scope = CREDIT_READ

    def get_queryset(self) -> QuerySet[LoanProduct]:
        found = lent(timezone.localdate())
        lender = self.filters().get("lender")
        return found if lender is None else found.filter(provider=lender)

    @extend_schema(
        operation_id="list_loan_products",
        summary="List loan products",
        parameters=[ProductFilter],
        examples=[example(examples.PRODUCT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All that is lent today, newest first; with an amount, what it costs at most and at least under each.

        Nothing is asked of a credit bureau here.
        """
        page = self.paginate_queryset(self.get_queryset()) or []
        data = products(request, page, self.filters())
        return self.get_paginated_response(LoanProductSerializer(data, many=True).data)


class ProductDetail(ApiView):
    serializer_class = LoanProductSerializer
    filter_serializer = ProductQuery
    key_prefix = PRODUCT
    required_scope = CREDIT_READ

    @extend_schema(
        operation_id="get_loan_product",
        summary="Get a loan product",
        parameters=[ProductQuery],
        examples=[example(examples.PRODUCT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One product that is lent today."""
        found = get_object_or_404(lent(timezone.localdate()), pk=self.key())
        return Response(LoanProductSerializer(products(request, [found], self.filters())[0]).data)


class Calculation(ApiView):
    serializer_class = CalculationSerializer
    required_scope = CREDIT_READ
    rate_policies = (MONEY,)
    also_answers = (404,)

    @extend_schema(
        operation_id="calculate_loan",
        summary="Work a loan out",
        request=CalculationInput,
        responses={200: CalculationSerializer},
        examples=[example(examples.CALCULATION_INPUT, request=True), example(examples.CALCULATION)],
    )
    def post(self, request: Request) -> Response:
        """What a loan would come to, instalment by instalment, to the kobo. Nothing is kept."""
        asked, today = self.body(CalculationInput), timezone.localdate()
        if asked["currency"] != CURRENCY:
            raise CurrencyMismatch
        terms = _terms_asked(asked, today)
        rate = asked.get("rate", terms.highest_rate if terms else None)
        if rate is None:
            raise _invalid("rate", _("Give a rate, or name a product."), "required")
        found = comparing.priced(
            rules_of(terms.rules) if terms else ProductRules(),
            asked["amount"],
            asked["count"],
            rate,
            today,
            terms.fee_percent if terms else asked.get("fee_percent", comparing.NONE),
            terms.fee_fixed if terms else 0,
        )
        if found is None:
            raise _invalid("amount", _("There is no such loan: its fee would eat it up."))
        return Response(CalculationSerializer(calculated(asked, terms, rate, found, today)).data)


def _terms_asked(asked: dict[str, Any], on: date) -> ProductTerms | None:
    """The product's terms of today, where one is named. Raises Http404, ValidationError for what it does not lend."""
    if "product" not in asked:
        return None
    product = get_object_or_404(lent(on), pk=asked["product"])
    terms = ProductTerms.objects.in_force(on).select_related("product").get(product=product)
    if "fee_percent" in asked:
        raise _invalid("fee_percent", _("The product has a fee of its own."))
    for bar in comparing.lends(terms, asked["amount"], asked["count"]):
        field = {comparing.Bar.TERM: "count", comparing.Bar.RHYTHM: "product"}.get(bar, "amount")
        raise _invalid(field, _("This product lends nothing like it."))
    if "rate" in asked and not terms.lowest_rate <= asked["rate"] <= terms.highest_rate:
        raise _invalid("rate", _("This product has no such rate."))
    return terms


def _invalid(field: str, words: str, code: str = "invalid") -> ValidationError:
    return ValidationError({field: [ErrorDetail(words, code=code)]})


def products(request: Request, found: Sequence[LoanProduct], asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Products with their terms of today and what was asked for, by the same few queries for any number."""
    today = timezone.localdate()
    in_force = ProductTerms.objects.in_force(today).filter(product__in=found)
    terms = {one.product_id: one for one in in_force.select_related("product__provider")}
    figures: dict[Any, dict[str, Any]] = {}
    if "amount" in asked:
        amount, count = asked["amount"], asked["count"]
        listings = comparing.compare(
            [*terms.values()], amount=amount, count=count, on=today, limits=_limits(request)
        )
        figures = {one.terms.product_id: _figures(one, amount, count) for one in listings}
    return [_product(terms[one.pk], figures.get(one.pk)) for one in found]


def _limits(request: Request) -> Limits | None:
    """What the caller's wallet may hold; None for a key, or who has none yet."""
    if not isinstance(request.user, User):
        return None
    wallets = Account.objects.visible_to(request.user)
    own = wallets.filter(kind=Account.Kind.WALLET, currency=CURRENCY).first()
    return wallet.limits_of(account=own, at=timezone.now()) if own else None


def _product(terms: ProductTerms, figures: dict[str, Any] | None) -> dict[str, Any]:
    product = terms.product
    return {
        "id": product.pk,
        "lender": product.provider,
        "name": product.name,
        "summary": product.summary,
        "currency": product.currency_id,
        "terms": terms_shown(terms),
        "figures": figures,
    }


_SAME = (
    *("from_date", "least", "most", "shortest", "longest", "lowest_rate", "highest_rate"),
    *("fee_percent", "fee_fixed", "cooling_off_days", "conditions"),
)


def terms_shown(terms: ProductTerms) -> dict[str, Any]:
    rules = rules_of(terms.rules)
    return {
        **{name: getattr(terms, name) for name in _SAME},
        "method": rules.method,
        "rhythm": rules.rhythm,
        "every": rules.every,
        "rules": rules_shown(rules),
        "late_charge": late_of(terms.late),
    }


def _figures(one: comparing.Listing, amount: int, count: int) -> dict[str, Any]:
    terms = one.terms
    return {
        "amount": amount,
        "count": count,
        "bars": [str(bar) for bar in one.bars],
        "at_highest_rate": cost_shown(one.most, terms.highest_rate) if one.most else None,
        "at_lowest_rate": cost_shown(one.least, terms.lowest_rate) if one.least else None,
    }


def cost_shown(priced: Priced, rate: Decimal) -> dict[str, Any]:
    cost = priced.cost
    return {
        "rate": rate,
        "apr": shown(cost.aprc),
        "received": cost.received,
        "fees": cost.fees,
        "interest": cost.interest,
        "total_payable": cost.payable,
        "instalment": comparing.highest_payment(priced),
    }


def calculated(
    asked: dict[str, Any], terms: ProductTerms | None, rate: Decimal, found: Priced, on: date
) -> dict[str, Any]:
    return {
        "product": terms.product_id if terms else None,
        "amount": asked["amount"],
        "currency": asked["currency"],
        "count": asked["count"],
        "cost": cost_shown(found, rate),
        "starts_on": on,
        "instalments": instalments_shown(found.rows, asked["amount"]),
    }


def instalments_shown(rows: Sequence[Row], amount: int) -> list[dict[str, Any]]:
    shown_rows, left = [], amount
    for row in rows:
        left -= row.principal
        shown_rows.append(
            {
                "number": row.number,
                "due_date": row.due,
                "interest": row.interest,
                "principal": row.principal,
                "payment": row.payment,
                "left": left,
            }
        )
    return shown_rows
