"""Payments to merchants, requests and pay links in the life of a person's account: what is exported, and their end."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from accounts import life
from accounts.models import User
from core.actors import acting_as_service
from wallet.models import (
    MerchantPayment,
    MerchantSettlement,
    PayLink,
    PaymentRequest,
    PaymentRequestChange,
    RequestBlock,
    SplitBill,
)
from wallet.services.merchants import applying
from wallet.services.requests import answering, asking
from wallet.services.requests import links as pay_links

PAID = (
    *("id", "merchant__display_name", "link__title", "method", "amount", "currency_id", "refunded"),
    *("note", "state", "posting_id", "created_at", "paid_at"),
)
TAKEN = ("id", "merchant__display_name", "amount", "posting_id", "created_at")
REQUEST = (
    *("id", "direction", "amount", "currency_id", "note", "split_id", "state"),
    *("reminders", "posting_id", "created_at", "expires_at", "ended_at"),
)
BILL = ("id", "title", "total", "own_share", "currency_id", "created_at")
LINK = ("id", "slug", "amount", "currency_id", "note", "created_at", "revoked_at")


def export(user: User) -> Iterator[life.File]:
    """What a person paid to merchants, asked for and was asked for; of the others, nothing. Amounts in minor units."""
    yield "merchant_payments", _paid(user)
    yield "merchant_settlements", _taken(user)
    requests = PaymentRequest.objects.visible_to(user)
    way = Case(When(asker=user, then=Value("OUTGOING")), default=Value("INCOMING"))
    yield "payment_requests", _rows(requests.annotate(direction=way), *REQUEST)
    changes = PaymentRequestChange.objects.filter(request__in=requests)
    yield "payment_request_changes", _rows(changes, "request_id", "kind", "words", "at")
    yield "split_bills", _rows(SplitBill.objects.filter(owner=user), *BILL)
    yield "pay_links", _rows(PayLink.objects.filter(owner=user), *LINK)
    yield "request_blocks", _rows(RequestBlock.objects.filter(owner=user), "id", "created_at")


def close(*, user: User, at: datetime, **_signal: Any) -> None:
    """End what a person who leaves asked for and is asked, and the links by which they are paid."""
    for request in PaymentRequest.objects.filter(asker=user).open(at).order_by("pk"):
        asking.cancel(request=request, by=user, at=at)
    for request in PaymentRequest.objects.of_payer(user).open(at).order_by("pk"):
        answering.decline(request=request, by=user, at=at)
    for link in PayLink.objects.filter(owner=user, revoked_at=None).order_by("pk"):
        pay_links.revoke_pay_link(link=link, by=user, at=at)


def register() -> None:
    life.exporters.append(export)
    life.closing_organization.connect(applying.close, dispatch_uid="wallet.merchants.close")
    life.closing.connect(close, dispatch_uid="wallet.personal_payments.close")


def _paid(user: User) -> list[dict[str, Any]]:
    """Rows of a merchant's, of which row security shows the payer nothing: they are asked for as the service."""
    with acting_as_service():
        return list(MerchantPayment.objects.filter(payer=user).order_by("pk").values(*PAID))


def _taken(user: User) -> list[dict[str, Any]]:
    with acting_as_service():
        return list(MerchantSettlement.objects.filter(made_by=user).order_by("pk").values(*TAKEN))


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
