"""Requests between people, for tests."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Notification, User
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet.models import Account, PaymentRequest
from wallet.services.posting import Posting
from wallet.services.requests import answering, asking


def ask(asker: User, of: User, amount: int = 50_000, **facts: Any) -> PaymentRequest:
    facts = {"at": timezone.now(), "note": "Suya", **facts}
    return asking.ask(asker=asker, recipient_text=of.email, amount=amount, **facts)


def answer(payer: User, source: Account, request: PaymentRequest, posting: UUID | None = None) -> Posting:
    with acting_as(payer):
        return answering.pay_request(
            request=request,
            payer=payer,
            source=source,
            posting_id=posting or posting_id(),
            at=timezone.now(),
        )


def state_of(request: PaymentRequest) -> str:
    with acting_as_service():
        return PaymentRequest.objects.get(pk=request.pk).state


def notices_of(person: User) -> list[str]:
    with acting_as_service():
        rows = Notification.objects.filter(user=person, event__startswith="request.").order_by("pk")
        return list(rows.values_list("event", flat=True))


def history_of(request: PaymentRequest) -> list[str]:
    with acting_as_service():
        return list(request.changes.order_by("pk").values_list("kind", flat=True))
