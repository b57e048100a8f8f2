"""Sending: a delivery is taken, called outside any transaction, and written down.

Taking a delivery leases it. A worker that dies between the call and the writing leaves it to `recover`, and it goes out
again with the same id: at least once. No endpoint has more than `AT_ONCE` calls under way, one that fails has one: a
slow or dead one keeps the senders from nobody else.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks import envelope, failing
from accounts.services.webhooks.schedule import next_try
from core import encryption, outbound
from core.actors import acting_as_service
from realtime.models import Message

AT_ONCE = 4
AT_ONCE_FAILING = 1
# Longer than a call can take.
LEASE = timedelta(seconds=60)
INTERRUPTED, FORGOTTEN, NO_SECRET = "interrupted", "event_forgotten", "secret_unreadable"
GONE = 410
# Of what comes back, beside the body.
KEPT_HEADERS = ("content-type", "content-length", "date", "location", "retry-after", "server")
_RECOVERED_AT_ONCE = 500
# How often a sender looks again after another took the place it saw.
_LOOKS = 50
_State = WebhookDelivery.State

logger = logging.getLogger(__name__)

# Endpoints that have something due and room for one more call: by hops through the index from endpoint to endpoint, so
# that a million deliveries that wait for one of them cost nothing. The one that has waited longest comes first.
_CHOOSE = """
with recursive waiting (endpoint_id) as (
    (select endpoint_id from accounts_webhookdelivery where state = 'WAITING' order by endpoint_id limit 1)
    union all
    select (select d.endpoint_id from accounts_webhookdelivery d
            where d.state = 'WAITING' and d.endpoint_id > w.endpoint_id order by d.endpoint_id limit 1)
    from waiting w where w.endpoint_id is not null
)
select e.id from waiting w
join accounts_webhookendpoint e on e.id = w.endpoint_id and e.state = 'ENABLED'
cross join lateral (
    select d.next_try_at from accounts_webhookdelivery d
    where d.state = 'WAITING' and d.endpoint_id = e.id and d.next_try_at <= %(at)s
    order by d.next_try_at limit 1
) due
where (select count(*) from accounts_webhookdelivery s where s.endpoint_id = e.id and s.state = 'SENDING')
    < case when e.failing_since is null then %(at_once)s else %(failing)s end
order by due.next_try_at, e.id limit 1
"""
# Under the endpoint's lock, with a look of its own: whoever had the lock before may have taken the last free place.
_TAKE = """
update accounts_webhookdelivery d
set state = 'SENDING', attempts = d.attempts + 1, tries = d.tries + 1, next_try_at = null, leased_until = %(leased)s
where d.id = (
    select w.id from accounts_webhookdelivery w
    where w.endpoint_id = %(endpoint)s and w.state = 'WAITING' and w.next_try_at <= %(at)s
    order by w.next_try_at, w.id limit 1 for update skip locked
) and (
    select count(*) from accounts_webhookdelivery s where s.endpoint_id = %(endpoint)s and s.state = 'SENDING'
) < %(most)s
returning d.id
"""


@dataclass(frozen=True)
class Taken:
    """A delivery under lease: where to, and the bytes. `number` says which of its tries this is."""

    delivery_id: UUID
    endpoint_id: UUID
    number: int
    tries: int
    manual: bool
    url: str
    body: bytes
    headers: dict[str, str]
    at: datetime
    # What stands in the way before anybody is called.
    error: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a call went."""

    duration_ms: int
    answer: outbound.Answer | None = None
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return self.answer is not None and 200 <= self.answer.status < 300


def send_next(
    *,
    post: Callable[..., outbound.Answer] = outbound.post,
    clock: Callable[[], datetime] = timezone.now,
    chance: Callable[[], float] = random.random,
) -> bool:
    """Send one delivery that is due; return whether there was one to take. Calls outside."""
    taken = take_due(at=clock())
    if taken is None:
        return False
    outcome = call(taken, post=post)
    record(taken, outcome, at=clock(), chance=chance())
    return True


def take_due(*, at: datetime) -> Taken | None:
    """Lease the delivery that has waited longest at an endpoint with room for it, if there is one."""
    for _ in range(_LOOKS):
        with acting_as_service(), connection.cursor() as cursor:
            cursor.execute(_CHOOSE, {"at": at, "at_once": AT_ONCE, "failing": AT_ONCE_FAILING})
            chosen = cursor.fetchone()
            if chosen is None:
                return None
            # Waits for whoever is taking one there just now: a moment.
            endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=chosen[0])
            leased = _leased(endpoint, at) if endpoint.is_enabled else None
            if leased is not None:
                return _prepared(WebhookDelivery.objects.get(pk=leased), endpoint, at)
    return None


def call(taken: Taken, *, post: Callable[..., outbound.Answer] = outbound.post) -> Outcome:
    """Bring a delivery to its endpoint, holding no transaction. Raises nothing that a receiver could cause."""
    if connection.in_atomic_block:
        raise RuntimeError("nobody is called inside a transaction")
    if taken.error:
        return Outcome(0, error=taken.error)
    started = time.monotonic()
    answer, error = None, ""
    try:
        answer = post(taken.url, content=taken.body, headers=taken.headers)
    except outbound.CallFailed as failure:
        error = failure.name
    except outbound.UrlRefused as refusal:
        error = refusal.code
    return Outcome(round((time.monotonic() - started) * 1000), answer, error)


