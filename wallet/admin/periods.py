"""Closed months: what they were closed with, closing the next, and what was posted for them later."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.roles import CLOSE_PERIOD, PROPOSE_REOPENING
from core.staff import EMPTY, Panel, ReadOnlyAdmin, amount, link_of, link_to_row, moment, time_of, yes_no
from wallet.admin.deeds import deed
from wallet.admin.proposals import ways
from wallet.admin.reconciliation_forms import WordsForm
from wallet.models import Account, Adjustment, ClosedPeriod, Transaction
from wallet.services import periods
from wallet.services.approved import closing

MONTHS_SHOWN, SHOWN = 24, 100


class MonthForm(WordsForm):
    month = forms.ChoiceField(label=_("Month"))

    field_order = ("month", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        closed = set(ClosedPeriod.objects.closed().values_list("month", flat=True))
        month, months = timezone.localdate().replace(day=1), []
        for _back in range(MONTHS_SHOWN):
            month = periods.month_before(month)
            months.append(month)
        field: Any = self.fields["month"]
        field.choices = [
            (each.isoformat(), date_format(each, "F Y")) for each in months if each not in closed
        ]

    def clean_month(self) -> date:
        return date.fromisoformat(self.cleaned_data["month"])


@admin.register(ClosedPeriod)
class ClosedPeriodAdmin(ReadOnlyAdmin):
    change_list_template = "admin/wallet/closedperiod/list.html"
    list_display = (
        "__str__",
        yes_no("is_closed", _("Closed now")),
        link_of("closed_by", _("Closed by")),
        time_of("closed_at", _("Closed")),
        time_of("reopened_at", _("Opened again")),
        "digest",
    )
    list_select_related = ("closed_by",)
    shown = (*list_display[1:], "reason", link_of("reopening", _("Opened by")), "as_closed")
    search_help_text = _("By month, as 2026-11")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.close_view)
        return [path("close/", view, name="wallet_closedperiod_close"), *super().get_urls()]

    def find(self, queryset: QuerySet[ClosedPeriod], term: str) -> QuerySet[ClosedPeriod]:
        try:
            return queryset.filter(month=date.fromisoformat(f"{term}-01"))
        except ValueError:
            return queryset.none()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = request.user.has_perm(CLOSE_PERIOD)
        address = reverse("admin:wallet_closedperiod_close") if may else ""
        return super().changelist_view(request, {**(extra_context or {}), "close_url": address})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        period = kwargs["obj"]
        if period.is_closed and request.user.has_perm(PROPOSE_REOPENING):
            context["ways"] = ways(request, (closing.REOPENING, {"month": period.month.isoformat()}))
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("The books still say so"))
    def as_closed(self, period: ClosedPeriod) -> Any:
        if not period.is_closed:
            return EMPTY
        return _("Yes") if periods.is_as_closed(period) else _("No: have the books verified")

    def panels(self, period: ClosedPeriod) -> Iterable[Panel]:
        kinds = dict(Account.Kind.choices)
        yield Panel(
            _("Trial balance"),
            [
                _("Accounts"),
                _("Side"),
                _("Debits"),
                _("Credits"),
                _("Debits this month"),
                _("Credits this month"),
            ],
            [
                [
                    kinds.get(row["kind"], row["kind"]),
                    row["side"],
                    *(
                        amount(row[name], row["currency"])
                        for name in ("debits", "credits", "month_debits", "month_credits")
                    ),
                ]
                for row in period.figures
            ],
        )
        later = Adjustment.objects.filter(month=period.month).order_by("-made_at")[:SHOWN]
        yield Panel(
            _("Posted for it later"),
            [_("Posting"), _("Puts right"), _("Why"), _("When")],
            [
                [
                    link_to_row(Transaction, each.posting_id),
                    link_to_row(Transaction, each.adjusts) if each.adjusts else EMPTY,
                    each.reason,
                    moment(each.made_at),
                ]
                for each in later
            ],
        )

    def close_view(self, request: HttpRequest) -> HttpResponse:
        """Close a month. Raises PermissionDenied."""
        return deed(
            request,
            permission=CLOSE_PERIOD,
            title=_("Close a month"),
            text=_(
                "Nothing can be dated back into it any more. What is found out later is posted later, with a link."
            ),
            form_class=MonthForm,
            run=partial(_close, request),
            back=reverse("admin:wallet_closedperiod_changelist"),
        )


def _close(request: HttpRequest, form: Any, at: datetime) -> HttpResponse:
    by: Any = request.user
    month, reason = form.cleaned_data["month"], form.cleaned_data["reason"]
    closed = periods.close_period(month=month, by=by, reason=reason, at=at)
    messages.success(request, _("The month is closed."))
    return redirect("admin:wallet_closedperiod_change", closed.pk)
