"""Paying many from one file: upload, a look at every line and what it costs, and how far it is."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.transaction import on_commit
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from accounts.services.organizations import name_of
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.spreadsheets import as_csv
from core.templatetags.money import money
from storage_app.form_uploads import brought_too_much
from wallet import payout_files, payout_tasks
from wallet.models import Account, BulkPayout, BulkPayoutRow
from wallet.payout_forms import BulkFileForm
from wallet.refusals import InsufficientFunds
from wallet.services import bulk
from wallet.services.statements.lines import Block
from wallet.views.access import own_wallet, wallet_page

PAGE, SHOWN, SOON = 100, 20, 3
WORDS = {
    payout_files.NO_NUMBER: gettext_lazy("An account number has ten digits."),
    payout_files.LOST_ZEROS: gettext_lazy(
        "Digits are missing: the sheet may have dropped zeros. Format the column as text."
    ),
    payout_files.NO_BANK: gettext_lazy("This bank is not known. Use its code or its name from the list."),
    payout_files.NO_AMOUNT: gettext_lazy("This is not an amount. Write naira, as 5000 or 5,000.50."),
    payout_files.TOO_SMALL: gettext_lazy("The smallest amount is ₦100."),
    payout_files.TOO_LARGE: gettext_lazy("The largest amount is ₦10,000,000."),
    payout_files.TOO_LONG: gettext_lazy("A name has at most 200 letters, a note 140."),
    payout_files.FORMULA_CELL: gettext_lazy("A name or note begins like a formula."),
    payout_files.TWICE: gettext_lazy("The same account and amount stand further up."),
    payout_files.CHECK_DIGIT: gettext_lazy(
        "The last digit is unusual for this bank. Look at the number again."
    ),
}
RESULT = ("line", "bank", "account", "name", "amount", "fee", "state", "reference", "reason")
EXAMPLE = (
    ("account_number", "bank", "amount", "name", "note"),
    ("0000000220", "Access Bank", "25000.00", "Obi Ada Grace", "Salary May"),
    ("0001234567", "058", "18,500", "Chidi Eze", "Salary May"),
)


@dataclass(frozen=True)
class Tray:
    """Whose files pages are about, as whom they are read, and on what they stand.

    The caller has asked whether the person may see them; the services ask anew before anything is written.
    """

    account: Account
    files: QuerySet[BulkPayout]
    # "payouts" or "merchants": where the templates are.
    place: str
    # The address of its pages.
    home: str
    reader: Block = nullcontext
    organization_id: UUID | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    def render(
        self, request: PersonRequest, page: str, context: Mapping[str, Any], status: int = 200
    ) -> HttpResponse:
        told = {**self.context, "account": self.account, **context}
        return render(request, page, told, status=status)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: PersonRequest) -> HttpResponse:
    """The files there were, and a new one."""
    return tray_page(request, _own(request))


@wallet_page
@require_safe
def file(request: PersonRequest, bulk_id: UUID) -> HttpResponse:
    """A file's lines: before it is confirmed with what is wrong, afterwards with what became of each."""
    return file_page(request, _own(request), bulk_id)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest, bulk_id: UUID) -> HttpResponseBase:
    """Whoever comes by a link has nothing to confirm, and sees the file."""
    if request.method != "POST":
        return redirect("bulk_payout", bulk_id)
    confirmed: HttpResponseBase = confirmed_file(request, _own(request), bulk_id)
    return confirmed


@wallet_page
@require_POST
def discard(request: PersonRequest, bulk_id: UUID) -> HttpResponse:
    return discarded(request, _own(request), bulk_id)


@wallet_page
@require_safe
def result(request: PersonRequest, bulk_id: UUID) -> HttpResponse:
    """What became of each line, as a sheet that calculates nothing."""
    return result_sheet(_own(request), bulk_id)


def tray_page(request: PersonRequest, tray: Tray) -> HttpResponse:
    if request.method != "POST":
        return _files_page(request, tray, BulkFileForm())
    form = BulkFileForm(request.POST, request.FILES)
    if brought_too_much(request) or _is_too_large(request):
        form.is_valid()
        form.errors.pop("file", None)
        form.add_error("file", str(payout_files.FileTooLarge.message))
        return _files_page(request, tray, form, status=422)
    if not form.is_valid():
        return _files_page(request, tray, form, status=422)
    file = form.cleaned_data["file"]
    try:
        found = bulk.upload(
            by=request.user,
            account=tray.account,
            name=file.name or "",
            raw=file.read(),
            at=timezone.now(),
            organization_id=tray.organization_id,
        )
    except DomainError as refusal:
        form.add_error("file", str(refusal))
        status = {"limited": 429, "unavailable": 503}.get(refusal.kind, 422)
        return _files_page(request, tray, form, status=status)
    return redirect(f"{tray.home}{found.pk}/")


