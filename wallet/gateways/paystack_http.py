"""How Paystack is spoken to: its key, its envelopes, its errors, and asking again when no answer came.

A 200 with `status: true` says that the call worked, not that money moved: only `data.status` says that.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx

from wallet.gateways.asking import TIMEOUT, TRIES, Asking
from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnreadable,
)
from wallet.gateways.capabilities import GatewayBalanceTooLow, RecipientRefused, TransferNotFound

LIVE_URL = "https://api.paystack.co"
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


class Caller(Asking):
    """One Paystack account, by its secret key. Threads may share it; it holds connections until closed."""

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
        super().__init__(
            key=secret_key,
            base_url=base_url,
            timeout=timeout,
            client=client,
            tries=tries,
            sleep=sleep,
            jitter=jitter,
        )

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
        return self.ask(method, path, body, judge=_judged, once=once)


def _judged(response: httpx.Response, envelope: dict[str, Any]) -> dict[str, Any]:
    """The envelope, when it is that of a good answer."""
    status = response.status_code
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
