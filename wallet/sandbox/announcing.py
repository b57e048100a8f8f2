"""Writing webhooks: what happened becomes one body, which is brought as the faults that wait would have it."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from wallet.sandbox import faults
from wallet.sandbox.delivery_tasks import deliver_webhook
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxDelivery

MOST_COPIES = 100
# What was held back comes so long after the webhook that overtook it.
OVERTAKEN_BY = 2


def announce(
    *, event: str, data: dict[str, Any], about: str, at: datetime, delay: int = 0
) -> SandboxDelivery:
    """Have an event of Paystack brought once this is committed, after `delay` seconds."""
    return bring(event=event, body={"event": event, "data": data}, about=about, at=at, delay=delay)


@transaction.atomic
def bring(
    *, event: str, body: dict[str, Any], about: str, at: datetime, delay: int = 0, url: str = ""
) -> SandboxDelivery:
    """Have a body brought to an address, Paystack's unless another is given."""
    taken = faults.take(faults.ON_WEBHOOK, reference=about)
    state = SandboxDelivery.State.PENDING
    if Kind.DROP_WEBHOOK in taken:
        state = SandboxDelivery.State.DROPPED
    elif Kind.WEBHOOK_SWAPPED in taken:
        state = SandboxDelivery.State.HELD
    delivery = SandboxDelivery.objects.create(
        about=about,
        event=event,
        url=url,
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        copies=min(taken.number(Kind.DUPLICATE_WEBHOOK, 1), MOST_COPIES) or 1,
        state=state,
        created_at=at,
    )
    if state == SandboxDelivery.State.PENDING:
        delay = taken.number(Kind.WEBHOOK_DELAY, delay)
        if delay:
            delivery.next_attempt_at = at + timedelta(seconds=delay)
            delivery.save(update_fields=["next_attempt_at"])
        send_on_commit(delivery, countdown=delay, at_once=Kind.WEBHOOK_FIRST in taken)
        _release_overtaken(about, countdown=delay + OVERTAKEN_BY)
    return delivery


def resend(*, delivery: SandboxDelivery) -> None:
    """Bring a webhook once more, whatever became of it."""
    SandboxDelivery.objects.filter(pk=delivery.pk).update(state=SandboxDelivery.State.PENDING)
    send_on_commit(delivery)


def send_on_commit(delivery: SandboxDelivery, *, countdown: int = 0, at_once: bool = False) -> None:
    """Have a webhook brought once this transaction is committed, after `countdown` seconds; or `at_once`, before
    whoever called gets an answer."""
    what = {"delivery_id": delivery.pk}
    send = partial(deliver_webhook.apply_async, kwargs=what, countdown=countdown)
    if at_once:
        send = partial(deliver_webhook.apply, kwargs=what)
    # robust: a broker that is down must not turn a finished payment into an error page; the wallet polls what
    # is lost.
    transaction.on_commit(send, robust=True)


def _release_overtaken(about: str, *, countdown: int) -> None:
    held = SandboxDelivery.objects.filter(about=about, state=SandboxDelivery.State.HELD)
    for delivery in held.order_by("-pk"):
        SandboxDelivery.objects.filter(pk=delivery.pk).update(state=SandboxDelivery.State.PENDING)
        send_on_commit(delivery, countdown=countdown)
