"""Paystack's endpoints about our balance there."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wallet.sandbox import ledger
from wallet.sandbox.codes import FIRST_ID, INTEGRATION, iso
from wallet.sandbox.models import SandboxBook, SandboxLedgerRow
from wallet.sandbox.wire import Body, answer, endpoint, page_of


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
