"""How Paystack is spoken to: its key, its envelopes, its errors, and asking again when no answer came.

A 200 with `status: true` says that the call worked, not that money moved: only `data.status` says that.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx

from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
)
from wallet.gateways.capabilities import GatewayBalanceTooLow, RecipientRefused, TransferNotFound
from wallet.gateways.replies import Unreadable, parse_object

LIVE_URL = "https://api.paystack.co"
TIMEOUT = httpx.Timeout(connect=3.0, read=12.0, write=5.0, pool=3.0)
TRIES = 3
LONGEST_PAUSE = 4.0
PAGE = 100
# More pages than any list of ours can have.
MOST_PAGES = 1000

# Error codes may be absent, so the words count too; the first that fits is meant.
_REFUSALS: tuple[tuple[str, tuple[str, ...], type[GatewayRefused]], ...] = (
    ("transaction_not_found", ("transaction reference not found",), ChargeNotFound),
    ("transfer_not_found", ("transfer not found",), TransferNotFound),
    ("invalid_transfer_recipient", ("recipient specified is invalid",), RecipientRefused),
    ("", ("balance is not enough",), GatewayBalanceTooLow),
    (
        "duplicate_reference",
        ("duplicate transaction reference", "duplicate reference", "reference already exists"),
        DuplicateReference,
    ),
)


class Caller:
    """One Paystack account, by its secret key. Threads may share it; it holds connections until closed."""

    base_url: str
    # Keys name the mode: in test mode some banks are the vendor's own.
    is_test: bool

    def __init__(
        self,
        *,
        secret_key: str,
        base_url: str = LIVE_URL,
        timeout: httpx.Timeout = TIMEOUT,
        client: httpx.Client | None = None,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not secret_key.isascii() or not secret_key.strip():
            raise ValueError("Paystack needs its secret key")
        self._key = secret_key.encode()
        self.is_test = secret_key.startswith("sk_test_")
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        # Plain http is only ever the sandbox on this machine, where a proxy from the environment is in the
        # way.
        self._client = client or httpx.Client(trust_env=base_url.startswith("https://"))
        self._tries = tries
        self._sleep = sleep
        self._jitter = jitter

    def close(self) -> None:
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        has_data: bool = True,
        once: bool = False,
    ) -> dict[str, Any]:
        """Return the `data` of a good answer; without `has_data` it may have none.

        `once` is for what no reference of ours keeps from happening twice. Raises GatewayRefused, GatewayUnavailable.
        """
        data = self._call(method, path, body, once=once).get("data")
        if data is None and not has_data:
            return {}
        if not isinstance(data, dict):
            raise GatewayUnreadable(field="data")
        return data

    def call_for_list(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the `data` of a good answer that is a list of objects. Raises as `call`."""
        return _rows(self._call(method, path, body))

    def pages(self, path: str, **query: str) -> Iterator[list[dict[str, Any]]]:
        """Yield a list page by page, by cursor where Paystack gives one and by number where not.

        Raises GatewayRefused, GatewayUnavailable; also for a cursor that leads in a circle, before which it gave pages.
        """
        asked = {**query, "perPage": str(PAGE), "use_cursor": "true"}
        seen: set[str] = set()
        for number in range(1, MOST_PAGES):
            envelope = self._call("GET", f"{path}?{urlencode(asked)}")
            rows, meta = _rows(envelope), envelope.get("meta")
            yield rows
            meta = meta if isinstance(meta, dict) else {}
            following = meta.get("next")
            if isinstance(following, str) and following and following not in seen:
                seen.add(following)
                asked["next"] = following
            elif following:
                break
            elif not rows or not _more_pages(meta, number):
                return
            else:
                asked["page"] = str(number + 1)
        raise GatewayUnreadable(field="meta")

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, once: bool = False
    ) -> dict[str, Any]:
        """The envelope of a good answer, asked for again while there is none."""
        pause, tries = 0.25, 1 if once else self._tries
        for attempt in range(1, tries + 1):
            try:
                return self._call_once(method, path, body)
            except GatewayUnavailable as error:
                if attempt == tries:
                    raise
                wait = max(pause * (0.5 + self._jitter()), error.data.get("retry_after") or 0.0)
                self._sleep(min(wait, LONGEST_PAUSE))
                pause *= 2
        raise AssertionError("tries must be at least 1")

    def _call_once(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key.decode()}", "Accept": "application/json"}
        try:
            response = self._client.request(
                method, self.base_url + path, json=body, headers=headers, timeout=self._timeout
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
        if 400 <= status < 500 or envelope.get("status") is False:
            raise _refusal(status, envelope)
        if not response.is_success or envelope.get("status") is not True:
            raise GatewayUnreadable(reason=f"http_{status}", field="status")
        return envelope


def _rows(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    data = envelope.get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise GatewayUnreadable(field="data")
    return data


def _more_pages(meta: dict[str, Any], number: int) -> bool:
    """Whether there are pages after this one, told by a count that may come as a string."""
    count = meta.get("pageCount")
    return str(count).isdecimal() and int(str(count)) > number


def _refusal(status: int, envelope: dict[str, Any]) -> GatewayRefused:
    """The error that an error envelope stands for."""
    reason, said = envelope.get("code"), envelope.get("message")
    reason = reason[:100] if isinstance(reason, str) else None
    said = said[:500] if isinstance(said, str) else ""
    for code, words, kind in _REFUSALS:
        if (code and reason == code) or any(some in said.lower() for some in words):
            return kind(reason=reason, status=status, said=said)
    return GatewayRefused(reason=reason, status=status, said=said)


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if re.fullmatch(r"[0-9]{1,5}", value) else None
