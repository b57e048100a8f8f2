"""A person's savings: what they have, opening one, and what they say of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.pagination import CursorPagination
from core.api.ratelimit import MONEY
from core.api.schema import example
from core.ids import uuid7
from savings import services
from savings.api import examples
from savings.api.base import OneSaving, SavingsView
from savings.api.serializers import (
    ReasonInput,
    SavingChange,
    SavingFilter,
    SavingInput,
    SavingSerializer,
)
from savings.cards import cards_of
from savings.events import SAVING
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.refusals import SavingInvalid, TermsChanged
from savings.services import Wish
from wallet.api.callers import caller
from wallet.refusals import CurrencyMismatch


class SavingList(SavingsView, ListAPIView[UserSavings]):
    serializer_class = SavingSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = SAVING
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (404,)

    @property
    def filter_serializer(self) -> type[SavingFilter] | None:  # type: ignore[override]
        return SavingFilter if self.request.method == "GET" else None

    def get_queryset(self) -> QuerySet[UserSavings]:
        return self.savings().filter(**self.filters())

    @extend_schema(
        operation_id="list_savings",
        summary="List your savings",
        parameters=[SavingFilter],
        examples=[example(examples.SAVING)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your savings, newest first, also those that have ended."""
        page = self.paginate_queryset(self.get_queryset())
        cards = cards_of(caller(request), page or [], on=timezone.localdate())
        return self.get_paginated_response(SavingSerializer(cards, many=True).data)

    @extend_schema(
        operation_id="open_saving",
        summary="Open a saving",
        request=SavingInput,
        responses={201: SavingSerializer},
        examples=[example(examples.SAVING_INPUT, request=True), example(examples.SAVING)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Open a saving, and pay its first amount from your wallet.

        Without an amount it stays a DRAFT, which begins with the first money that is saved in it.
        """
        order = self.body(SavingInput)
        return idempotency.once(request, lambda posting_id: self._open(order, posting_id))

    def _open(self, order: dict[str, Any], posting_id: UUID) -> Response:
        plan = get_object_or_404(SavingsPlan, pk=order.pop("plan"))
        if order.pop("currency") != plan.currency_id:
            raise CurrencyMismatch
        if plan.kind == SavingsPlan.Kind.GROUP:
            raise SavingInvalid(_("Whoever saves together joins a group, in Alajo itself."), field="plan")
        shown = order.pop("terms", None)
        terms = None if shown is None else PlanTerms.objects.filter(pk=shown, plan=plan).first()
        if shown is not None and terms is None:
            raise TermsChanged
        me, amount = caller(self.request), order.pop("amount", 0)
        saving = services.open_saving(
            saving_id=uuid7(),
            user=me,
            plan=plan,
            wish=Wish(**order),
            amount=amount,
            posting_id=posting_id,
            terms=terms,
            at=timezone.now(),
        )
        cards = cards_of(me, [self.savings().get(pk=saving.pk)], on=timezone.localdate())
        return Response(SavingSerializer(cards[0]).data, status=201)


class SavingDetail(OneSaving):
    @extend_schema(operation_id="get_saving", summary="Get a saving", examples=[example(examples.SAVING)])
    def get(self, request: Request, id: str) -> Response:
        """One of your savings, as it stands now."""
        return self.answer(self.saving().pk)

    @extend_schema(
        operation_id="change_saving",
        summary="Change a saving",
        request=SavingChange,
        responses={200: SavingSerializer},
        examples=[example(examples.SAVING_CHANGE, request=True), example(examples.SAVING)],
    )
    def patch(self, request: Request, id: str) -> Response:
        """Give it another name, say what happens at its end, or move that to a later day."""
        facts, saving = self.body(SavingChange), self.saving()
        about: dict[str, Any] = {"saving_id": saving.pk, "user": caller(request), "at": timezone.now()}
        with transaction.atomic():
            if "name" in facts:
                services.rename_saving(name=facts["name"], **about)
            if "at_maturity" in facts:
                services.choose_at_maturity(choice=facts["at_maturity"], **about)
            if "matures_on" in facts:
                services.extend_saving(matures_on=facts["matures_on"], **about)
        return self.answer(saving.pk)


class Step(OneSaving):
    """One step of a saving by its holder's word."""

    def take(self, service: Callable[..., UserSavings], **facts: Any) -> Response:
        saving = self.saving()
        service(saving_id=saving.pk, user=caller(self.request), at=timezone.now(), **facts)
        return self.answer(saving.pk)


class SavingPause(Step):
    @extend_schema(
        operation_id="pause_saving",
        summary="Pause a saving",
        request=ReasonInput,
        examples=[example(examples.PAUSE_INPUT, request=True), example(examples.SAVING)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Save nothing by itself until it is resumed. It goes on earning, and you may go on adding to it."""
        return self.take(services.pause_saving, **self.body(ReasonInput))


class SavingResume(Step):
    @extend_schema(
        operation_id="resume_saving",
        summary="Resume a saving",
        request=None,
        examples=[example(examples.SAVING)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Go on saving by itself. What fell into the pause is left out."""
        return self.take(services.resume_saving)


class SavingCancel(Step):
    @extend_schema(
        operation_id="cancel_saving",
        summary="Cancel a saving",
        request=None,
        examples=[example(examples.SAVING)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Give up a DRAFT. One with money in it is ended by a closing quote."""
        return self.take(services.cancel_saving)
