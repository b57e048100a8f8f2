"""Loans that were paid out, for staff to look at: what is owed, what happened, what each lender got, what is parked."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.rolling import close_again
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    as_uuid,
    link,
    link_of,
    moment,
    page_of,
    time_of,
)
from core.staff_ages import age_filter
from core.templatetags.rates import percent
from credit.admin import portfolio
from credit.loan_figures import PARKED
from credit.models import Loan, LoanModification, LoanTransaction, Payout
from credit.services.closing import LOANS
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import WordsForm

SHOWN, LONGEST_SHOWN = 100, 40
RETRY = "credit.retry_parked_loan"
CLOSE_AGAIN = "credit_loan_close-again"


class ParkedFilter(age_filter(since="position__parked_at", waiting=PARKED)):  # type: ignore[misc]
    title = _("parked for")


class ReasonForm(WordsForm):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with your name in the loan’s audit trail. The customer does not see it."),
    )


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    linked_by = ("position__parked_at__isnull",)
    list_display = (
        "number",
        link_of("user", _("Borrower")),
        amount_of("amount", _("Lent"), currency="currency_id"),
        "opened_on",
        "closed_on",
        "open_from",
        "in_the_way",
    )
    list_filter = (ParkedFilter, When)
    list_select_related = ("user", "position")
    shown = (
        *list_display[:-1],
        *("parked", "error", "yearly_cost", "asked"),
        link_of("replaced_by", _("Replaced by")),
        time_of("made_at", _("Made")),
    )
    search_help_text = _("By number or id, or the start of the borrower's e-mail address")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("portfolio/", view(portfolio.show), name=portfolio.NAME),
            path("<uuid:key>/close-again/", view(again), name=CLOSE_AGAIN),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ways = [(_("Portfolio"), reverse(f"admin:{portfolio.NAME}"))]
        return super().changelist_view(request, {**(extra_context or {}), "ways": ways})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        loan: Loan = kwargs["obj"]
        if request.user.has_perm(RETRY) and loan.position.parked_at is not None:
            context["ways"] = [(_("Close its days again"), reverse(f"admin:{CLOSE_AGAIN}", args=[loan.pk]))]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Open from"))
    def open_from(self, loan: Loan) -> str:
        day = loan.position.next_day
        return day.isoformat() if day else EMPTY

    @admin.display(description=_("In the way"))
    def in_the_way(self, loan: Loan) -> str:
        error = loan.position.error
        return f"{error[:LONGEST_SHOWN]}…" if len(error) > LONGEST_SHOWN else error or EMPTY

    @admin.display(description=_("Parked"))
    def parked(self, loan: Loan) -> str:
        return moment(loan.position.parked_at)

    @admin.display(description=_("What is in the way"))
    def error(self, loan: Loan) -> str:
        return loan.position.error or EMPTY

    @admin.display(description=_("APR"))
    def yearly_cost(self, loan: Loan) -> str:
        return percent(loan.effective_rate)

    @admin.display(description=_("Application"))
    def asked(self, loan: Loan) -> str:
        return link(loan.application)

    def find(self, queryset: QuerySet[Loan], term: str) -> QuerySet[Loan]:
        if key := as_uuid(term):
            return queryset.filter(pk=key)
        by_number = queryset.filter(number=term.upper())
        return by_number if by_number.exists() else queryset.filter(user__in=people(term))

    def panels(self, loan: Loan) -> Iterable[Panel]:
        happened = LoanTransaction.objects.filter(loan=loan).order_by("-number")[:SHOWN]
        yield Panel(
            _("What happened"),
            [_("Number"), _("Day"), _("What"), _("Amount"), _("Interest"), _("Principal"), _("Charges")],
            [
                [
                    row.number,
                    row.on,
                    row.get_kind_display(),
                    *(
                        amount(part, loan.currency_id)
                        for part in (row.amount, row.interest, row.principal, row.fees + row.penalties)
                    ),
                ]
                for row in happened
            ],
        )
        yield Panel(
            _("What changes came to for the lenders"),
            [_("Day"), _("What"), _("Lender"), _("Worth before"), _("Worth after"), _("Gain"), _("Schedule")],
            [
                [
                    *(each.on, each.transaction.get_kind_display(), each.share.provider.display_name),
                    *(amount(part, loan.currency_id) for part in (each.carrying, each.present)),
                    *(amount(each.gain, loan.currency_id, sign=True), each.version.number),
                ]
                for each in LoanModification.objects.filter(loan=loan)
                .select_related("transaction", "share__provider", "version")
                .order_by("-transaction__number", "share")[:SHOWN]
            ],
        )
        lent = Q(transaction__kind=LoanTransaction.Kind.DISBURSEMENT)
        got = (
            Payout.objects.filter(transaction__loan=loan)
            .values_list("share__provider__display_name")
            .annotate(
                lent=-Sum("principal", filter=lent, default=0),
                back=Sum("principal", filter=~lent, default=0),
                earned=Sum("interest", filter=~lent, default=0),
                charged=Sum("charges", filter=~lent, default=0),
            )
        )
        yield Panel(
            _("What each lender got back"),
            [_("Lender"), _("Lent"), _("Principal"), _("Interest"), _("Charges")],
            [
                [name, *(amount(part, loan.currency_id) for part in parts)]
                for name, *parts in got.order_by("share__provider__display_name")
            ],
        )


def again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for the reason and a fresh proof of who it is, and on a POST close the days of a parked loan again.

    Raises PermissionDenied, Http404.
    """
    loan = get_object_or_404(Loan, pk=key)
    return deed(
        request,
        permission=RETRY,
        title=_("Close its days again"),
        text=_(
            "First mend what is in the way. Each day that is over is then closed, one after the other, and late"
            " charges of those days are made."
        ),
        form_class=ReasonForm,
        run=partial(_close_again, request, loan),
        back=page_of(Loan, key),
    )


def _close_again(request: HttpRequest, loan: Loan, form: forms.Form, at: datetime) -> HttpResponse:
    if close_again(LOANS, loan, reason=form.cleaned_data["reason"], at=at):
        messages.success(request, str(_("Its days are closed up to yesterday.")))
    else:
        messages.warning(request, str(_("It is parked again. What is in the way stands below.")))
    return redirect(page_of(Loan, loan.pk))
