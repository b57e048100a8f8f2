"""A refusal: why, what would help, what the bureaux said, and the ways to have it looked at again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from core.errors import DomainError
from credit.borrowing_forms import AgainForm, DisputeForm
from credit.models import Application
from credit.services import disputing, reviewing
from credit.services.refused import refusal_of
from credit.views.access import own_application
from credit.views.affording import affording_of
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_safe
def decision(request: PersonRequest, application_id: UUID) -> HttpResponse:
    own_wallet(request.user)
    return _page(request, own_application(request, application_id))


@wallet_page
@require_POST
def review(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """Ask for a person to look again. A second press finds it asked for."""
    application = own_application(request, application_id)
    form = AgainForm(request.POST)
    if not form.is_valid():
        return _page(request, application, form=form, status=422)
    try:
        reviewing.ask_for_review(
            application_id=application.pk,
            user=request.user,
            text=form.cleaned_data["text"],
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("A person looks at it again. We tell you what comes of it."))
    return redirect("loan_decision", application.pk)


@wallet_page
@require_POST
def dispute(request: PersonRequest, application_id: UUID, report_id: UUID) -> HttpResponse:
    """Say what is wrong in a bureau's report; nobody is declined by what is disputed alone."""
    application = own_application(request, application_id)
    form = DisputeForm(request.POST, auto_id=f"id_{report_id}_%s")
    if not form.is_valid():
        return _page(request, application, disputing=(report_id, form), status=422)
    try:
        disputing.dispute(
            report_id=report_id, user=request.user, text=form.cleaned_data["text"], at=timezone.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It is marked as disputed. A person looks at it and tells you."))
    return redirect("loan_decision", application.pk)


def _page(
    request: PersonRequest,
    application: Application,
    *,
    form: AgainForm | None = None,
    disputing: tuple[UUID, DisputeForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    refusal = refusal_of(application_id=application.pk, user=request.user)
    if refusal is None:
        return redirect("loan_application", application.pk)
    context: dict[str, Any] = {
        "application": application,
        "refusal": refusal,
        "form": form or AgainForm(),
        "affording": affording_of(application, on=timezone.localdate()),
        "searches": [(one, _dispute_form(one.row.pk, disputing)) for one in refusal.searches],
    }
    return render(request, "credit/decision.html", context, status=status)


def _dispute_form(report_id: UUID, disputing: tuple[UUID, DisputeForm] | None) -> DisputeForm:
    if disputing is not None and disputing[0] == report_id:
        return disputing[1]
    return DisputeForm(auto_id=f"id_{report_id}_%s")
