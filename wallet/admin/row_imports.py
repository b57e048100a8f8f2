"""Taking in what gateways and banks say: asked of the gateway, or from a file in four steps."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.transaction import on_commit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import IMPORT_ROWS
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.staff import Panel, ReadOnlyAdmin, When, amount, moment, time_of
from wallet import reconciliation_tasks
from wallet.admin.deeds import deed
from wallet.admin.row_import_forms import AskForm, FileForm, MappingForm
from wallet.models import ColumnMapping, RowImport
from wallet.services import reconciliation
from wallet.services.reconciliation import files

PREVIEWED = 20


@admin.register(RowImport)
class RowImportAdmin(ReadOnlyAdmin):
    change_list_template = "admin/wallet/rowimport/list.html"
    list_display = (
        "__str__",
        "kind",
        "state",
        "account",
        "since",
        "until",
        "new_rows",
        "known_rows",
        time_of("made_at", _("Made")),
    )
    list_filter = ("state", "kind", When)
    list_select_related = ("account",)
    shown = (
        *list_display,
        "gateway",
        "mapping",
        "sha256",
        "error",
        "made_by",
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _("By id")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("ask/", view(self.ask_view), name="wallet_rowimport_ask"),
            path("file/", view(self.file_view), name="wallet_rowimport_file"),
            path("<uuid:key>/mapping/", view(self.mapping_view), name="wallet_rowimport_mapping"),
            path("<uuid:key>/preview/", view(self.preview_view), name="wallet_rowimport_preview"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = request.user.has_perm(IMPORT_ROWS)
        return super().changelist_view(request, {**(extra_context or {}), "may_import": may})

    def panels(self, row_import: RowImport) -> Iterable[Panel]:
        currency = row_import.account.currency_id
        yield Panel(
            _("Rows that say something else now"),
            [_("Their id"), _("Said before"), _("Says now")],
            [
                [
                    each["gateway_id"],
                    amount(each["was"], currency, sign=True),
                    amount(each["is"], currency, sign=True),
                ]
                for each in row_import.differing
            ],
        )

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """Have a worker ask a gateway for a day. Raises PermissionDenied."""
        return deed(
            request,
            permission=IMPORT_ROWS,
            title=_("Ask the gateway"),
            text=_(
                "Its own ledger is taken in and matched with our books. That goes on while you do other things."
            ),
            form_class=AskForm,
            run=partial(_ask, request),
            back=_list(),
        )

    def file_view(self, request: HttpRequest) -> HttpResponse:
        """First step: the file itself. Raises PermissionDenied."""
        _require(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sent, user = form.cleaned_data["file"], request.user
            try:
                if sent.size > files.LARGEST:
                    raise files.FileRefused(_("The file is larger than 20 MB. Split it by days."))
                draft = reconciliation.keep_file(
                    account_id=form.cleaned_data["account"].pk,
                    name=sent.name,
                    content=sent.read(),
                    by=user,  # type: ignore[arg-type]
                    at=timezone.now(),
                )
                return redirect("admin:wallet_rowimport_mapping", draft.pk)
            except DomainError as refusal:
                form.add_error("file", str(refusal))
        return _step(request, 1, "file", form=form)

    def mapping_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Second step: which column is what. Raises PermissionDenied, Http404."""
        _require(request)
        draft, sheet, _parsed = _read(key)
        saved = ColumnMapping.objects.filter(account=draft.account).order_by("name")
        form = MappingForm(request.POST if "name" in request.POST else None, head=sheet.head)
        try:
            if request.method == "POST" and request.POST.get("saved"):
                reconciliation.choose_mapping(import_id=key, mapping_id=UUID(request.POST["saved"]))
                return redirect("admin:wallet_rowimport_preview", key)
            if form.is_bound and form.is_valid():
                by: Any = request.user
                reconciliation.make_mapping(import_id=key, by=by, at=timezone.now(), **form.facts())
                return redirect("admin:wallet_rowimport_preview", key)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        except (ValueError, ColumnMapping.DoesNotExist):
            raise Http404 from None
        lines = [cells for _number, cells in sheet.lines[:5]]
        return _step(request, 2, "mapping", form=form, draft=draft, sheet=sheet, lines=lines, saved=saved)

    def preview_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Third step: what it says, and whether it is right. Raises PermissionDenied, Http404."""
        _require(request)
        answer: HttpResponse = step_up_required(_preview)(request, key)
        return answer


def _preview(request: HttpRequest, key: UUID) -> HttpResponse:
    draft, _sheet, parsed = _read(key)
    if parsed is None:
        return redirect("admin:wallet_rowimport_mapping", key)
    refused = ""
    if request.method == "POST":
        by: Any = request.user
        try:
            done = reconciliation.confirm_file(import_id=key, by=by, at=timezone.now())
        except DomainError as refusal:
            refused = str(refusal)
        else:
            task = partial(reconciliation_tasks.reconcile_account.delay, account_id=str(done.account_id))
            on_commit(task, robust=True)
            words = _("Taken in: %(new)s new rows, %(known)s that were known.")
            messages.success(request, words % {"new": done.new_rows, "known": done.known_rows})
            return redirect("admin:wallet_rowimport_change", key)
    rows = [
        [moment(row.at), row.reference, row.description, amount(row.change, row.currency, sign=True)]
        for row in parsed.rows[:PREVIEWED]
    ]
    panel = Panel(_("The first rows"), [_("When"), _("Our reference"), _("Description"), _("Amount")], rows)
    sums = dict.fromkeys({row.currency for row in parsed.rows}, 0)
    for row in parsed.rows:
        sums[row.currency] += row.change
    return _step(
        request,
        3,
        "preview",
        refused=bool(refused),
        words=refused,
        draft=draft,
        parsed=parsed,
        panel=panel,
        sums=[amount(total, currency, sign=True) for currency, total in sorted(sums.items())],
        days=_days(parsed),
    )


def _days(parsed: files.Parsed) -> tuple[Any, Any] | None:
    days = [timezone.localdate(row.at) for row in parsed.rows]
    return (min(days), max(days)) if days else None


def _ask(request: HttpRequest, form: Any, at: datetime) -> HttpResponse:
    gateway, day = form.cleaned_data["gateway"], form.cleaned_data["day"]
    for currency in gateway.currencies:
        task = partial(
            reconciliation_tasks.ask_gateway.delay, gateway=gateway.pk, currency=currency, day=day.isoformat()
        )
        on_commit(task, robust=True)
    messages.success(request, _("The gateway is being asked. Look again in a moment."))
    return redirect(_list())


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(IMPORT_ROWS):
        raise PermissionDenied


def _read(key: UUID) -> tuple[RowImport, files.Sheet, files.Parsed | None]:
    try:
        return reconciliation.read_draft(import_id=key)
    except DomainError:
        raise Http404 from None


def _step(
    request: HttpRequest, number: int, name: str, *, refused: bool = False, **context: Any
) -> HttpResponse:
    form = context.get("form")
    refused = refused or bool(form is not None and form.is_bound and form.errors)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    steps = [(_("File"), 1), (_("Columns"), 2), (_("Look at it"), 3)]
    context = {**admin.site.each_context(request), "step": number, "steps": steps, "back": _list(), **context}
    return render(request, f"admin/wallet/rowimport/{name}.html", context, status=status)


def _list() -> str:
    return reverse("admin:wallet_rowimport_changelist")
