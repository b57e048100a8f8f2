"""An officer marks a bureau's report as disputed for the person it is about. Another one decides what becomes of it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.staff import page_of
from credit.models import BureauReport
from credit.services import disputing
from credit.services.cases import WORK
from wallet.admin.deeds import deed

DISPUTE = "credit_bureaureport_dispute"


class DisputeForm(forms.Form):
    text = forms.CharField(
        label=_("What is wrong in it, as the borrower told you"),
        min_length=disputing.SHORTEST,
        max_length=disputing.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The borrower is sent these words, and they stay with the report."),
    )


def address_to_dispute(report: BureauReport, user: Any) -> str:
    """Return where somebody may mark a report as disputed; empty where they may not."""
    answered = report.state == BureauReport.State.ANSWERED and report.disputed_at is None
    if not answered or not user.has_perm(WORK) or report.application.user_id == user.pk:
        return ""
    return reverse(f"admin:{DISPUTE}", args=[report.pk])


def dispute_for(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask what is wrong and for a fresh proof of who it is, and on a POST mark it. Raises PermissionDenied, Http404."""
    report = get_object_or_404(BureauReport, pk=key)
    return deed(
        request,
        permission=WORK,
        title=_("Mark it as disputed"),
        text=_(
            "From then on it declines nobody by itself, and a case asks what becomes of it. Another officer decides"
            " on that case: you cannot."
        ),
        form_class=DisputeForm,
        run=partial(_dispute, request, report),
        back=page_of(BureauReport, key),
    )


def _dispute(request: HttpRequest, report: BureauReport, form: forms.Form, at: datetime) -> HttpResponse:
    by: Any = request.user
    disputing.dispute_for(report_id=report.pk, by=by, text=form.cleaned_data["text"], at=at)
    messages.success(
        request, str(_("It is marked as disputed. The borrower is told, and a colleague decides."))
    )
    return redirect(page_of(BureauReport, report.pk))
