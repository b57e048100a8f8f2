"""What gateways tell us: kept raw, judged by signature, processed once. A webhook is a hint to go and ask."""

from datetime import datetime
from uuid import UUID

from django.core.cache import cache

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways.base import ChargeNotFound, ForgedSignature
from wallet.models import Case, Payment, PaymentGateway, WebhookEvent
from wallet.services.deposits import SETTLED, settle
from wallet.services.gateways import adapter_of


class NotSettledYet(DomainError):
    """The webhook came before the gateway's own answer agreed; it is tried again."""

    code = "not_settled_yet"
    kind = "conflict"


def receive_webhook(*, gateway: PaymentGateway, raw: bytes, signature: str | None) -> WebhookEvent:
    """Keep a genuine webhook for `process_webhook`; one that came before is not kept twice.

    Raises ForgedSignature (counted, see `forged_count`), UnreadableNotice.
    """
    adapter = adapter_of(gateway)
    try:
        adapter.verify_signature(raw, signature)
    except ForgedSignature:
        cache.add(_forged_key(gateway.code), 0, timeout=None)
        cache.incr(_forged_key(gateway.code))
        raise
    notice = adapter.read_notice(raw)
    event, _made = WebhookEvent.objects.get_or_create(
        gateway=gateway,
        dedupe_key=notice.dedupe_key,
        defaults={"event": notice.event, "reference": notice.reference or "", "body": raw},
    )
    return event


def forged_count(gateway_code: str) -> int:
    """Return how many webhooks with a bad signature came for this gateway since the cache was last emptied."""
    return int(cache.get(_forged_key(gateway_code), 0))


def process_webhook(*, event_id: UUID, at: datetime) -> WebhookEvent:
    """Ask the gateway about the charge a webhook names, and settle it. Safe to run twice and to replay. Calls outside."""
    with acting_as_service():
        event = WebhookEvent.objects.select_related("gateway").get(pk=event_id)
        if event.state in (WebhookEvent.State.PROCESSED, WebhookEvent.State.IGNORED):
            return event
        payment = Payment.objects.filter(gateway=event.gateway, reference=event.reference).first()
        adapter = adapter_of(event.gateway)
    if event.event != "charge.success" or not event.reference:
        return _finish(event, WebhookEvent.State.IGNORED, at=at)
    try:
        charge = adapter.find_charge(reference=event.reference)
        if payment is None:
            _unknown(event)
        elif settle(payment_id=payment.pk, charge=charge, at=at).state not in SETTLED:
            raise NotSettledYet
    except ChargeNotFound:
        return _finish(event, WebhookEvent.State.IGNORED, error="the gateway knows no such charge", at=at)
    except DomainError as error:
        return _failed(event, error)
    return _finish(event, WebhookEvent.State.PROCESSED, at=at)


def _unknown(event: WebhookEvent) -> None:
    """Money came under a reference we never made: a person must find whose it is."""
    with acting_as_service():
        Case.objects.get_or_create(
            kind=Case.Kind.UNKNOWN_REFERENCE, reference=event.reference, defaults={"data": {"webhook": str(event.pk)}}
        )


def _finish(event: WebhookEvent, state: str, *, at: datetime, error: str = "") -> WebhookEvent:
    event.state, event.processed_at, event.error = state, at, error
    event.attempts += 1
    with acting_as_service():
        event.save(update_fields=["state", "processed_at", "error", "attempts"])
    return event


def _failed(event: WebhookEvent, error: DomainError) -> WebhookEvent:
    event.state, event.error = WebhookEvent.State.FAILED, f"{error.code}: {error}"
    event.attempts += 1
    with acting_as_service():
        event.save(update_fields=["state", "error", "attempts"])
    return event


def _forged_key(code: str) -> str:
    return f"webhooks:forged:{code}"
