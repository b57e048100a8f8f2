"""A person's loans: what is owed, what comes next, how that came about, and their papers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.schema import example
from credit.api import loan_examples as examples
from credit.api.borrower import OfLoan
from credit.api.loan_serializers import (
    LoanDetailSerializer,
    LoanProofSerializer,
    LoanScheduleSerializer,
    LoanSerializer,
    LoanTransactionSerializer,
    ScheduleVersionSerializer,
    TransactionFilter,
)
from credit.events import LOAN, SCHEDULE, TRANSACTION
from credit.models import Instalment, Loan, LoanTransaction, Provider, ScheduleVersion
from credit.positions import decimal_of
from credit.proof_lines import Period, periods_of
from credit.services import loan_papers
from credit.services.proving import Proof, proof_of
from credit.services.reading import read_loan
from wallet.api.callers import caller
from wallet.models import Document
from wallet.services.statements import files
from wallet.views.statements import attached


class LoanList(OfLoan, ListAPIView[Loan]):
    key_prefix = ""
    serializer_class = LoanSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix, cursor_field = LOAN, "application_id"

    def get_queryset(self) -> QuerySet[Loan]:
        return self.loans()

    @extend_schema(operation_id="list_loans", summary="List your loans", examples=[example(examples.LOAN)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your loans, newest first, also those that are paid off."""
        return self.list(request)


class LoanDetail(OfLoan):
    serializer_class = LoanDetailSerializer

    @extend_schema(operation_id="get_loan", summary="Get a loan", examples=[example(examples.LOAN_DETAIL)])
    def get(self, request: Request, id: str) -> Response:
        """One of your loans as it stands today: what would pay it off, in parts, and what is asked next."""
        return Response(loan_shown(self.loan()))


class LoanSchedule(OfLoan):
    serializer_class = LoanScheduleSerializer

    @extend_schema(
        operation_id="get_loan_schedule",
        summary="Get a loan's schedule",
        examples=[example(examples.SCHEDULE)],
    )
    def get(self, request: Request, id: str) -> Response:
        """Every instalment with what was paid of it; those to come as if what is late were paid today."""
        loan = self.loan()
        facts = {
            "loan": loan.pk,
            "reading": read_loan(loan, on=timezone.localdate()),
            "currency": loan.currency_id,
        }
        return Response(LoanScheduleSerializer(facts).data)


class ScheduleVersionList(OfLoan, ListAPIView[ScheduleVersion]):
    serializer_class = ScheduleVersionSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = SCHEDULE

    def get_queryset(self) -> QuerySet[ScheduleVersion]:
        rows = Prefetch("instalments", Instalment.objects.order_by("number"))
        found = ScheduleVersion.objects.filter(loan=self.loan()).select_related("transaction")
        return found.prefetch_related(rows)

    @extend_schema(
        operation_id="list_loan_schedule_versions",
        summary="List a loan's schedules",
        examples=[example(examples.SCHEDULE_VERSION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each schedule that held, the latest first, with what changed it."""
        return self.list(request)


class TransactionList(OfLoan, ListAPIView[LoanTransaction]):
    serializer_class = LoanTransactionSerializer  # type: ignore[assignment]
    filter_serializer = TransactionFilter
    pagination_class = CursorPagination
    cursor_prefix = TRANSACTION

    def get_queryset(self) -> QuerySet[LoanTransaction]:
        found = LoanTransaction.objects.filter(loan=self.loan(), **self.filters())
        return found.select_related("reversed_by")

    @extend_schema(
        operation_id="list_loan_transactions",
        summary="List what happened to a loan",
        parameters=[TransactionFilter],
        examples=[example(examples.TRANSACTION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Payments, charges and changes, newest first, with where each payment went."""
        return self.list(request)


class LoanProof(OfLoan):
    serializer_class = LoanProofSerializer

    @extend_schema(operation_id="prove_loan", summary="Prove a loan", examples=[example(examples.PROOF)])
    def get(self, request: Request, id: str) -> Response:
        """Work a whole loan out again before your eyes: each stretch × rate × part of a year, rounded once."""
        loan = self.loan()
        with acting_as_service():
            proof = proof_of(Loan.objects.select_related("application", "contract").get(pk=loan.pk))
        return Response(LoanProofSerializer(_proof(proof)).data)


class LoanPaper(OfLoan):
    """A paper of a loan, made anew on each day that it is asked for."""

    name = ""

    def paper(self, issue: Callable[..., Document], draw: Callable[[Document], bytes]) -> HttpResponseBase:
        loan, at = self.loan(), timezone.now()
        document = _issued(issue, loan, caller(self.request), at)
        drawn = HttpResponse(draw(document), content_type=files.PDF)
        return attached(drawn, f"{self.name}-{loan.number}.pdf")


class LoanStatement(LoanPaper):
    serializer_class = LoanSerializer
    name = "alajo-loan-statement"

    @extend_schema(
        operation_id="download_loan_statement",
        summary="Download a loan's statement",
        responses={(200, files.PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """All that happened from its first day up to today."""
        return self.paper(loan_papers.issue_statement, loan_papers.statement_pdf)


class DischargeLetter(LoanPaper):
    serializer_class = LoanSerializer
    also_answers = (409,)
    name = "alajo-discharge"

    @extend_schema(
        operation_id="download_discharge_letter",
        summary="Download the letter that a loan is paid off",
        responses={(200, files.PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """For a loan that has ended; refused with `loan_not_ended` before."""
        return self.paper(loan_papers.issue_letter, loan_papers.letter_pdf)


def loan_shown(loan: Loan) -> dict[str, Any]:
    """A loan as it stands today."""
    loan.reading = read_loan(loan, on=timezone.localdate())  # type: ignore[attr-defined]
    found = Provider.objects.filter(shares__contract=loan.contract_id).order_by("display_name", "pk")
    loan.lenders = list(found.distinct())  # type: ignore[attr-defined]
    return dict(LoanDetailSerializer(loan).data)


def _issued(issue: Callable[..., Document], loan: Loan, user: User, at: datetime) -> Document:
    return issue(loan=loan, user=user, at=at)


def _proof(proof: Proof) -> dict[str, Any]:
    paid = {step.number: step.paid for step in proof.steps}
    return {
        "loan": proof.loan.pk,
        "as_of": proof.on,
        "currency": proof.loan.currency_id,
        "is_proven": not proof.differences,
        "compared": proof.compared,
        "differences": proof.differences,
        "standing": proof.standing,
        "periods": [_period(one) for one in periods_of(proof.standing)] if proof.standing else [],
        "steps": [
            {
                "transaction": row.pk,
                "number": row.number,
                "is_taken_back": row.number in proof.taken_back,
                "paid": paid.get(row.number),
            }
            for row in proof.rows
        ],
    }


def _period(period: Period) -> dict[str, Any]:
    lines = [{**vars(line), "earned": decimal_of(line.earned)} for line in period.lines]
    return {**vars(period), "lines": lines, "earned": decimal_of(period.earned)}
