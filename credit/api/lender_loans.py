"""A lender's loans: how each stands, its instalments, and what happened to it. Of the borrower nothing but the loan."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.schema import example
from credit.api import lender_examples as examples
from credit.api.lender_base import LenderFilter, LenderView
from credit.api.lender_serializers import (
    LendingLoanFilter,
    LendingLoanSerializer,
    LendingScheduleSerializer,
    LendingTransactionSerializer,
)
from credit.events import LOAN, TRANSACTION
from credit.models import Loan, LoanTransaction, Payout, Provider
from credit.services import lender_reports, reading
from credit.services.lender_reports import Part

FILTERS = {"bucket": "position__bucket", "state": "application__state"}
NOTHING = Part(0, 0, 0, 0)


class LoanList(LenderView, ListAPIView[Loan]):
    serializer_class = LendingLoanSerializer
    filter_serializer = LendingLoanFilter
    pagination_class = CursorPagination
    cursor_field = "application_id"
    cursor_prefix = LOAN

    queryset = Loan.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[Loan]:
        self.provider = self.lender()
        asked = {FILTERS[name]: value for name, value in self.filters().items() if name in FILTERS}
        return _loans(self.provider).filter(**asked)

    def paginate_queryset(self, queryset: QuerySet[Loan]) -> list[Loan]:  # type: ignore[override]
        return _with_parts(super().paginate_queryset(queryset), self.provider)

    @extend_schema(
        operation_id="list_lending_loans",
        summary="List your loans",
        parameters=[LendingLoanFilter],
        examples=[example(examples.LOAN)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Loans that you carry, or a part of them, newest first; by how late they are, or by their state."""
        return self.list(request)


class LoanView(LenderView):
    key_prefix = LOAN

    def loan(self, provider: Provider) -> Loan:
        """Raises Http404, also for another lender's."""
        with acting_as_service():
            loan = _loans(provider).filter(pk=self.key()).first()
        if loan is None:
            raise Http404
        return loan


class LoanDetail(LoanView):
    serializer_class = LendingLoanSerializer

    @extend_schema(
        operation_id="get_lending_loan",
        summary="Get a loan",
        parameters=[LenderFilter],
        examples=[example(examples.LOAN)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your loans, as it stood when its last day was closed."""
        provider = self.lender()
        return Response(self.serializer_class(_with_parts([self.loan(provider)], provider)[0]).data)


class LoanSchedule(LoanView):
    serializer_class = LendingScheduleSerializer

    @extend_schema(
        operation_id="get_lending_schedule",
        summary="See a loan's instalments",
        parameters=[LenderFilter],
        examples=[example(examples.SCHEDULE)],
    )
    def get(self, request: Request, id: str) -> Response:
        """What each instalment asks, and what was paid of it, as of today."""
        loan = self.loan(self.lender())
        with acting_as_service():
            found = reading.read_loan(loan, on=timezone.localdate())
        return Response(self.serializer_class({**vars(found), "loan": loan.pk}).data)


class TransactionList(LoanView, ListAPIView[LoanTransaction]):
    serializer_class = LendingTransactionSerializer
    pagination_class = CursorPagination
    cursor_prefix = TRANSACTION

    queryset = LoanTransaction.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[LoanTransaction]:
        provider = self.lender()
        own = Prefetch(
            "payouts", queryset=Payout.objects.filter(share__provider=provider), to_attr="own_rows"
        )
        return LoanTransaction.objects.filter(loan=self.loan(provider)).prefetch_related(own)

    def paginate_queryset(self, queryset: QuerySet[LoanTransaction]) -> list[Any]:  # type: ignore[override]
        page = super().paginate_queryset(queryset)
        for row in page:
            row.own = next(iter(row.own_rows), None)
        return page

    @extend_schema(
        operation_id="list_lending_transactions",
        summary="List what happened to a loan",
        parameters=[LenderFilter],
        examples=[example(examples.TRANSACTION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Payments, charges and changes, newest first, each with what of it moved for you."""
        return self.list(request)


def _loans(provider: Provider) -> QuerySet[Loan]:
    return lender_reports.loans_of(provider).select_related("application", "position", "contract")


def _with_parts(loans: list[Loan], provider: Provider) -> list[Loan]:
    parts = lender_reports.parts_of(provider, [loan.contract_id for loan in loans])
    for loan in loans:
        loan.own = parts.get(loan.contract_id, NOTHING)  # type: ignore[attr-defined]
    return loans