def record(taken: Taken, outcome: Outcome, *, at: datetime, chance: float) -> None:
    """Write down how a try went, and when the next one is."""
    with acting_as_service():
        # The endpoint before its deliveries, as everybody locks them.
        if outcome.succeeded:
            failing.clear(endpoint_id=taken.endpoint_id)
        elif not taken.error:
            gone = outcome.answer is not None and outcome.answer.status == GONE
            failing.note(endpoint_id=taken.endpoint_id, tried_at=taken.at, at=at, gone=gone)
        state, again = _what_next(taken, outcome, at, chance)
        # Whoever was taken for dead and is not has the last word as long as nobody took the delivery after it.
        mine = WebhookDelivery.objects.filter(
            pk=taken.delivery_id, attempts=taken.number, state__in=[_State.SENDING, _State.WAITING]
        )
        mine.update(
            state=state,
            next_try_at=again,
            leased_until=None,
            delivered_at=at if state == _State.DELIVERED else None,
        )
        _keep(taken, outcome)


def recover(*, at: datetime) -> int:
    """Put back what dead workers had taken, as a try that was interrupted; return how many.

    It counts as a try: what kills every worker that takes it comes to an end too.
    """
    with acting_as_service():
        left = WebhookDelivery.objects.filter(state=_State.SENDING, leased_until__lt=at)
        left = left.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint")
        found = list(left.order_by("leased_until", "pk")[:_RECOVERED_AT_ONCE])
        WebhookAttempt.objects.bulk_create(
            [
                WebhookAttempt(
                    delivery=delivery,
                    number=delivery.attempts,
                    url=delivery.endpoint.url,
                    at=delivery.leased_until - LEASE,  # type: ignore[operator, misc]
                    error=INTERRUPTED,
                    manual=delivery.manual,
                )
                for delivery in found
            ],
            ignore_conflicts=True,
        )
        for delivery in found:
            delivery.leased_until = None
            delivery.next_try_at = next_try(tries=delivery.tries, at=at, chance=0.0)
            delivery.state = _State.WAITING if delivery.next_try_at else _State.FAILED
        WebhookDelivery.objects.bulk_update(found, ["state", "next_try_at", "leased_until"])
    return len(found)


def count_due(*, at: datetime, most: int) -> int:
    """Return how many deliveries are due, `most` at most."""
    with acting_as_service():
        due = WebhookDelivery.objects.filter(
            state=_State.WAITING, next_try_at__lte=at, endpoint__state=WebhookEndpoint.State.ENABLED
        )
        return due[:most].count()


def _leased(endpoint: WebhookEndpoint, at: datetime) -> UUID | None:
    """Lease the first delivery that is due at a locked endpoint, where it has room."""
    most = AT_ONCE_FAILING if endpoint.failing_since else AT_ONCE
    facts: dict[str, Any] = {"endpoint": endpoint.pk, "at": at, "leased": at + LEASE, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, facts)
        row = cursor.fetchone()
    return row[0] if row else None


def _prepared(delivery: WebhookDelivery, endpoint: WebhookEndpoint, at: datetime) -> Taken:
    message = Message.objects.filter(pk=delivery.message_id).first()
    body, headers, error = b"", {}, ""
    if message is None:
        error = FORGOTTEN
    else:
        body = envelope.body_of(
            message_id=message.pk, event=message.event, payload=message.payload, at=message.inserted_at
        )
        try:
            secrets = _secrets(endpoint, at)
        except encryption.DecryptionFailed:
            logger.exception("the secret of webhook endpoint %s does not open", endpoint.pk)
            error = NO_SECRET
        else:
            headers = envelope.headers_of(message_id=message.pk, body=body, secrets=secrets, at=at)
    return Taken(
        delivery.pk,
        endpoint.pk,
        delivery.attempts,
        delivery.tries,
        delivery.manual,
        endpoint.url,
        body,
        headers,
        at,
        error,
    )


def _secrets(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    secrets = [envelope.opened(endpoint.secret, column="secret", endpoint_id=endpoint.pk)]
    if endpoint.has_two_secrets(at):
        previous = endpoint.previous_secret
        secrets.append(envelope.opened(previous, column="previous_secret", endpoint_id=endpoint.pk))
    return secrets


def _what_next(taken: Taken, outcome: Outcome, at: datetime, chance: float) -> tuple[str, datetime | None]:
    if outcome.succeeded:
        return _State.DELIVERED, None
    if outcome.error == FORGOTTEN:
        return _State.CANCELLED, None
    if outcome.answer is not None and outcome.answer.status == GONE:
        return _State.FAILED, None
    asked = outcome.answer.header("retry-after") if outcome.answer else ""
    again = next_try(tries=taken.tries, at=at, chance=chance, retry_after=asked)
    return (_State.WAITING, again) if again else (_State.FAILED, None)


def _keep(taken: Taken, outcome: Outcome) -> None:
    answer = outcome.answer
    facts = {
        "url": taken.url,
        "at": taken.at,
        "duration_ms": outcome.duration_ms,
        "status": answer.status if answer else None,
        "error": outcome.error,
        "request_headers": taken.headers,
        "response_headers": _headers(answer) if answer else {},
        "response_body": _text(answer.body) if answer else "",
        "manual": taken.manual,
    }
    # One that was recovered meanwhile stands there as interrupted.
    WebhookAttempt.objects.update_or_create(
        delivery_id=taken.delivery_id, number=taken.number, defaults=facts
    )


def _headers(answer: outbound.Answer) -> dict[str, str]:
    return {name: _text(value.encode())[:200] for name, value in answer.headers if name in KEPT_HEADERS}


def _text(body: bytes) -> str:
    """Bytes of a stranger as text that PostgreSQL keeps."""
    return body.decode(errors="replace").replace("\x00", "�")
