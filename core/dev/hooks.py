"""A receiver of webhooks to try against: it keeps what came, says whether the signature is right, answers as bidden."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.core.cache import cache
from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

KEPT = 20
_KEPT_FOR = 24 * 3600
SLOW = "slow"
# How it may be told to answer; "slow" is past the patience of whoever sends.
ANSWERS = ("204", "500", "429", "410", "302", SLOW)
_SLOW_SECONDS = 25.0
# Requests that come together each find what the last one kept.
_one_at_a_time = threading.Lock()
_SHOWN = ("webhook-", "content-", "user-agent")


@dataclass
class Received:
    """One request. `verified` is None where no secret was given to check it by."""

    at: str
    headers: dict[str, str]
    body: str
    verified: bool | None
    answer: str


@dataclass
class Hook:
    """A receiver by its name: what it knows and what it got, the latest first."""

    name: str
    secret: str = ""
    answer: str = ANSWERS[0]
    received: list[Received] = field(default_factory=list)


def find(name: str) -> Hook:
    kept = json.loads(cache.get(_key(name)) or "{}")
    received = [Received(**each) for each in kept.pop("received", [])]
    return Hook(**{"name": name, **kept}, received=received)


def bid(name: str, *, secret: str, answer: str) -> None:
    """Give a receiver the secret to check by, and say how it answers."""
    hook = find(name)
    hook.secret, hook.answer = secret.strip(), answer if answer in ANSWERS else ANSWERS[0]
    _keep(hook)


def receive(name: str, *, headers: Mapping[str, str], body: bytes, at: datetime) -> int:
    """Keep a request and return the status to answer with. Takes its time where it was told to."""
    with _one_at_a_time:
        hook = find(name)
        small = {key.lower(): value for key, value in headers.items()}
        told = {key: value for key, value in small.items() if key.startswith(_SHOWN)}
        verified, text = _verified(hook, told, body), body.decode(errors="replace")
        hook.received = [Received(at.isoformat(), told, text, verified, hook.answer), *hook.received][:KEPT]
        _keep(hook)
    if hook.answer == SLOW:
        time.sleep(_SLOW_SECONDS)
        return 204
    return int(hook.answer)


def _verified(hook: Hook, headers: dict[str, str], body: bytes) -> bool | None:
    if not hook.secret:
        return None
    try:
        Webhook(hook.secret).verify(body, headers)
    except (WebhookVerificationError, EmptyWebhookSecretError, ValueError):
        return False
    return True


def _keep(hook: Hook) -> None:
    cache.set(_key(hook.name), json.dumps(asdict(hook)), _KEPT_FOR)


def _key(name: str) -> str:
    return f"dev:hook:{name}"
