"""Papers of a loan: its statement, and the letter that it is paid off."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from core.errors import DomainError
from credit import loan_words
from credit.models import Loan
from credit.services import loan_papers
from credit.views.loans import own_loan
from wallet.models import Document
from wallet.services.statements import files
from wallet.views.access import wallet_page
from wallet.views.statements import attached


@wallet_page
@require_safe
def statement(request: PersonRequest, loan_id: UUID) -> HttpResponseBase:
    def issue(found: Loan, user: User, at: datetime) -> Document:
        return loan_papers.issue_statement(loan=found, user=user, at=at)

    return _paper(request, loan_id, issue, loan_papers.statement_pdf, "alajo-loan-statement")


@wallet_page
@require_safe
def letter(request: PersonRequest, loan_id: UUID) -> HttpResponseBase:
    def issue(found: Loan, user: User, at: datetime) -> Document:
        return loan_papers.issue_letter(loan=found, user=user, at=at)

    return _paper(request, loan_id, issue, loan_papers.letter_pdf, "alajo-discharge")


def _paper(
    request: PersonRequest,
    loan_id: UUID,
    issue: Callable[[Loan, User, datetime], Document],
    draw: Callable[[Document], bytes],
    name: str,
) -> HttpResponseBase:
    found = own_loan(request, loan_id)
    try:
        document = issue(found, request.user, timezone.now())
    except DomainError as refusal:
        messages.error(request, loan_words.refusal(refusal, found.currency_id))
        return redirect("loan", found.pk)
    drawn = HttpResponse(draw(document), content_type=files.PDF)
    return attached(drawn, f"{name}-{found.number}.pdf")
