"""Plans, and what saving under one would come to. They are everybody's: an organisation's key may look too."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.api.views import ApiView
from savings import projection
from savings.api import examples
from savings.api.plan_serializers import (
    SavingsPlanSerializer,
    SavingsProjectionInput,
    SavingsProjectionSerializer,
)
from savings.api.scopes import SAVINGS_READ
from savings.events import PLAN
from savings.interest import Band, Day, Every, Terms, ends_on
from savings.models import PlanRate, PlanTerms, SavingsPlan
from savings.offers import Offer, has_end, offer_of
from savings.refusals import PlanClosed, SavingInvalid, TakesMoneyOnce
from savings.services.contributing import check_amount
from savings.services.terms import check_length, terms_in_force, value_day
from wallet.refusals import CurrencyMismatch

# What yields are worked out on: 100,000 naira, so that a kobo's rounding does not show.
USUAL = 10_000_000
YEAR = 365


class PlanList(ApiView, ListAPIView[SavingsPlan]):
    serializer_class = SavingsPlanSerializer
    pagination_class = CursorPagination
    cursor_prefix = PLAN
    required_scope = SAVINGS_READ

    def get_queryset(self) -> QuerySet[SavingsPlan]:
        return SavingsPlan.objects.filter(is_open=True)

    @extend_schema(
        operation_id="list_savings_plans", summary="List savings plans", examples=[example(examples.PLAN)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The plans that take new savings, newest first, with what they pay and ask."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(
            SavingsPlanSerializer(shown(page or [], timezone.localdate()), many=True).data
        )


class OnePlan(ApiView):
    serializer_class = SavingsPlanSerializer
    key_prefix = PLAN
    required_scope = SAVINGS_READ

    def plan(self) -> SavingsPlan:
        return get_object_or_404(SavingsPlan, pk=self.key())


class PlanDetail(OnePlan):
    @extend_schema(
        operation_id="get_savings_plan", summary="Get a savings plan", examples=[example(examples.PLAN)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One plan, also one that takes no new savings any more."""
        return Response(SavingsPlanSerializer(shown([self.plan()], timezone.localdate())[0]).data)


