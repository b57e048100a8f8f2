"""What gateways tell us: kept raw, judged by signature, processed once. A webhook is a hint to go and ask.

`receive_webhook` runs in the request's transaction and calls nobody. `process_webhook` hands it to who deals with its
event (`gateway_events`), who asks the gateway.
What no worker finished, or what failed, comes back by `take_due_webhook` in ever longer intervals.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways import paystack_identity as identity
from wallet.gateways.base import ForgedSignature
from wallet.models import PaymentGateway, WebhookEvent
from wallet.services.gateway_events import HANDLERS, NothingToDo
from wallet.services.gateways import adapter_of

# The first try is at once, each later one n 2^n minutes after the webhook, to 68 hours: then it is for staff.
TRIES = 13

_State = WebhookEvent.State


def receive_webhook(
    *, gateway: PaymentGateway, raw: bytes, signature: str | None
) -> tuple[WebhookEvent, bool]:
    """Keep a genuine webhook, and say whether it is new: one that came before is not kept twice.

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
    facts = {"event": notice.event, "reference": notice.reference or "", "body": raw, "attempts": 1}
    event, is_new = WebhookEvent.objects.get_or_create(
        gateway=gateway, dedupe_key=notice.dedupe_key, defaults=facts
    )
    if not is_new and event.event in identity.ANSWERS and not event.is_waiting:
        # A question that was asked anew is answered in the same bytes.
        event.state, event.attempts = _State.RECEIVED, 1
        event.save(update_fields=["state", "attempts"])
        return event, True
    return event, is_new


def forged_count(gateway_code: str) -> int:
    """Return how many webhooks with a bad signature came for it since the cache was last emptied."""
    return int(cache.get(_forged_key(gateway_code), 0))


def process_webhook(*, event_id: UUID, at: datetime) -> WebhookEvent:
    """Have the handler of a webhook's event deal with it, see `gateway_events`. Safe to run twice. Calls outside.

    Raises no DomainError: what stands in the way is written down with the webhook, which is tried again.
    """
    with acting_as_service():
        event = WebhookEvent.objects.select_related("gateway").get(pk=event_id)
    if not event.is_waiting:
        return event
    handler = HANDLERS.get(event.event)
    if handler is None:
        return _record(event, _State.IGNORED, at=at)
    try:
        notice = adapter_of(event.gateway).read_notice(bytes(event.body))
        handler(event.gateway, event, notice.data, at)
    except NothingToDo:
        return _record(event, _State.IGNORED, at=at)
    except DomainError as error:
        return _record(event, _State.FAILED, error=f"{error.code}: {error}")
    return _record(event, _State.PROCESSED, at=at)


def replay_webhook(*, event_id: UUID) -> None:
    """Put a webhook back among those that wait, whatever became of it: what was credited stays credited once.

    The caller hands it to a worker once this is committed; without one, the sweep finds it.
    """
    with acting_as_service():
        event = WebhookEvent.objects.select_for_update().get(pk=event_id)
        was, event.state, event.attempts = event.state, _State.RECEIVED, 1
        event.error, event.processed_at = "", None
        event.save(update_fields=["state", "attempts", "error", "processed_at"])
        audit.record(action="wallet.webhook.replayed", target=event, was=was)


def take_due_webhook(*, at: datetime) -> UUID | None:
    """Pick the next webhook that waits for a try, and count the try, which puts the next one off."""
    due = reduce(or_, (Q(attempts=n, received_at__lte=at - timedelta(minutes=2**n)) for n in range(TRIES)))
    with acting_as_service():
        waiting = WebhookEvent.objects.waiting().filter(due).select_for_update(skip_locked=True)
        event = waiting.order_by("attempts", "received_at").first()
        if event is None:
            return None
        event.attempts += 1
        event.save(update_fields=["attempts"])
        return event.pk


def _record(event: WebhookEvent, state: str, *, at: datetime | None = None, error: str = "") -> WebhookEvent:
    """Write how a try ended, unless another try has finished meanwhile."""
    with acting_as_service():
        waiting = WebhookEvent.objects.waiting().filter(pk=event.pk)
        if waiting.update(state=state, processed_at=at, error=error):
            audit.record(action=f"wallet.webhook.{state.lower()}", target=event)
        event.refresh_from_db(fields=["state", "processed_at", "error"])
    return event


def _forged_key(code: str) -> str:
    return f"webhooks:forged:{code}"
