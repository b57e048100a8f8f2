"""Money into a saving and out of it, and the interest of its days."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core import idempotency
from core.api.pagination import MAX_LIMIT, CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.ids import nth
from savings import services
from savings.api import examples
from savings.api.base import OneSaving, check_currency
from savings.api.serializers import (
    AccrualSerializer,
    ContributionInput,
    ContributionSerializer,
    CorrectionSerializer,
    CostQuery,
    SavingWithdrawalInput,
    SavingWithdrawalSerializer,
    WithdrawalCostSerializer,
)
from savings.events import CORRECTION, MOVEMENT
from savings.models import Accrual, Move, Replay, UserSavings
from savings.services.terms import terms_of, value_day
from wallet.api.callers import caller

Kind = Move.Kind


class ContributionList(OneSaving, ListAPIView[Move]):
    serializer_class = ContributionSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix, cursor_field = MOVEMENT, "posting_id"
    rate_policies = (MONEY,)
    idempotent = True

    def get_queryset(self) -> QuerySet[Move]:
        return _moves(self.saving()).filter(amount__gt=0)

    @extend_schema(
        operation_id="list_contributions",
        summary="List what was saved",
        examples=[example(examples.CONTRIBUTION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What came into a saving, newest first. Its interest stands in its accruals."""
        return self.list(request)

    @extend_schema(
        operation_id="create_contribution",
        summary="Save more",
        request=ContributionInput,
        responses={201: ContributionSerializer},
        examples=[example(examples.CONTRIBUTION_INPUT, request=True), example(examples.CONTRIBUTION)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Move money from your wallet into a saving. The first begins a DRAFT."""
        order, saving = self.body(ContributionInput), self.saving()
        return idempotency.once(request, lambda posting_id: self._save(saving, order, posting_id))

    def _save(self, saving: UserSavings, order: dict[str, Any], posting_id: UUID) -> Response:
        check_currency(saving, order["currency"])
        move = services.contribute(
            saving_id=saving.pk,
            user=caller(self.request),
            amount=order["amount"],
            posting_id=posting_id,
            at=timezone.now(),
        )
        return Response(ContributionSerializer(_moves(saving).get(pk=move.pk)).data, status=201)


class WithdrawalList(OneSaving, ListAPIView[Move]):
    serializer_class = SavingWithdrawalSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix, cursor_field = MOVEMENT, "posting_id"
    rate_policies = (MONEY,)
    idempotent = True
    proven = ("POST",)

    def get_queryset(self) -> QuerySet[Move]:
        return _moves(self.saving()).filter(amount__lt=0, kind__in=(Kind.WITHDRAWAL, Kind.REVERSAL))

    @extend_schema(
        operation_id="list_saving_withdrawals",
        summary="List what was taken out",
        examples=[example(examples.WITHDRAWAL)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What left a saving for your wallet, newest first; when it ended, all of it."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(taken_out(page or []))

    @extend_schema(
        operation_id="create_saving_withdrawal",
        summary="Take money out",
        request=SavingWithdrawalInput,
        responses={201: SavingWithdrawalSerializer},
        examples=[example(examples.WITHDRAWAL_INPUT, request=True), example(examples.WITHDRAWAL)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Move a part of a saving to your wallet, at once.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, saving = self.body(SavingWithdrawalInput), self.saving()
        return idempotency.once(request, lambda posting_id: self._take(saving, order, posting_id))

    def _take(self, saving: UserSavings, order: dict[str, Any], posting_id: UUID) -> Response:
        check_currency(saving, order["currency"])
        move = services.withdraw(
            saving_id=saving.pk,
            user=caller(self.request),
            amount=order["amount"],
            posting_id=posting_id,
            expected_fee=order.get("expected_fee"),
            at=timezone.now(),
        )
        return Response(taken_out([_moves(saving).get(pk=move.pk)])[0], status=201)


class WithdrawalCost(OneSaving):
    serializer_class = WithdrawalCostSerializer  # type: ignore[assignment]
    filter_serializer = CostQuery

    @extend_schema(
        operation_id="get_withdrawal_cost",
        summary="Ask what taking out costs",
        parameters=[CostQuery],
        examples=[example(examples.COST)],
    )
    def get(self, request: Request, id: str) -> Response:
        """What taking an amount out costs now. Whether it may be taken out is not said."""
        asked, saving, at = self.filters(), self.saving(), timezone.now()
        terms = terms_of(saving, timezone.localdate(at))
        on = value_day(at, terms.cut_off)
        cost = services.cost_of(saving=saving, terms=terms, amount=asked["amount"], on=on)
        facts = {"amount": cost.amount, "fee": cost.fee, "total": cost.total, "free_left": cost.free_left}
        return Response(WithdrawalCostSerializer({**facts, "currency": saving.plan.currency_id}).data)


class AccrualList(OneSaving, ListAPIView[Accrual]):
    serializer_class = AccrualSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_field = "day"

    def get_queryset(self) -> QuerySet[Accrual]:
        return _days(self.saving(), caller(self.request), self.request)

    @extend_schema(
        operation_id="list_accruals",
        summary="List the interest of a saving's days",
        examples=[example(examples.ACCRUAL)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each day that is over, the latest first, to ten places of a kobo. They add up to what was paid."""
        return self.list(request)


class CorrectionList(OneSaving, ListAPIView[Replay]):
    serializer_class = CorrectionSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = CORRECTION

    def get_queryset(self) -> QuerySet[Replay]:
        return Replay.objects.filter(saving=self.saving())

    @extend_schema(
        operation_id="list_saving_corrections",
        summary="List what was put right",
        examples=[example(examples.CORRECTION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """From which days on the interest of a saving was worked out anew; newest first."""
        return self.list(request)


def _moves(saving: UserSavings) -> QuerySet[Move]:
    return Move.objects.filter(saving=saving).select_related("saving__plan")


def taken_out(moves: Iterable[Move]) -> list[dict[str, Any]]:
    """Withdrawals with what each cost, which stands in the same posting."""
    moves = list(moves)
    costs = {nth(move.pk, 1): move.pk for move in moves}
    found = Move.objects.filter(pk__in=costs, kind=Kind.FEE).values_list("pk", "amount")
    fees = {costs[pk]: -amount for pk, amount in found}
    return list(SavingWithdrawalSerializer(moves, many=True, context={"fees": fees}).data)


def _days(saving: UserSavings, saver: User, request: Request) -> QuerySet[Accrual]:
    """The saving's days among which a page from this cursor lies: they are found by their ids, one for each day.

    What is no cursor is refused by the pagination.
    """
    if saving.opened_on is None:
        return Accrual.objects.none()
    first, after = saving.opened_on, _first_open_day(saving, saver)
    older, newer = (_day(request.query_params.get(name)) for name in ("starting_after", "ending_before"))
    page = timedelta(days=MAX_LIMIT + 1)
    if newer is not None:
        first = max(first, newer)
        after = min(after, first + page + date.resolution)
    else:
        after = min(after, older or after)
        first = max(first, after - page)
    return Accrual.objects.of(saving, since=first, before=after)


def _first_open_day(saving: UserSavings, saver: User) -> date:
    [position] = services.positions_of(user=saver, savings=[saving]).values()
    if position.next_day is not None:
        return position.next_day
    ended = timezone.localdate(saving.ended_at)
    return min(ended, saving.matures_on or ended)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
