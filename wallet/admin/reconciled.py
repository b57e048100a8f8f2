"""How each account stands, day by day; a day's report; and its closing, which is proposed and approved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Sum
from django.db.models.functions import Abs, Coalesce
from django.db.transaction import on_commit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Approval
from accounts.roles import IMPORT_ROWS, PROPOSE_DAY, RECONCILE
from core.spreadsheets import as_csv
from core.staff import ReadOnlyAdmin, amount, list_of
from wallet import reconciliation_tasks
from wallet.admin import day_reports
from wallet.admin import reconciliation_charts as charts
from wallet.admin.row_import_forms import reconciled_accounts
from wallet.models import Account, Break, GatewayRow, ReconciledDay, RowImport, SuspenseItem
from wallet.services import reconciliation
from wallet.services.approved import closing
from wallet.services.reconciliation import report

DAYS = 14
CLOSED, PROPOSED, OPEN, READY, NOTHING = "closed", "proposed", "open", "ready", "nothing"


@dataclass(frozen=True)
class Cell:
    """One day of one account: how it stands, and the address of its report."""

    day: date
    state: str
    count: int
    address: str


@dataclass(frozen=True)
class Row:
    account: Account
    cells: list[Cell]
    explained: int


@admin.register(ReconciledDay)
class ReconciledDayAdmin(ReadOnlyAdmin):
    search_help_text = _("By id")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("run/", view(self.run_view), name="wallet_reconciledday_run"),
            path("day/<uuid:account>/<slug:day>/", view(self.day_view), name="wallet_reconciledday_day"),
            path("day/<uuid:account>/<slug:day>/csv/", view(self.csv_view), name="wallet_reconciledday_csv"),
            path("day/<uuid:account>/<slug:day>/pdf/", view(self.pdf_view), name="wallet_reconciledday_pdf"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Days by accounts, the newest first, and what waits by its age. Raises PermissionDenied."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        at = timezone.now()
        days = [timezone.localdate(at) - timedelta(days=back) for back in range(DAYS)]
        ages = _ages(at)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reconciliation"),
            "days": days,
            "rows": list(_rows(days)),
            "ages": ages,
            "chart": charts.bars([(label, count, count, "bad") for label, count, _sum, _way in ages]),
            "suspense": _suspense(at),
            "may_import": request.user.has_perm(IMPORT_ROWS),
            "may_run": request.user.has_perm(RECONCILE),
        }
        return render(request, "admin/wallet/reconciledday/overview.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return redirect(address_of(found.account_id, found.day))

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Have a worker match every account. Raises PermissionDenied."""
        if request.method != "POST" or not request.user.has_perm(RECONCILE):
            raise PermissionDenied
        for account in reconciled_accounts():
            on_commit(
                partial(reconciliation_tasks.reconcile_account.delay, account_id=str(account.pk)), robust=True
            )
        messages.success(request, _("Both sides are being matched. Look again in a moment."))
        return redirect("admin:wallet_reconciledday_changelist")

    def day_view(self, request: HttpRequest, account: UUID, day: str) -> HttpResponse:
        """A day's report: as it was closed, or as it stands. Raises PermissionDenied, Http404."""
        context = self._report(request, account, day)
        return render(request, "admin/wallet/reconciledday/day.html", context)

    def csv_view(self, request: HttpRequest, account: UUID, day: str) -> HttpResponse:
        """The same report as CSV, with its signature. Raises PermissionDenied, Http404."""
        context = self._report(request, account, day)
        rows = day_reports.csv_rows(
            context["figures"], currency=context["account"].currency_id, signature=context["signature"]
        )
        return _export(request, context, "csv", as_csv(day_reports.CSV_HEAD, rows), "text/csv; charset=utf-8")

    def pdf_view(self, request: HttpRequest, account: UUID, day: str) -> HttpResponse:
        """The same report on paper, with a code that confirms it. Raises PermissionDenied, Http404."""
        context = self._report(request, account, day)
        user: Any = request.user
        document = report.issue_report(
            account=context["account"],
            day=context["day"],
            figures=context["figures"],
            closed=context["closed"],
            by=user,
            at=timezone.now(),
        )
        return _export(request, context, "pdf", report.report_pdf(document), "application/pdf")

    def _report(self, request: HttpRequest, key: UUID, text: str) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Http404 from None
        account = get_object_or_404(reconciled_accounts(), pk=key)
        closed = (
            ReconciledDay.objects.select_related("made_by", "checked_by")
            .filter(account=account, day=day)
            .first()
        )
        now = None if closed else reconciliation.standing(account=account, day=day, at=timezone.now())
        figures = closed.figures if closed else now.figures if now else {}
        pending = _pending().filter(target=closing.target_of(account, day)).first()
        return {
            **self.admin_site.each_context(request),
            "title": _("Reconciliation"),
            "account": account,
            "day": day,
            "closed": closed,
            "is_as_signed": closed and reconciliation.is_as_signed(closed),
            "figures": figures,
            "signature": closed.signature if closed else reconciliation.signature_of(figures),
            "obstacle": now.obstacle if now else None,
            "pending": pending,
            "items": [day_reports.item_of(each, account.currency_id) for each in figures["items"]],
            "chart": day_reports.balances_chart(figures, account.currency_id),
            "parts": day_reports.parts_of(figures, account.currency_id),
            "matched": day_reports.matched_chart(figures),
            "open_url": list_of(Break, account__id__exact=account.pk, state__exact="OPEN"),
            "rows_url": list_of(GatewayRow, account__id__exact=account.pk, day__exact=day.isoformat()),
            "propose_url": _propose_url(request, account, day)
            if now and now.obstacle is None and not pending
            else "",
            "before": address_of(account.pk, day - timedelta(days=1)),
            "after": address_of(account.pk, day + timedelta(days=1)) if day < timezone.localdate() else "",
        }


