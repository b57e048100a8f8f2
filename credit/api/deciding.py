"""A refusal: why, what would help, what the bureaux said, and having it looked at again."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.schema import example
from credit import bureaux
from credit.api import borrower_examples as examples
from credit.api.application_serializers import (
    BureauReportSerializer,
    LoanDecisionSerializer,
    WordsInput,
)
from credit.api.borrower import OfApplication, inner, inner_key
from credit.events import REPORT
from credit.models import BureauReport
from credit.services import disputing, reviewing, searching
from credit.services.refused import Searched, refusal_of
from wallet.api.callers import caller


class OneDecision(OfApplication):
    serializer_class = LoanDecisionSerializer

    def answer(self, application_id: UUID) -> Response:
        """The last refusal. Raises Http404 where there was none."""
        refusal = refusal_of(application_id=application_id, user=caller(self.request))
        if refusal is None:
            raise Http404
        return Response(LoanDecisionSerializer(refusal).data)


class Decision(OneDecision):
    @extend_schema(
        operation_id="get_loan_decision", summary="Get a refusal", examples=[example(examples.DECISION)]
    )
    def get(self, request: Request, id: str) -> Response:
        """Why an application was refused, in sentences, and what would help. 404 where it was not refused."""
        return self.answer(self.application().pk)


class Review(OneDecision):
    @extend_schema(
        operation_id="request_loan_review",
        summary="Ask for a person to look again",
        request=WordsInput,
        responses={200: LoanDecisionSerializer},
        examples=[example(examples.REVIEW_INPUT, request=True), example(examples.DECISION)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Once for each time that it was declined. It is decided within 14 days."""
        order, found = self.body(WordsInput), self.application()
        reviewing.ask_for_review(
            application_id=found.pk, user=caller(request), text=order["text"], at=timezone.now()
        )
        return self.answer(found.pk)


class Dispute(OfApplication):
    serializer_class = BureauReportSerializer

    @extend_schema(
        operation_id="dispute_bureau_report",
        summary="Dispute what a bureau said",
        request=WordsInput,
        responses={200: BureauReportSerializer},
        parameters=[inner("report", REPORT)],
        examples=[example(examples.DISPUTE_INPUT, request=True), example(examples.REPORT)],
    )
    def post(self, request: Request, id: str, report: str) -> Response:
        """Say what is wrong in a report. Nobody is declined by what is disputed alone; a person looks at it."""
        order, found = self.body(WordsInput), self.application()
        reports = BureauReport.objects.filter(application=found)
        about = get_object_or_404(reports, pk=inner_key(REPORT, report))
        row = disputing.dispute(
            report_id=about.pk, user=caller(request), text=order["text"], at=timezone.now()
        )
        said = Searched(row, bureaux.name_of(row.bureau), searching.report_in(row))
        return Response(BureauReportSerializer(said).data)
