"""Our balance at Paystack, and the rows that add up to it."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from core.errors import DomainError
from wallet.sandbox.models import SandboxBook, SandboxLedgerRow

BY_HAND = "Topup"


class BalanceTooLow(DomainError):
    code = "balance_too_low"
    kind = "conflict"
    message = "Your balance is not enough to fulfill this request"


@transaction.atomic
def move(
    *,
    currency: str,
    difference: int,
    reason: str,
    model: str,
    row: int,
    at: datetime,
    may_overdraw: bool = False,
) -> None:
    """Add to our balance, or take away; raises BalanceTooLow where that would leave less than nothing."""
    book = book_of(currency, at=at)
    if difference < 0 and book.balance + difference < 0 and not may_overdraw:
        raise BalanceTooLow
    if difference:
        _write(book, difference, reason=reason, model=model, row=row, at=at)


def book_of(currency: str, *, at: datetime) -> SandboxBook:
    """Return the book of a currency under its lock; a new one begins with what this account is given to start with."""
    SandboxBook.objects.get_or_create(currency=currency)
    book = SandboxBook.objects.select_for_update().get(currency=currency)
    opening = settings.SANDBOX_OPENING_BALANCE if currency == "NGN" else 0
    if opening and not SandboxLedgerRow.objects.filter(currency=currency).exists():
        _write(book, opening, reason="Opening balance", model=BY_HAND, row=0, at=at)
    return book


def _write(book: SandboxBook, difference: int, *, reason: str, model: str, row: int, at: datetime) -> None:
    book.balance += difference
    book.save(update_fields=["balance"])
    SandboxLedgerRow.objects.create(
        currency=book.currency,
        difference=difference,
        balance=book.balance,
        reason=reason,
        model_responsible=model,
        model_row=row,
        created_at=at,
    )