def file_page(request: PersonRequest, tray: Tray, bulk_id: UUID) -> HttpResponse:
    found = _in(tray, bulk_id)
    with tray.reader():
        progress = bulk.progress_of(bulk=found)
        lines = BulkPayoutRow.objects.filter(bulk=found).select_related("payout")
        page = Paginator(lines.order_by("number"), PAGE).get_page(request.GET.get("page"))
        shown = [(line, [WORDS[problem] for problem in line.problems]) for line in page]
        marked = lines.filter(problems__contains=[payout_files.TWICE]).count()
        uploader = name_of(found.uploaded_by) if found.uploaded_by else ""
    seen = f"{found.state}.{progress.waiting}.{progress.on_the_way}.{progress.arrived}.{progress.not_sent}"
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    is_moving = found.state == BulkPayout.State.RUNNING or progress.on_the_way > 0
    context: dict[str, Any] = {
        "bulk": found,
        "progress": progress,
        "page": page,
        "lines": shown,
        "marked": marked,
        "uploader": uploader,
        "is_asked": found.takes_two and found.uploaded_by_id == request.user.pk,
        "total": found.amount + found.fee,
        "seen": seen,
        "poll_seconds": SOON if is_moving else None,
    }
    template = "payouts/_bulk.html" if request.htmx else f"{tray.place}/bulk_payout.html"
    return tray.render(request, template, context)


@step_up_required
def confirmed_file(request: PersonRequest, tray: Tray, bulk_id: UUID) -> HttpResponse:
    found = _in(tray, bulk_id)
    try:
        now = bulk.confirm(bulk=found, at=timezone.now(), by=request.user)
    except InsufficientFunds as refusal:
        words = {
            "total": money(int(refusal.data["amount"]), found.account.currency_id),
            "available": money(int(refusal.data["available"]), found.account.currency_id),
        }
        messages.error(
            request, _("The file comes to %(total)s, and you have %(available)s. Nothing was paid.") % words
        )
    except DomainError as refusal:
        messages.error(request, _("%(reason)s Nothing was paid.") % {"reason": refusal})
    else:
        if now.state == BulkPayout.State.RUNNING:
            on_commit(partial(payout_tasks.pay_files.delay), robust=True)
    return redirect(f"{tray.home}{bulk_id}/")


def discarded(request: PersonRequest, tray: Tray, bulk_id: UUID) -> HttpResponse:
    try:
        bulk.discard(bulk=_in(tray, bulk_id), at=timezone.now(), by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.info(request, _("The file was put aside. Nothing was paid."))
    return redirect(tray.home)


def result_sheet(tray: Tray, bulk_id: UUID) -> HttpResponse:
    found = _in(tray, bulk_id)
    with tray.reader():
        text = as_csv(RESULT, bulk.result_rows(bulk=found))
    return _sheet(text, f"payouts-{found.uploaded_at:%Y-%m-%d}.csv")


@wallet_page
@require_safe
def example(request: PersonRequest) -> HttpResponse:
    """A sheet to begin with."""
    return _sheet(as_csv(EXAMPLE[0], EXAMPLE[1:]), "payouts-example.csv")


def _own(request: PersonRequest) -> Tray:
    mine = BulkPayout.objects.visible_to(request.user)
    return Tray(own_wallet(request.user), mine, "payouts", reverse("bulk_payouts"))


def _in(tray: Tray, bulk_id: UUID) -> BulkPayout:
    """Raises Http404."""
    with tray.reader():
        rows = tray.files.select_related("account", "organization", "uploaded_by__profile")
        return get_object_or_404(rows, pk=bulk_id)


def _is_too_large(request: PersonRequest) -> bool:
    file = request.FILES.get("file")
    return file is not None and (file.size or 0) > payout_files.MOST_BYTES


def _files_page(request: PersonRequest, tray: Tray, form: BulkFileForm, status: int = 200) -> HttpResponse:
    with tray.reader():
        earlier = list(tray.files.select_related("account").order_by("-id")[:SHOWN])
    context = {"form": form, "earlier": earlier}
    return tray.render(request, f"{tray.place}/bulk_payouts.html", context, status=status)


def _sheet(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
