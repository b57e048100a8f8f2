"""Paystack's endpoints about our balance there."""

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wallet.sandbox import ledger, payloads, settlements
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.models import SandboxBook, SandboxLedgerRow, SandboxSettlement
from wallet.sandbox.wire import Body, Refusal, answer, endpoint, page_of


@endpoint("GET")
def balance(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    ledger.book_of("NGN", at=timezone.now())
    books = SandboxBook.objects.order_by("currency")
    rows = [{"currency": book.currency, "balance": book.balance} for book in books]
    return answer("Balances retrieved", rows)


@endpoint("GET", name="ledger")
def rows(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    ledger.book_of("NGN", at=timezone.now())
    return page_of(request, SandboxLedgerRow.objects.all(), _shape, "Balance ledger retrieved")


@endpoint("GET", name="settlement")
def settlement_list(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxSettlement.objects.all()
    for name, bound in (("from", "settles_on__gte"), ("to", "settles_on__lte")):
        if asked := request.GET.get(name):
            rows = rows.filter(**{bound: _day(asked)})
    return page_of(request, rows, settlements.shape, "Settlements retrieved")


@endpoint("GET", name="settlement")
def settlement_charges(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    number = int(reference) - FIRST_ID if reference.isascii() and reference.isdecimal() else 0
    found = SandboxSettlement.objects.filter(pk=max(number, 0)).first()
    if found is None:
        raise Refusal(404, "Settlement not found")
    rows = found.charges.select_related("customer", "card")
    return page_of(request, rows, payloads.verification, "Settlement transactions retrieved")


def _day(said: str) -> date:
    try:
        return datetime.fromisoformat(said).date()
    except ValueError as error:
        raise Refusal(400, "from and to must be dates", code="invalid_params") from error


def _shape(row: SandboxLedgerRow) -> Body:
    return {
        "integration": INTEGRATION,
        "domain": "test",
        "balance": row.balance,
        "currency": row.currency,
        "difference": row.difference,
        "reason": row.reason,
        "model_responsible": row.model_responsible,
        "model_row": row.model_row,
        "id": FIRST_ID + row.pk,
        "createdAt": iso(row.created_at),
        "updatedAt": iso(row.created_at),
    }
