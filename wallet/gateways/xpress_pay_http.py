"""How XpressPay is spoken to: its public key, its envelope, its errors, and asking again when no answer came.

A `responseCode` of "00" says that the call worked, not that money moved.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from wallet.gateways.asking import TIMEOUT, TRIES, Asking
from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnreadable,
)

LIVE_URL = "https://myxpresspay.com:6004"
GOOD = "00"

# It has no codes for them that can be relied on, so its words say which; the first that fits is meant.
_REFUSALS: tuple[tuple[str, type[GatewayRefused]], ...] = (
    ("not found", ChargeNotFound),
    ("does not exist", ChargeNotFound),
    ("duplicate", DuplicateReference),
    ("already exist", DuplicateReference),
)


class Caller(Asking):
    """One account at XpressPay, by its public key. Threads may share it; it holds connections until closed."""

    def __init__(
        self,
        *,
        public_key: str,
        base_url: str = LIVE_URL,
        timeout: httpx.Timeout = TIMEOUT,
        client: httpx.Client | None = None,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not public_key.isascii() or not public_key.strip():
            raise ValueError("XpressPay needs its public key")
        super().__init__(
            key=public_key,
            base_url=base_url,
            timeout=timeout,
            client=client,
            tries=tries,
            sleep=sleep,
            jitter=jitter,
        )

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the `data` of a good answer, asked for again while there is none.

        Only for what its own number keeps from happening twice. Raises GatewayRefused, GatewayUnavailable.
        """
        return self.ask("POST", path, body, judge=_judged)


def _judged(response: httpx.Response, envelope: dict[str, Any]) -> dict[str, Any]:
    """The `data` of a good answer."""
    status = response.status_code
    if 400 <= status < 500:
        raise _refusal(status, envelope)
    code, data = envelope.get("responseCode"), envelope.get("data")
    if not response.is_success or not isinstance(code, str):
        raise GatewayUnreadable(reason=f"http_{status}", field="responseCode")
    if code != GOOD:
        raise _refusal(status, envelope)
    if not isinstance(data, dict):
        raise GatewayUnreadable(reason=f"http_{status}", field="data")
    return data


def _refusal(status: int, envelope: dict[str, Any]) -> GatewayRefused:
    """The error that a bad answer stands for, whichever way it puts its words."""
    said = next((text for name in ("responseMessage", "message") if (text := envelope.get(name))), "")
    said = said[:500] if isinstance(said, str) else ""
    code = envelope.get("responseCode")
    reason = code[:100] if isinstance(code, str) else None
    kind = next((kind for words, kind in _REFUSALS if words in said.lower()), GatewayRefused)
    return kind(reason=reason, status=status, said=said)