class PlanProjection(OnePlan):
    serializer_class = SavingsProjectionSerializer  # type: ignore[assignment]
    rate_policies = (MONEY,)

    @extend_schema(
        operation_id="project_saving",
        summary="Ask what saving would come to",
        request=SavingsProjectionInput,
        responses={200: SavingsProjectionSerializer},
        examples=[example(examples.PROJECTION_INPUT, request=True), example(examples.PROJECTION)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Work out what an amount comes to under a plan, to the kobo, by the rules that its interest is paid by."""
        asked, plan, at = self.body(SavingsProjectionInput), self.plan(), timezone.now()
        if not plan.is_open:
            raise PlanClosed
        if asked["currency"] != plan.currency_id:
            raise CurrencyMismatch
        terms = terms_in_force(plan.pk, value_day(at, None))
        days = _days(plan, terms, asked)
        check_amount(terms, asked["amount"])
        start, monthly = value_day(at, terms.cut_off), asked["monthly"]
        try:
            offer = offer_of(plan, terms, amount=asked["amount"], start=start, days=days, monthly=monthly)
        except ValueError:
            raise SavingInvalid(_("This plan has no rate for such a time."), field="days") from None
        return Response(SavingsProjectionSerializer(projected(offer)).data)


def _days(plan: SavingsPlan, terms: PlanTerms, asked: dict[str, Any]) -> int:
    """For how long, as asked. Raises SavingInvalid, TakesMoneyOnce."""
    if plan.kind == SavingsPlan.Kind.FIXED and asked["monthly"]:
        raise TakesMoneyOnce
    days: int = asked.get("days") or YEAR
    if has_end(plan):
        check_length(terms, days, field="days")
    return days


def projected(offer: Offer) -> dict[str, Any]:
    outcome = offer.outcome
    return {
        "plan": offer.plan.pk,
        "terms": offer.terms.pk,
        "currency": offer.plan.currency_id,
        "starts_on": offer.start,
        "ends_on": offer.end,
        "rate": offer.rate,
        "apy": _rounded(offer.apy),
        "saved": outcome.saved,
        "interest": outcome.interest,
        "tax": outcome.tax,
        "up_front": outcome.up_front.net,
        "comes_to": outcome.comes_to,
        "half_way": {
            "day": offer.mid_term,
            "pays_out": offer.at_mid_term.pays_out,
            "costs": offer.cost_at_mid_term,
        },
        "months": list(_months(outcome.rows)),
    }


def _months(rows: Sequence[Day]) -> Iterable[dict[str, Any]]:
    """A row for the end of each month and for the last day; `balance` is that of the evening, with what was paid."""
    interest = tax = 0
    for row in rows:
        interest, tax = interest + row.paid, tax + row.tax
        if row is rows[-1] or ends_on(Every.MONTH, row.day):
            balance = row.balance + row.paid - row.tax
            yield {"day": row.day, "balance": balance, "interest": interest, "tax": tax}
            interest = tax = 0


def shown(plans: Sequence[SavingsPlan], on: date) -> list[dict[str, Any]]:
    """Plans with their terms of a day and those announced to follow, by the same few queries for any number."""
    now = _by_plan(PlanTerms.objects.filter(plan__in=plans).in_force(on))
    later = PlanTerms.objects.filter(plan__in=plans, from_date__gt=on).order_by("plan_id", "from_date")
    coming = _by_plan(later.distinct("plan_id"))
    return [
        {
            "id": plan.pk,
            "code": plan.code,
            "kind": plan.kind,
            "name": plan.name,
            "summary": plan.summary,
            "currency": plan.currency_id,
            "is_open": plan.is_open,
            "terms": terms_shown(plan, now.get(plan.pk)),
            "next_terms": terms_shown(plan, coming.get(plan.pk)),
        }
        for plan in plans
    ]


def _by_plan(terms: QuerySet[PlanTerms]) -> dict[UUID, PlanTerms]:
    return {each.plan_id: each for each in terms.prefetch_related("rates")}


_SAME = (
    *("from_date", "day_count", "method", "capitalised", "paid", "up_front", "rounding", "tax", "minimum"),
    *("maximum", "shortest", "longest", "cut_off", "free_withdrawals", "withdrawal_fee", "penalty"),
    "penalty_percent",
)


def terms_shown(plan: SavingsPlan, terms: PlanTerms | None) -> dict[str, Any] | None:
    if terms is None:
        return None
    cells = sorted(terms.rates.all(), key=lambda cell: (cell.term.lower, cell.amount.lower))
    rates = [
        {
            "days_from": cell.term.lower,
            "days_below": cell.term.upper,
            "amount_from": cell.amount.lower,
            "amount_below": cell.amount.upper,
            "rate": cell.rate,
            "apy": _yield_of(plan, terms, cell),
        }
        for cell in cells
    ]
    return {"id": terms.pk, **{name: getattr(terms, name) for name in _SAME}, "rates": rates}


def _yield_of(plan: SavingsPlan, terms: PlanTerms, cell: PlanRate) -> Decimal:
    """The yield of one cell: over the shortest time that it is for, or over a year where a plan has no end."""
    days = max(cell.term.lower, terms.shortest or 1) if has_end(plan) else None
    rule = replace(terms.for_term(cell.term.lower), bands=(Band(0, cell.rate),))
    return _yield(rule, terms.from_date, days, terms.up_front)


# Terms never change, so neither does what they yield.
@lru_cache(maxsize=1_000)
def _yield(rule: Terms, start: date, days: int | None, is_up_front: bool) -> Decimal:
    return _rounded(projection.yield_of(rule, amount=USUAL, start=start, days=days, is_up_front=is_up_front))


def _rounded(percent: Decimal) -> Decimal:
    return percent.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
