"""Bringing webhooks: signed over the raw body where the company signs, tried again on anything but a 200."""

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction

from wallet.sandbox import faults
from wallet.sandbox.models import SandboxDelivery

# Paystack's own schedule in seconds: every 3 minutes for the first 4 tries, then hourly to 72 hours.
PUBLISHED_PAUSES = (180,) * 4 + (3600,) * 71
SLOWEST_ANSWER = 30.0
# Read once: it takes longer than all else about bringing a webhook.
AUTHORITIES = httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True)
class Attempt:
    """What one POST needs, so that no database connection is held while it runs."""

    url: str
    body: bytes
    signature: str
    forged: bool
    copies: int


def sign(body: bytes, *, key: str) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def pause_after(tries: int) -> float | None:
    """Seconds until the next try after this many, shortened by SANDBOX_CLOCK_SCALE; None: no more."""
    if tries > len(PUBLISHED_PAUSES):
        return None
    return PUBLISHED_PAUSES[tries - 1] * settings.SANDBOX_CLOCK_SCALE


@transaction.atomic
def begin(*, delivery_id: int) -> Attempt | None:
    """Count a try and say what to send; None when the delivery is over."""
    delivery = SandboxDelivery.objects.select_for_update().get(pk=delivery_id)
    if delivery.state != SandboxDelivery.State.PENDING:
        return None
    delivery.tries += 1
    delivery.save(update_fields=["tries"])
    forged = "FORGED_SIGNATURE" in faults.take(faults.ON_DELIVERY, reference=delivery.about)
    body = delivery.body.encode()
    key = settings.PAYSTACK_SANDBOX_SECRET_KEY
    return Attempt(
        # Where nothing is signed, another's webhook is one that does not know the address.
        url=(delivery.url.rstrip("/") + ("x/" if forged else "/"))
        if delivery.url
        else settings.PAYSTACK_WEBHOOK_URL,
        body=body,
        signature="" if delivery.url else sign(body, key="sk_test_somebody_else" if forged else key),
        forged=forged,
        copies=delivery.copies,
    )


def bring(attempt: Attempt) -> list[dict[str, Any]]:
    """POST every copy at once; each result has the HTTP `status`, or the `error` that stood in its way."""
    with ThreadPoolExecutor(max_workers=attempt.copies) as pool:
        return list(pool.map(_post, [attempt] * attempt.copies))


@transaction.atomic
def record(*, delivery_id: int, results: list[dict[str, Any]], at: datetime) -> float | None:
    """Write down how the try went; the seconds until the next, or None when there is none."""
    delivery = SandboxDelivery.objects.select_for_update().get(pk=delivery_id)
    delivery.attempts = [*delivery.attempts, *[{"at": at.isoformat(), **result} for result in results]]
    pause = pause_after(delivery.tries)
    if all(result["status"] == 200 for result in results):
        delivery.state = SandboxDelivery.State.DELIVERED
        pause = None
    elif pause is None:
        delivery.state = SandboxDelivery.State.GIVEN_UP
    delivery.next_attempt_at = None if pause is None else at + timedelta(seconds=pause)
    delivery.save(update_fields=["attempts", "state", "next_attempt_at"])
    return pause


def _post(attempt: Attempt) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if attempt.signature:
        headers["X-Paystack-Signature"] = attempt.signature
    result: dict[str, Any] = {"status": None, "error": "", "forged": attempt.forged}
    try:
        with httpx.Client(trust_env=False, verify=AUTHORITIES, timeout=SLOWEST_ANSWER) as client:
            result["status"] = client.post(attempt.url, content=attempt.body, headers=headers).status_code
    except httpx.HTTPError as error:
        result["error"] = type(error).__name__
    return result
