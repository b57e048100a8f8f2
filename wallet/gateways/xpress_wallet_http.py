"""How Xpress Wallet is spoken to: its secret key, its envelope, its errors, and asking again when no answer came.

Its money is naira, as JSON numbers with the dust of binary fractions: they are read as `Decimal`, and written to the
digit.
"""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from wallet.gateways.asking import TIMEOUT, TRIES, Asking
from wallet.gateways.base import GatewayRefused, GatewayUnreadable
from wallet.gateways.capabilities import GatewayBalanceTooLow
from wallet.gateways.naira import naira

LIVE_URL = "https://payment.xpress-wallet.com/api/v1"

# It has no codes, so its words say which.
_TOO_LOW = ("insufficient", "balance is not enough", "not enough balance")


class Caller(Asking):
    """One merchant's account, by its secret key. Threads may share it; it holds connections until closed."""

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
            raise ValueError("Xpress Wallet needs its secret key")
        super().__init__(
            key=secret_key,
            base_url=base_url,
            timeout=timeout,
            client=client,
            tries=tries,
            sleep=sleep,
            jitter=jitter,
            exact=True,
        )

    def read(self, path: str) -> dict[str, Any]:
        """Return a good answer, asked for again while there is none. Raises GatewayRefused, GatewayUnavailable."""
        return self.ask("GET", path, None, judge=_judged)

    def order(self, path: str, body: dict[str, Any], *, amount: int | None = None) -> dict[str, Any]:
        """Order something, once, for it would be done again; `amount` (kobo) is written as naira.

        Raises GatewayRefused, GatewayUnavailable.
        """
        sent = json.dumps(body)
        if amount is not None:
            # No type of Python's writes a fraction to the digit as a JSON number.
            sent = f'{sent[:-1]}, "amount": {naira(amount)}}}'
        return self.ask("POST", path, sent.encode(), judge=_judged, once=True)


def inside(envelope: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object of an answer, by the first of these names that has one. Raises GatewayUnreadable."""
    for name in names:
        found = envelope.get(name)
        if isinstance(found, dict):
            return found
    raise GatewayUnreadable(field=names[0])


def _judged(response: httpx.Response, envelope: dict[str, Any]) -> dict[str, Any]:
    """A good answer, whole: what it is about stands in it under a name of its own."""
    status = response.status_code
    if 400 <= status < 500:
        said = envelope.get("message")
        said = said[:500] if isinstance(said, str) else ""
        kind = GatewayBalanceTooLow if any(words in said.lower() for words in _TOO_LOW) else GatewayRefused
        raise kind(reason=None, status=status, said=said)
    if not response.is_success or envelope.get("status") is not True:
        # A good status with a bad word: whether it was done, nobody knows.
        raise GatewayUnreadable(reason=f"http_{status}", field="status")
    return envelope
