"""How XpressPay is spoken to: its public key, its envelope, its errors, and asking again when no answer came.

A `responseCode` of "00" says that the call worked, not that money moved.
"""

import random
import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
)
from wallet.gateways.replies import Unreadable, parse_object

LIVE_URL = "https://myxpresspay.com:6004"
TIMEOUT = httpx.Timeout(connect=3.0, read=12.0, write=5.0, pool=3.0)
TRIES = 3
LONGEST_PAUSE = 4.0
GOOD = "00"

# It has no codes for them that can be relied on, so its words say which; the first that fits is meant.
_REFUSALS: tuple[tuple[str, type[GatewayRefused]], ...] = (
    ("not found", ChargeNotFound),
    ("does not exist", ChargeNotFound),
    ("duplicate", DuplicateReference),
    ("already exist", DuplicateReference),
)


class Caller:
    """One account at XpressPay, by its public key. Threads may share it; it holds connections until closed."""

    base_url: str

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
        self._key = public_key
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        # Plain http is only ever the sandbox on this machine, where a proxy from the environment is in the way.
        self._client = client or httpx.Client(trust_env=base_url.startswith("https://"))
        self._tries = tries
        self._sleep = sleep
        self._jitter = jitter

    def close(self) -> None:
        self._client.close()

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the `data` of a good answer, asked for again while there is none.

        Only for what its own number keeps from happening twice. Raises GatewayRefused, GatewayUnavailable.
        """
        pause = 0.25
        for attempt in range(1, self._tries + 1):
            try:
                return self._call_once(path, body)
            except GatewayUnavailable as error:
                if attempt == self._tries:
                    raise
                wait = max(pause * (0.5 + self._jitter()), error.data.get("retry_after") or 0.0)
                self._sleep(min(wait, LONGEST_PAUSE))
                pause *= 2
        raise AssertionError("tries must be at least 1")

    def _call_once(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        try:
            response = self._client.post(
                self.base_url + path, json=body, headers=headers, timeout=self._timeout
            )
        except httpx.RequestError as error:
            raise GatewayUnavailable(reason=type(error).__name__) from error
        status = response.status_code
        if status in (408, 425, 429) or status >= 500:
            raise GatewayUnavailable(reason=f"http_{status}", retry_after=_retry_after(response))
        try:
            envelope = parse_object(response.content)
        except Unreadable as error:
            if 400 <= status < 500:
                raise GatewayRefused(reason=None, status=status, said="") from error
            raise GatewayUnreadable(reason=f"http_{status}", field=str(error)) from error
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


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if re.fullmatch(r"[0-9]{1,5}", value) else None
