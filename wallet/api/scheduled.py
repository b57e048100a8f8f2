"""Transfers that are made on a day, or again and again."""

from collections.abc import Callable
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

from accounts import services as accounts
from core import idempotency
from core.api.pagination import CursorPagination
from core.api.schema import example
from wallet import services as wallet
from wallet.api import payout_examples as examples
from wallet.api.bank_accounts import own_bank_account
from wallet.api.money_out import MoneyOutView
from wallet.api.payout_serializers import (
    SCHEDULED,
    ScheduledRunSerializer,
    ScheduledTransferInput,
    ScheduledTransferSerializer,
)
from wallet.api.scopes import SCHEDULED_TRANSFERS_READ, SCHEDULED_TRANSFERS_WRITE
from wallet.api.views import caller, own_account
from wallet.models import ScheduledRun, ScheduledTransfer
from wallet.services import scheduled

Change = Callable[..., ScheduledTransfer]


class ScheduledTransferList(MoneyOutView, ListAPIView[ScheduledTransfer]):
    serializer_class = ScheduledTransferSerializer
    pagination_class = CursorPagination
    cursor_prefix = SCHEDULED
    reads, writes = SCHEDULED_TRANSFERS_READ, SCHEDULED_TRANSFERS_WRITE
    idempotent = True
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[ScheduledTransfer]:
        return ScheduledTransfer.objects.visible_to(self.request.user).select_related("source")

    @extend_schema(
        operation_id="list_scheduled_transfers",
        summary="List your scheduled transfers",
        examples=[example(examples.SCHEDULED)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your scheduled transfers, the newest plan first."""
        return self.list(request)

    @extend_schema(
        operation_id="create_scheduled_transfer",
        summary="Schedule a transfer",
        request=ScheduledTransferInput,
        responses={201: ScheduledTransferSerializer},
        examples=[example(examples.SCHEDULED_INPUT, request=True), example(examples.SCHEDULED)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Have money sent on a day, or again and again, to a person or to one of your bank accounts.

        Each day is paid once. While money is short it is tried three more times within about a day.
        A person's own token needs a second factor proven in its session within five minutes.
        """
        order = self.body(ScheduledTransferInput)
        return idempotency.once(request, lambda chosen: self._plan(order, chosen))

    def _plan(self, order: dict[str, Any], chosen: UUID) -> Response:
        source = own_account(self.request, order.pop("source"), order.pop("currency"))
        recipient, bank_account = order.pop("recipient", None), order.pop("bank_account", None)
        if recipient is not None:
            wallet.count_lookup(user_id=caller(self.request).pk, at=timezone.now())
        planned = scheduled.plan_transfer(
            schedule_id=chosen,
            source=source,
            recipient=None if recipient is None else accounts.find_recipient(text=recipient),
            bank_account=None if bank_account is None else own_bank_account(self.request, bank_account),
            at=timezone.now(),
            **order,
        )
        return Response(self.serializer_class(planned).data, status=201)


class OneSchedule(MoneyOutView):
    serializer_class = ScheduledTransferSerializer
    key_prefix = SCHEDULED
    reads, writes = SCHEDULED_TRANSFERS_READ, SCHEDULED_TRANSFERS_WRITE
    proven = ()

    def schedule(self) -> ScheduledTransfer:
        mine = ScheduledTransfer.objects.visible_to(self.request.user).select_related("source")
        return get_object_or_404(mine, pk=self.key())

    def change(self, by: Change) -> Response:
        by(schedule=self.schedule(), at=timezone.now())
        return Response(ScheduledTransferSerializer(self.schedule()).data)


class ScheduledTransferDetail(OneSchedule):
    @extend_schema(
        operation_id="get_scheduled_transfer",
        summary="Get a scheduled transfer",
        examples=[example(examples.SCHEDULED)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your scheduled transfers."""
        return Response(ScheduledTransferSerializer(self.schedule()).data)

    @extend_schema(
        operation_id="cancel_scheduled_transfer",
        summary="Cancel a scheduled transfer",
        responses={200: ScheduledTransferSerializer},
        examples=[example(examples.SCHEDULED)],
    )
    def delete(self, request: Request, id: str) -> Response:
        """End it for good. What was sent stays sent."""
        return self.change(scheduled.cancel_schedule)


class ScheduledTransferPause(OneSchedule):
    @extend_schema(
        operation_id="pause_scheduled_transfer",
        summary="Pause a scheduled transfer",
        request=None,
        responses={200: ScheduledTransferSerializer},
        examples=[example(examples.SCHEDULED)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Send nothing until it is resumed. What falls between is left out."""
        return self.change(scheduled.pause_schedule)


class ScheduledTransferResume(OneSchedule):
    @extend_schema(
        operation_id="resume_scheduled_transfer",
        summary="Resume a scheduled transfer",
        request=None,
        responses={200: ScheduledTransferSerializer},
        examples=[example(examples.SCHEDULED)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Go on with the next day from today on."""
        return self.change(scheduled.resume_schedule)


class ScheduledTransferSkip(OneSchedule):
    @extend_schema(
        operation_id="skip_scheduled_transfer",
        summary="Skip the next day of a scheduled transfer",
        request=None,
        responses={200: ScheduledTransferSerializer},
        examples=[example(examples.SCHEDULED)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Leave out its next day, and no other. A repeat leaves out the one after it."""
        return self.change(scheduled.skip_next)


class ScheduledRunList(OneSchedule, ListAPIView[ScheduledRun]):
    serializer_class = ScheduledRunSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_field = "due_date"

    def get_queryset(self) -> QuerySet[ScheduledRun]:
        return ScheduledRun.objects.visible_to(self.request.user).filter(schedule=self.schedule())

    @extend_schema(
        operation_id="list_scheduled_runs",
        summary="List the days of a scheduled transfer",
        examples=[example(examples.RUN)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each day that has come, and what became of it, the latest first."""
        return self.list(request)
