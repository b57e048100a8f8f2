"""What the credit bureaux are told each month, for staff to look at: the totals, each file with its hash, each try."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, ReadOnlyAdmin, amount, moment, time_of
from credit.admin.tables import CURRENCY, Money, Table, csv_of
from credit.bureaux import name_of
from credit.models import BureauFile, BureauReturn, FileDelivery, ReportedLoan

LINES = "credit_bureaureturn_lines"
SHOWN = 100


@admin.register(BureauReturn)
class BureauReturnAdmin(ReadOnlyAdmin):
    list_display = (
        "told_of",
        "rows",
        "corrections",
        "all_balance",
        "all_overdue",
        "waiting",
        time_of("made_at", _("Made")),
    )
    shown = (
        "told_of",
        "rows",
        "corrections",
        "all_lent",
        "all_balance",
        "all_overdue",
        time_of("made_at", _("Made")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BureauReturn]:
        taken = FileDelivery.objects.filter(file=OuterRef("pk"), outcome=FileDelivery.Outcome.TAKEN)
        left = BureauFile.objects.filter(of_return=OuterRef("pk")).exclude(Exists(taken))
        found: QuerySet[BureauReturn] = super().get_queryset(request)
        return found.annotate(waits=Exists(left))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [path("<uuid:key>/lines/", view(lines), name=LINES), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["ways"] = [(_("Lines as CSV"), reverse(f"admin:{LINES}", args=[kwargs["obj"].pk]))]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Month"))
    def told_of(self, obj: BureauReturn) -> str:
        return str(obj)

    @admin.display(description=_("Lent"))
    def all_lent(self, obj: BureauReturn) -> str:
        return amount(obj.lent, CURRENCY)

    @admin.display(description=_("Balance"))
    def all_balance(self, obj: BureauReturn) -> str:
        return amount(obj.balance, CURRENCY)

    @admin.display(description=_("Overdue"))
    def all_overdue(self, obj: BureauReturn) -> str:
        return amount(obj.overdue, CURRENCY)

    @admin.display(description=_("Waits to be taken"))
    def waiting(self, obj: BureauReturn) -> Any:
        return _("Yes") if obj.waits else EMPTY  # type: ignore[attr-defined]

    def panels(self, obj: BureauReturn) -> Iterable[Panel]:
        files = list(BureauFile.objects.filter(of_return=obj).order_by("bureau"))
        yield Panel(
            _("Files"),
            [_("Bureau"), _("Hash"), _("Bytes"), _("Key")],
            [[name_of(file.bureau), file.sha256, f"{file.bytes:,}", file.pk.hex] for file in files],
        )
        tries = (
            FileDelivery.objects.filter(file__in=files).select_related("file").order_by("-at", "-pk")[:SHOWN]
        )
        yield Panel(
            _("Handed over"),
            [_("When"), _("Bureau"), _("Outcome"), _("Receipt"), _("Why not")],
            [
                [
                    moment(one.at),
                    name_of(one.file.bureau),
                    one.get_outcome_display(),
                    one.receipt or EMPTY,
                    one.detail,
                ]
                for one in tries
            ],
        )
        yield Panel(
            _("Corrections"),
            [_("Loan"), _("Month"), _("Status"), _("Balance"), _("Overdue"), _("Days late")],
            [
                [
                    *(one.loan.number, f"{one.month:%Y-%m}", one.get_status_display()),
                    *(amount(one.balance, CURRENCY), amount(one.overdue, CURRENCY), one.days_late),
                ]
                for one in _lines_of(obj).exclude(month=obj.month)[:SHOWN]
            ],
        )


def lines(request: HttpRequest, key: UUID) -> HttpResponse:
    """A return's lines as CSV, by the loans' numbers: who they are of is in the sealed files alone.

    Raises PermissionDenied, Http404.
    """
    may = request.user.has_perm("credit.view_bureaureturn")  # type: ignore[union-attr]
    if request.method not in ("GET", "HEAD") or not may:
        raise PermissionDenied
    told = get_object_or_404(BureauReturn, pk=key)
    table = Table(
        "lines",
        str(told),
        "",
        [
            _("Loan"),
            _("Month"),
            _("Corrects"),
            _("Status"),
            _("Lent"),
            _("Balance"),
            _("Overdue"),
            _("Days late"),
        ],
        [
            [
                *(one.loan.number, f"{one.month:%Y-%m}", _now("Yes") if one.month != told.month else ""),
                *(one.status, Money(one.loan.amount), Money(one.balance), Money(one.overdue), one.days_late),
            ]
            for one in _lines_of(told)
        ],
    )
    return csv_of(request, table, name=f"bureau-return-{told}", action="credit.return.exported", target=told)


def _lines_of(told: BureauReturn) -> QuerySet[ReportedLoan]:
    return ReportedLoan.objects.filter(of_return=told).select_related("loan").order_by("loan", "month")
