"""Saving automatically: set up, changed, paused, resumed, skipped, stopped."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.ids import uuid7
from savings.api import examples
from savings.api.automatic_serializers import (
    AutomaticRunSerializer,
    AutomaticSavingChange,
    AutomaticSavingInput,
    AutomaticSavingSerializer,
    facts_of,
)
from savings.api.base import OneSaving, check_currency, inner, inner_key
from savings.api.serializers import ReasonInput
from savings.events import AUTOMATIC
from savings.models import AutoRun, AutoSaving, UserSavings
from savings.services import automatic as services
from wallet.api.callers import caller

_AUTOMATIC = inner("automatic", AUTOMATIC)


class AutomaticList(OneSaving, ListAPIView[AutoSaving]):
    serializer_class = AutomaticSavingSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = AUTOMATIC
    idempotent = True

    def get_queryset(self) -> QuerySet[AutoSaving]:
        return AutoSaving.objects.filter(saving=self.saving()).select_related("saving__plan")

    @extend_schema(
        operation_id="list_automatic_savings",
        summary="List how a saving is paid into by itself",
        examples=[example(examples.AUTOMATIC)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those that are on or paused, and those that have ended; newest first."""
        return self.list(request)

    @extend_schema(
        operation_id="create_automatic_saving",
        summary="Save automatically",
        request=AutomaticSavingInput,
        responses={201: AutomaticSavingSerializer},
        examples=[example(examples.AUTOMATIC_INPUT, request=True), example(examples.AUTOMATIC)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Have a saving paid into by itself: a fixed amount, what rounding up payments leaves, or what is over.

        Each day is saved once. While money is short it is tried again after one, three and five days, then skipped.
        """
        order, saving = self.body(AutomaticSavingInput), self.saving()
        return idempotency.once(request, lambda _posting_id: self._plan(saving, order))

    def _plan(self, saving: UserSavings, order: dict[str, Any]) -> Response:
        check_currency(saving, order["currency"])
        planned = services.plan_automatic(
            automatic_id=uuid7(),
            saving_id=saving.pk,
            user=caller(self.request),
            at=timezone.now(),
            **facts_of(order),
        )
        return Response(AutomaticSavingSerializer(planned).data, status=201)


class OneAutomatic(OneSaving):
    serializer_class = AutomaticSavingSerializer  # type: ignore[assignment]

    def automatic(self) -> AutoSaving:
        rows = AutoSaving.objects.filter(saving=self.saving()).select_related("saving__plan")
        return get_object_or_404(rows, pk=inner_key(AUTOMATIC, self.kwargs["automatic"]))

    def change(self, by: Callable[..., object], **facts: Any) -> Response:
        by(automatic=self.automatic(), user=caller(self.request), at=timezone.now(), **facts)
        return Response(AutomaticSavingSerializer(self.automatic()).data)


class AutomaticDetail(OneAutomatic):
    @extend_schema(
        operation_id="get_automatic_saving",
        summary="Get an automatic saving",
        parameters=[_AUTOMATIC],
        examples=[example(examples.AUTOMATIC)],
    )
    def get(self, request: Request, id: str, automatic: str) -> Response:
        """One way in which a saving of yours is paid into by itself."""
        return Response(AutomaticSavingSerializer(self.automatic()).data)

    @extend_schema(
        operation_id="change_automatic_saving",
        summary="Change an automatic saving",
        request=AutomaticSavingChange,
        responses={200: AutomaticSavingSerializer},
        parameters=[_AUTOMATIC],
        examples=[example(examples.AUTOMATIC_CHANGE, request=True), example(examples.AUTOMATIC)],
    )
    def patch(self, request: Request, id: str, automatic: str) -> Response:
        """Save another amount from now on, or one that follows the target."""
        order = self.body(AutomaticSavingChange)
        check_currency(self.automatic().saving, order["currency"])
        return self.change(services.change_amount, **facts_of(order))


class AutomaticPause(OneAutomatic):
    @extend_schema(
        operation_id="pause_automatic_saving",
        summary="Pause an automatic saving",
        request=ReasonInput,
        parameters=[_AUTOMATIC],
        examples=[example(examples.PAUSE_INPUT, request=True), example(examples.AUTOMATIC)],
    )
    def post(self, request: Request, id: str, automatic: str) -> Response:
        """Save nothing by it until it is resumed. What falls between is left out."""
        return self.change(services.pause_automatic, **self.body(ReasonInput))


class AutomaticResume(OneAutomatic):
    @extend_schema(
        operation_id="resume_automatic_saving",
        summary="Resume an automatic saving",
        request=None,
        parameters=[_AUTOMATIC],
        examples=[example(examples.AUTOMATIC)],
    )
    def post(self, request: Request, id: str, automatic: str) -> Response:
        """Go on with the next day from today on."""
        return self.change(services.resume_automatic)


class AutomaticSkip(OneAutomatic):
    @extend_schema(
        operation_id="skip_automatic_saving",
        summary="Skip the next day of an automatic saving",
        request=ReasonInput,
        parameters=[_AUTOMATIC],
        examples=[example(examples.PAUSE_INPUT, request=True), example(examples.AUTOMATIC)],
    )
    def post(self, request: Request, id: str, automatic: str) -> Response:
        """Leave out its next day, and no other. A repeat leaves out the one after it."""
        return self.change(services.skip_next, **self.body(ReasonInput))


class AutomaticStop(OneAutomatic):
    @extend_schema(
        operation_id="stop_automatic_saving",
        summary="Stop an automatic saving",
        request=ReasonInput,
        parameters=[_AUTOMATIC],
        examples=[example(examples.PAUSE_INPUT, request=True), example(examples.AUTOMATIC)],
    )
    def post(self, request: Request, id: str, automatic: str) -> Response:
        """End it for good. What was saved stays saved."""
        return self.change(services.stop_automatic, **self.body(ReasonInput))


class RunList(OneAutomatic, ListAPIView[AutoRun]):
    serializer_class = AutomaticRunSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_field = "due_date"

    def get_queryset(self) -> QuerySet[AutoRun]:
        return AutoRun.objects.filter(automatic=self.automatic())

    @extend_schema(
        operation_id="list_automatic_runs",
        summary="List the days of an automatic saving",
        parameters=[_AUTOMATIC],
        examples=[example(examples.RUN)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each day that has come, and what became of it, the latest first."""
        return self.list(request)
