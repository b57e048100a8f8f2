"""Asking a company over HTTP, and asking again when no answer came. What an answer means is its adapter's to say."""

import re
from collections.abc import Callable
from typing import Any

import httpx

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.replies import Unreadable, parse_object

TIMEOUT = httpx.Timeout(connect=3.0, read=12.0, write=5.0, pool=3.0)
TRIES = 3
LONGEST_PAUSE = 4.0

# What is sent: an object, or JSON that is ready, for numbers that must stand there to the digit.
Body = dict[str, Any] | bytes | None
# Returns the envelope of a good answer, by its HTTP status; raises GatewayRefused or GatewayUnreadable for another.
Judge = Callable[[httpx.Response, dict[str, Any]], dict[str, Any]]


class Asking:
    """One account at a company, by the key that it is asked with. It holds connections until closed.

    `exact` has the fractions in its answers read as `Decimal`, for companies that write money so.
    """

    def __init__(
        self,
        *,
        key: str,
        base_url: str,
        timeout: httpx.Timeout,
        client: httpx.Client | None,
        tries: int,
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        exact: bool = False,
    ) -> None:
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        # Plain http is only ever the sandbox on this machine, where a proxy from the environment is in the way.
        self._client = client or httpx.Client(trust_env=base_url.startswith("https://"))
        self._tries = tries
        self._sleep = sleep
        self._jitter = jitter
        self._exact = exact

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Body, *, judge: Judge, once: bool = False) -> dict[str, Any]:
        """Return what the judge makes of an answer, asked for again while there is none.

        Raises GatewayRefused, GatewayUnavailable.
        """
        pause, tries = 0.25, 1 if once else self._tries
        for attempt in range(1, tries + 1):
            try:
                return self._ask_once(method, path, body, judge)
            except GatewayUnavailable as error:
                if attempt == tries:
                    raise
                wait = max(pause * (0.5 + self._jitter()), error.data.get("retry_after") or 0.0)
                self._sleep(min(wait, LONGEST_PAUSE))
                pause *= 2
        raise AssertionError("tries must be at least 1")

    def _ask_once(self, method: str, path: str, body: Body, judge: Judge) -> dict[str, Any]:
        sent: dict[str, Any] = {"json": body, "headers": self._headers}
        if isinstance(body, bytes):
            sent = {"content": body, "headers": {**self._headers, "Content-Type": "application/json"}}
        try:
            response = self._client.request(method, self.base_url + path, timeout=self._timeout, **sent)
        except httpx.RequestError as error:
            raise GatewayUnavailable(reason=type(error).__name__) from error
        status = response.status_code
        if status in (408, 425, 429) or status >= 500:
            raise GatewayUnavailable(reason=f"http_{status}", retry_after=_retry_after(response))
        try:
            envelope = parse_object(response.content, exact=self._exact)
        except Unreadable as error:
            if 400 <= status < 500:
                raise GatewayRefused(reason=None, status=status, said="") from error
            raise GatewayUnreadable(reason=f"http_{status}", field=str(error)) from error
        return judge(response, envelope)


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if re.fullmatch(r"[0-9]{1,5}", value) else None