def _export(
    request: HttpRequest, context: dict[str, Any], ending: str, content: bytes | str, content_type: str
) -> HttpResponse:
    """The file, and a line in the trail that somebody took it."""
    account, day = context["account"], context["day"].isoformat()
    audit.record(
        action="wallet.day.exported",
        target=account,
        actor_id=request.user.pk,
        day=day,
        rows=len(context["figures"]["items"]),
        format=ending,
    )
    name = f"reconciliation-{account.code.lower()}-{day}.{ending}"
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def address_of(account_id: UUID, day: date) -> str:
    return reverse("admin:wallet_reconciledday_day", args=[account_id, day.isoformat()])


def _propose_url(request: HttpRequest, account: Account, day: date) -> str:
    if not request.user.has_perm(PROPOSE_DAY):
        return ""
    way = reverse("admin:accounts_propose", args=[closing.DAY])
    return f"{way}?{urlencode({'account': str(account.pk), 'day': day.isoformat()})}"


def _pending() -> Any:
    return Approval.objects.waiting(timezone.now()).filter(action=closing.DAY)


def _rows(days: list[date]) -> Iterator[Row]:
    """Each account that has another side, with its days."""
    accounts = list(reconciled_accounts())
    within = {"account__in": accounts, "day__gte": days[-1]}
    closed = set(ReconciledDay.objects.filter(**within).values_list("account", "day"))
    pending = set(_pending().values_list("target", flat=True))
    open_ones = Break.objects.open().filter(account__in=accounts).order_by()
    differing = {key[:2]: key[2] for key in open_ones.values_list("account", "day").annotate(Count("pk"))}
    states = Break.objects.filter(account__in=accounts, state=Break.State.EXPLAINED).order_by()
    explained = dict(states.values_list("account").annotate(Count("pk")))
    imports: dict[UUID, list[tuple[date, date]]] = {}
    done = RowImport.objects.filter(account__in=accounts, state=RowImport.State.DONE, until__gt=days[-1])
    for account_id, since, until in done.values_list("account", "since", "until"):
        imports.setdefault(account_id, []).append((since or date.max, until or date.min))
    for account in accounts:
        cells = []
        for day in days:
            count = differing.get((account.pk, day), 0)
            covered = any(since <= day < until for since, until in imports.get(account.pk, []))
            if (account.pk, day) in closed:
                state = CLOSED
            elif closing.target_of(account, day) in pending:
                state = PROPOSED
            elif count:
                state = OPEN
            else:
                state = READY if covered and day < days[0] else NOTHING
            cells.append(Cell(day, state, count, address_of(account.pk, day)))
        if account.pk in imports or any(cell.state != NOTHING for cell in cells):
            yield Row(account, cells, explained.get(account.pk, 0))


def _ages(at: datetime) -> list[tuple[Any, int, int, str]]:
    """Open differences by age: how many, how much in all, and their list."""

    found = []
    for step, label in Break.STEPS:
        rows = Break.objects.open().aged(step, at=at)
        gap = Abs(Coalesce(F("book_amount"), 0) - Coalesce(F("gateway_amount"), 0))
        told = rows.aggregate(count=Count("pk"), sum=Sum(gap))
        found.append((label, told["count"], told["sum"] or 0, list_of(Break, state__exact="OPEN", age=step)))
    return found


def _suspense(at: datetime) -> list[tuple[Any, int, Any, str]]:
    words = (_("Under a day"), _("Under a week"), _("Under a month"), _("Longer"))
    ages = reconciliation.ages(currency="NGN", at=at)
    return [
        (word, age.count, amount(age.amount, "NGN"), list_of(SuspenseItem, standing=str(age.since_days)))
        for word, age in zip(words, ages, strict=True)
    ]
