"""How an event looks on its way: the body, and the headers of Standard Webhooks with its signatures."""

import base64
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook

from core import encryption
from core.api.ids import encode

ENDPOINT, DELIVERY, EVENT, MESSAGE = "whe", "whd", "evt", "msg"
USER_AGENT = "Alajo-Webhooks/1"
# Standard Webhooks asks receivers to take 20 kB: what is larger is told of, and fetched by whoever wants it.
LARGEST_BODY = 20_000
_SECRET_BYTES = 32
_TABLE = "accounts_webhookendpoint"


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def sealed(secret: str, *, column: str, endpoint_id: UUID) -> str:
    return encryption.seal(secret, aad=f"{_TABLE}.{column}.{endpoint_id}")


def opened(token: str, *, column: str, endpoint_id: UUID) -> str:
    """Return a secret of an endpoint. Raises encryption.DecryptionFailed."""
    return encryption.open_sealed(token, aad=f"{_TABLE}.{column}.{endpoint_id}")


def event_of(*, message_id: UUID, event: str, payload: dict[str, Any] | None, at: datetime) -> dict[str, Any]:
    """Return an event as receivers and the API have it."""
    return {
        "id": encode(EVENT, message_id),
        "type": event,
        "timestamp": instant(at),
        "data": payload or {},
    }


def body_of(*, message_id: UUID, event: str, payload: dict[str, Any] | None, at: datetime) -> bytes:
    """Return what is sent: the same bytes at every try."""
    told = event_of(message_id=message_id, event=event, payload=payload, at=at)
    body = _dumped(told)
    return body if len(body) <= LARGEST_BODY else _dumped({**told, "data": {}, "too_large": True})


def headers_of(*, message_id: UUID, body: bytes, secrets: Iterable[str], at: datetime) -> dict[str, str]:
    """Return the headers of one try at `at`, with a signature by each of the secrets, the newest first."""
    name, moment = encode(MESSAGE, message_id), at.astimezone(UTC)
    signatures = [Webhook(secret).sign(name, moment, body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _dumped(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
