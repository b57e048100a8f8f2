"""Statements: the months there are, one made for a range, and each as PDF, CSV and OFX."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.actors import acting_as
from wallet.forms import StatementForm
from wallet.models import Account, Recall, Statement
from wallet.refusals import MovementsInArchive
from wallet.services import receipts
from wallet.services.archives import recalls
from wallet.services.documents import spelled
from wallet.services.statements import PeriodInvalid, files, make_statement
from wallet.services.statements.lines import Block, end_of, start_of
from wallet.views.access import own_wallet, wallet_page
from wallet.views.activity import own_entry

PAGE = 60


@dataclass(frozen=True)
class Shelf:
    """Whose statements pages are about, as whom they are read, and on what they stand.

    The caller has asked whether the person may see this account.
    """

    account: Account
    # "wallet" or "merchants": where the templates are.
    place: str
    reader: Block = nullcontext
    context: Mapping[str, Any] = field(default_factory=dict)

    def render(
        self, request: HttpRequest, page: str, context: Mapping[str, Any], status: int = 200
    ) -> HttpResponse:
        told = {**self.context, "account": self.account, **context}
        return render(request, f"{self.place}/{page}.html", told, status=status)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def statements(request: PersonRequest) -> HttpResponse:
    """The months and the ranges that were made; a POST makes one."""
    return shelf_page(request, _own(request))


@wallet_page
@require_safe
def statement(request: PersonRequest, statement_id: UUID) -> HttpResponse:
    """One statement: its sums, its code, and its files."""
    return statement_page(request, _own(request), statement_id)


@wallet_page
@require_POST
def fetch(request: PersonRequest, statement_id: UUID) -> HttpResponse:
    """Have a statement's months fetched from the archive."""
    return fetched(_own(request), statement_id)


@wallet_page
@require_safe
def download(request: PersonRequest, statement_id: UUID, ending: str) -> HttpResponseBase:
    """A statement as a file. What lies in the archive leads back to its page, which says so."""
    own = Shelf(own_wallet(request.user), "wallet", reader=lambda: acting_as(request.user))
    return downloaded(request, own, statement_id, ending)


def shelf_page(request: PersonRequest, shelf: Shelf) -> HttpResponse:
    form = StatementForm(request.POST if request.method == "POST" else None, today=timezone.localdate())
    if form.is_valid():
        try:
            made = make_statement(
                account=shelf.account,
                since=form.cleaned_data["since"],
                until=form.cleaned_data["until"],
                at=timezone.now(),
                language=request.LANGUAGE_CODE,
            )
        except PeriodInvalid as refusal:
            form.add_error("until", str(refusal))
        else:
            return redirect(f"{request.path}{made.pk}/")
    with shelf.reader():
        found = Statement.objects.filter(account=shelf.account).select_related("document")
        rows = list(found.order_by("-since", "-id"))
    context = {
        "form": form,
        "months": [one for one in rows if one.monthly][:PAGE],
        "ranges": [one for one in rows if not one.monthly][:PAGE],
    }
    return shelf.render(request, "statements", context, status=422 if form.errors else 200)


def statement_page(request: PersonRequest, shelf: Shelf, statement_id: UUID) -> HttpResponse:
    found = _on(shelf, statement_id)
    context: dict[str, Any] = {"statement": found}
    if not found.is_ready:
        return shelf.render(request, "statement_waiting", context)
    context["code"] = spelled(found.document.code) if found.document else ""
    with shelf.reader():
        try:
            files.require_readable(found)
        except MovementsInArchive:
            waiting = Recall.objects.filter(account=found.account_id, state=Recall.State.WAITING)
            context |= {"is_away": True, "is_coming": waiting.exists()}
    return shelf.render(request, "statement", context)


def fetched(shelf: Shelf, statement_id: UUID) -> HttpResponse:
    found = _on(shelf, statement_id)
    recalls.recall(
        account=found.account, since=start_of(found.since), until=end_of(found.until), at=timezone.now()
    )
    return redirect("../")


def downloaded(request: PersonRequest, shelf: Shelf, statement_id: UUID, ending: str) -> HttpResponseBase:
    found = _on(shelf, statement_id)
    if not found.is_ready:
        raise Http404
    with shelf.reader():
        try:
            files.require_readable(found)
        except MovementsInArchive:
            return redirect("./")
        return file_of(request, found, ending, as_reader=shelf.reader)


def file_of(
    request: HttpRequest,
    found: Statement,
    ending: str,
    *,
    as_reader: Block,
) -> HttpResponseBase:
    """Return a statement's file: a PDF at once, the others while they are read."""
    name = files.file_name(found, ending)
    if ending == "pdf":
        return attached(HttpResponse(files.pdf(found), content_type=files.PDF), name)
    written, content_type = (files.csv, files.CSV) if ending == "csv" else (files.ofx, files.OFX)
    return streamed(request, written(found, as_reader=as_reader), name, content_type)


def streamed(request: HttpRequest, pieces: Iterator[bytes], name: str, content_type: str) -> HttpResponseBase:
    """Return what is written while it is sent; a server that serves others meanwhile does not wait for it."""
    together = _in_pieces(pieces)
    body = _in_turn(together) if isinstance(request, ASGIRequest) else together
    return attached(StreamingHttpResponse(body, content_type=content_type), name)


def attached(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _in_pieces(lines: Iterator[bytes], size: int = 64 * 1024) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


async def _in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await sync_to_async(lambda: next(pieces, b""))():
        yield piece


@wallet_page
@require_safe
def receipt(request: PersonRequest, transaction_id: UUID) -> HttpResponseBase:
    """The receipt of one movement, from the caller's side of it."""
    document = receipts.issue_receipt(entry=own_entry(request.user, transaction_id), at=timezone.now())
    name = f"alajo-receipt-{spelled(document.code)}.pdf"
    return attached(HttpResponse(receipts.receipt_pdf(document), content_type=files.PDF), name)


@wallet_page
@require_POST
def fetch_older(request: PersonRequest) -> HttpResponse:
    """Have the newest archived months of the caller's wallet fetched: a year of them at a time."""
    wallet: Account = own_wallet(request.user)
    newest = recalls.away(account=wallet).first()
    if newest is not None:
        recalls.recall(
            account=wallet,
            since=newest.last_at - timedelta(days=366),
            until=newest.last_at + timedelta(microseconds=1),
            at=timezone.now(),
        )
    return redirect("activity")


def _own(request: PersonRequest) -> Shelf:
    return Shelf(own_wallet(request.user), "wallet")


def _on(shelf: Shelf, statement_id: UUID) -> Statement:
    """Raises Http404."""
    with shelf.reader():
        found = Statement.objects.filter(account=shelf.account).select_related("account", "document")
        return get_object_or_404(found, pk=statement_id)
