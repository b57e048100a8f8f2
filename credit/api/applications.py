"""A person's applications: begun, answered in parts, sent, given up; and what was asked back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.ids import uuid7
from credit import application_rules as rules
from credit.api import borrower_examples as examples
from credit.api.application_serializers import (
    AnswerInput,
    LoanApplicationChange,
    LoanApplicationDetailSerializer,
    LoanApplicationFilter,
    LoanApplicationInput,
    LoanApplicationSerializer,
    WithdrawInput,
)
from credit.api.borrower import BorrowerView, OfApplication, inner, inner_key
from credit.api.products import CURRENCY
from credit.application_tasks import tasks_of
from credit.events import APPLICATION, QUESTION
from credit.models import Application, Bid, Question
from credit.services import applying, consenting
from credit.services.applying import ApplicationInvalid
from credit.states import State
from wallet.api.callers import caller
from wallet.refusals import CurrencyMismatch


def own_applications(request: Request) -> QuerySet[Application]:
    """The caller's, each with its loan and the number of its open offers."""
    live = Q(bids__state=Bid.State.LIVE, bids__expires_at__gt=timezone.now())
    mine = Application.objects.visible_to(request.user).select_related("loan")
    return mine.annotate(offers=Count("bids", filter=live))


def detail(request: Request, application_id: UUID) -> dict[str, Any]:
    """An application as it is now, with what is missing and what was asked. Raises Http404."""
    questions = Prefetch("questions", Question.objects.order_by("id"))
    found = own_applications(request).prefetch_related(questions).filter(pk=application_id).first()
    if found is None:
        raise Http404
    missing = _missing(found) if found.state == State.DRAFT else []
    return dict(LoanApplicationDetailSerializer(found, context={"missing": missing}).data)


def _missing(application: Application) -> list[str]:
    at = timezone.now()
    with acting_as_service():
        limits = applying.limits(application, at=at)
    given = consenting.standing(application, at=at)
    tasks = tasks_of(application, given=given.keys(), limits=limits, on=timezone.localdate(at))
    return [task.slug for task in tasks if not task.is_done]


class ApplicationList(BorrowerView, ListAPIView[Application]):
    serializer_class = LoanApplicationSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = APPLICATION
    idempotent = True

    @property
    def filter_serializer(self) -> type[LoanApplicationFilter] | None:  # type: ignore[override]
        return LoanApplicationFilter if self.request.method == "GET" else None

    def get_queryset(self) -> QuerySet[Application]:
        return own_applications(self.request).filter(**self.filters())

    @extend_schema(
        operation_id="list_loan_applications",
        summary="List your loan applications",
        parameters=[LoanApplicationFilter],
        examples=[example(examples.APPLICATION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your applications, newest first, also those that became loans or are over."""
        return self.list(request)

    @extend_schema(
        operation_id="create_loan_application",
        summary="Begin a loan application",
        request=LoanApplicationInput,
        responses={201: LoanApplicationDetailSerializer},
        examples=[
            example(examples.APPLICATION_INPUT, request=True),
            example(examples.APPLICATION_DETAIL),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        """Begin a DRAFT. Nobody sees it, and nothing is searched, before you send it."""
        order = self.body(LoanApplicationInput)
        return idempotency.once(request, lambda _posting_id: self._start(order))

    def _start(self, order: dict[str, Any]) -> Response:
        if order.pop("currency") != CURRENCY:
            raise CurrencyMismatch
        made = applying.start(application_id=uuid7(), user=caller(self.request), at=timezone.now(), **order)
        return Response(detail(self.request, made.pk), status=201)


class OneApplication(OfApplication):
    serializer_class = LoanApplicationDetailSerializer

    def answer(self, application_id: UUID) -> Response:
        """The application as it is now."""
        return Response(detail(self.request, application_id))

    def take(self, service: Callable[..., Any], **facts: Any) -> Response:
        """One step of an application by its owner's word."""
        found = self.application()
        service(application_id=found.pk, user=caller(self.request), at=timezone.now(), **facts)
        return self.answer(found.pk)


class ApplicationDetail(OneApplication):
    @extend_schema(
        operation_id="get_loan_application",
        summary="Get a loan application",
        examples=[example(examples.APPLICATION_DETAIL)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your applications: its answers, what is missing, and what we asked you."""
        return self.answer(self.application().pk)

    @extend_schema(
        operation_id="change_loan_application",
        summary="Answer a loan application",
        request=LoanApplicationChange,
        responses={200: LoanApplicationDetailSerializer},
        examples=[
            example(examples.APPLICATION_CHANGE, request=True),
            example(examples.APPLICATION_DETAIL),
        ],
    )
    def patch(self, request: Request, id: str) -> Response:
        """Answer a DRAFT, in any parts. The fields of one step are checked together.

        Steps are `amount` to `refinances`; `employment` and `employed_since`; `income`, `expenses` and `debts`;
        `released` and `pools`. What does not fit is refused by field.
        """
        facts, found = self.body(LoanApplicationChange), self.application()
        with transaction.atomic():
            for step in rules.STEPS:
                if facts.keys() & set(step.fields):
                    self._save(found, step, facts)
        return self.answer(found.pk)

    def _save(self, found: Application, step: rules.Step, facts: dict[str, Any]) -> None:
        known = {name: getattr(found, name) for name in step.fields}
        if "refinances" in known:
            known["refinances"] = found.refinances_id
        try:
            applying.save_step(
                application_id=found.pk,
                user=caller(self.request),
                slug=step.slug,
                facts={**known, **facts},
                at=timezone.now(),
            )
        except ApplicationInvalid as refusal:
            raise ValidationError(
                {name: [ErrorDetail(str(words), code=refusal.code)] for name, words in refusal.errors.items()}
            ) from refusal


class ApplicationSubmit(OneApplication):
    @extend_schema(
        operation_id="submit_loan_application",
        summary="Send a loan application",
        request=None,
        examples=[example(examples.APPLICATION_DETAIL)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Send a complete application. From here on it is looked at, and no longer changed."""
        return self.take(applying.submit)


class ApplicationWithdraw(OneApplication):
    @extend_schema(
        operation_id="withdraw_loan_application",
        summary="Withdraw a loan application",
        request=WithdrawInput,
        examples=[example(examples.WITHDRAW_INPUT, request=True), example(examples.APPLICATION_DETAIL)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Give it up, free of charge, while no offer was accepted."""
        return self.take(applying.withdraw, **self.body(WithdrawInput))


class QuestionAnswer(OneApplication):
    @extend_schema(
        operation_id="answer_loan_question",
        summary="Answer what we asked",
        request=AnswerInput,
        parameters=[inner("question", QUESTION)],
        examples=[example(examples.ANSWER_INPUT, request=True), example(examples.APPLICATION_DETAIL)],
    )
    def post(self, request: Request, id: str, question: str) -> Response:
        """Answer in writing. With the last answer the application goes on; an answer is never changed."""
        order, found = self.body(AnswerInput), self.application()
        key = inner_key(QUESTION, question)
        if not found.questions.filter(pk=key).exists():
            raise Http404
        applying.answer_question(question_id=key, user=caller(request), text=order["text"], at=timezone.now())
        return self.answer(found.pk)
