"""What borrowers ask for who cannot pay: the oldest that waits first, and the answer that they read."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.staff import ReadOnlyAdmin, When, amount, as_uuid, link_of, page_of, time_of
from credit.models import HardshipRequest
from credit.services import hardship
from credit.services.approved import measures
from wallet.admin.deeds import deed

ANSWER = "credit.propose_loan_change"
# What is proposed for a wish, begun with its loan.
PROPOSED = {"PAUSE": measures.PAUSE, "LONGER": measures.RESCHEDULE, "LATER": measures.RESCHEDULE}


class AnswerForm(forms.Form):
    granted = forms.TypedChoiceField(
        label=_("What becomes of it"),
        choices=[("yes", _("We help")), ("no", _("We cannot do that"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("What the borrower reads"),
        min_length=hardship.LEAST_TEXT,
        max_length=hardship.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@admin.register(HardshipRequest)
class HardshipRequestAdmin(ReadOnlyAdmin):
    list_display = (
        *("loan_number", link_of("loan.user", _("Borrower"))),
        "wish",
        "state",
        time_of("made_at", _("Asked")),
    )
    list_filter = ("state", "wish", When)
    list_select_related = ("loan", "loan__user")
    shown = (*list_display, "text", "can_pay_money", "answer", time_of("ended_at", _("Answered")))
    search_help_text = _("By id, its loan's id or number, or the start of the borrower's e-mail address")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(act)
        return [path("<uuid:key>/answer/", view, name="credit_hardshiprequest_answer"), *super().get_urls()]

    def find(self, queryset: QuerySet[HardshipRequest], term: str) -> QuerySet[HardshipRequest]:
        key = as_uuid(term)
        if key:
            return queryset.filter(pk=key) | queryset.filter(loan=key)
        if term.upper().startswith("L-"):
            return queryset.filter(loan__number=term.upper())
        return queryset.filter(loan__user__in=people(term))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        asked = kwargs["obj"]
        if request.user.has_perm(ANSWER) and asked.state == HardshipRequest.State.ASKED:
            context["ways"] = [
                (_("Answer"), reverse("admin:credit_hardshiprequest_answer", args=[asked.pk])),
                *_proposing(asked),
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Loan"))
    def loan_number(self, asked: HardshipRequest) -> str:
        return asked.loan.number

    @admin.display(description=_("Could pay a month"))
    def can_pay_money(self, asked: HardshipRequest) -> str:
        return amount(asked.can_pay, asked.loan.currency_id)


def _proposing(asked: HardshipRequest) -> list[tuple[Any, str]]:
    action = PROPOSED.get(asked.wish)
    if action is None:
        return []
    address = reverse("admin:accounts_propose", args=[action])
    return [(_("Propose it"), f"{address}?{urlencode({'loan': str(asked.loan_id)})}")]


def act(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for the answer, and on a POST give it. Raises PermissionDenied, Http404."""
    asked = get_object_or_404(HardshipRequest.objects.select_related("loan"), pk=key)
    return deed(
        request,
        permission=ANSWER,
        title=_("Answer"),
        text=_(
            "Say what happens now, in plain words. A change of the loan is proposed apart, and takes two."
        ),
        form_class=AnswerForm,
        run=partial(_answer, asked),
        back=page_of(HardshipRequest, key),
    )


def _answer(asked: HardshipRequest, form: forms.Form, at: datetime) -> HttpResponse:
    typed = form.cleaned_data
    hardship.answer(request_id=asked.pk, granted=typed["granted"], words=typed["answer"], at=at)
    return redirect(page_of(HardshipRequest, asked.pk))
