"""Paystack: card and bank payments in, by its hosted checkout page.

Two facts shape this module. A 200 with `status: true` says that the call worked, not that money moved: only
`data.status` says that. And initialising twice under one reference is refused, so when the answer to the
first try was lost, the address of the page is lost with it: see `Paystack.start_checkout`.
"""

import hashlib
import hmac
import random
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from wallet.gateways.base import (
    Charge,
    ChargeNotFound,
    ChargeState,
    Checkout,
    DuplicateReference,
    ForgedSignature,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
    UnreadableNotice,
    WebhookNotice,
)
from wallet.gateways.replies import Unreadable, minor_units, moment, parse_object, text

LIVE_URL = "https://api.paystack.co"
TIMEOUT = httpx.Timeout(connect=3.0, read=12.0, write=5.0, pool=3.0)
TRIES = 3
LONGEST_PAUSE = 4.0

# At least one letter or digit: "." and ".." would walk up the path of the verify address.
_REFERENCE = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9.=-]{1,100}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_EVENT = re.compile(r"[A-Za-z0-9_.-]{1,100}")

# Any other word, today's (ongoing, processing, queued, reversal pending) or tomorrow's, means: ask again
# later.
_STATES: dict[str, ChargeState] = {
    "success": "SUCCEEDED",
    "failed": "FAILED",
    "abandoned": "ABANDONED",
    "reversed": "REVERSED",
}


class Paystack:
    """One Paystack account, by its secret key. Threads may share it; it holds connections until closed."""

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
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        # Plain http is only ever the sandbox on this machine, where a proxy from the environment is in the
        # way.
        self._client = client or httpx.Client(trust_env=base_url.startswith("https://"))
        self._tries = tries
        self._sleep = sleep
        self._jitter = jitter

    def close(self) -> None:
        self._client.close()

    def start_checkout(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        callback_url: str,
        metadata: dict[str, Any],
    ) -> Checkout:
        """Open a page where `amount` (kobo) can be paid under `reference`.

        A lost answer is asked for again under the same reference, so no second charge can come of it. If the
        first try did get through, Paystack answers `DuplicateReference` and gives the address out no more:
        the caller keeps that payment open to be asked about (`find_charge`) until it expires, and starts
        afresh under a new reference.

        Raises `DuplicateReference`, `GatewayRefused`, `GatewayUnavailable`.
        """
        if not _REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        body = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "email": email,
            "callback_url": callback_url,
            "metadata": metadata,
        }
        data = self._call("POST", "/transaction/initialize", body)
        try:
            checkout = Checkout(
                reference=text(data, "reference"),
                url=text(data, "authorization_url"),
                access_code=text(data, "access_code"),
            )
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error
        if checkout.reference != reference:
            raise GatewayUnreadable(field="reference")
        # The browser is sent there: in production never anywhere but to https.
        if not checkout.url.startswith(("https://", self._base_url.split("://")[0] + "://")):
            raise GatewayUnreadable(field="authorization_url")
        return checkout

    def find_charge(self, *, reference: str) -> Charge:
        """Ask what became of the charge of this reference; safe to repeat at any time.

        Raises `ChargeNotFound`, `GatewayRefused`, `GatewayUnavailable`.
        """
        if not _REFERENCE.fullmatch(reference):
            raise ChargeNotFound(reason="invalid_reference", status=None, said="")
        data = self._call("GET", f"/transaction/verify/{quote(reference, safe='')}")
        try:
            return _charge(data, reference=reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def verify_signature(self, raw: bytes, signature: str | None) -> None:
        """Check that Paystack signed exactly these bytes: lower-case hex of HMAC-SHA512 under the secret key.

        Raises `ForgedSignature`.
        """
        if not signature:
            raise ForgedSignature(reason="missing")
        if not _SIGNATURE.fullmatch(signature):
            raise ForgedSignature(reason="malformed")
        if not hmac.compare_digest(hmac.new(self._key, raw, hashlib.sha512).hexdigest(), signature):
            raise ForgedSignature(reason="mismatch")

    def read_notice(self, raw: bytes) -> WebhookNotice:
        """Say what a webhook is about. Check its signature first.

        Raises `UnreadableNotice`.
        """
        try:
            body = parse_object(raw)
            event = text(body, "event")
        except Unreadable as error:
            raise UnreadableNotice(field=str(error)) from error
        if not _EVENT.fullmatch(event):
            raise UnreadableNotice(field="event")
        data = body.get("data")
        data = data if isinstance(data, dict) else {}
        return WebhookNotice(
            event=event, reference=_reference_in(event, data), dedupe_key=_dedupe_key(event, data, raw)
        )

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, has_data: bool = True
    ) -> dict[str, Any]:
        """Return the `data` of a good answer, for what is asked beside payments; without `has_data` it may have none.

        Raises GatewayRefused, GatewayUnavailable.
        """
        return self._call(method, path, body, has_data=has_data)

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, has_data: bool = True
    ) -> dict[str, Any]:
        """The `data` of a good answer, asked for again while there is none."""
        pause = 0.25
        for attempt in range(1, self._tries + 1):
            try:
                return self._call_once(method, path, body, has_data)
            except GatewayUnavailable as error:
                if attempt == self._tries:
                    raise
                wait = max(pause * (0.5 + self._jitter()), error.data.get("retry_after") or 0.0)
                self._sleep(min(wait, LONGEST_PAUSE))
                pause *= 2
        raise AssertionError("tries must be at least 1")

    def _call_once(
        self, method: str, path: str, body: dict[str, Any] | None, has_data: bool
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key.decode()}", "Accept": "application/json"}
        try:
            response = self._client.request(
                method, self._base_url + path, json=body, headers=headers, timeout=self._timeout
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
        data = envelope.get("data")
        if data is None and not has_data:
            data = {}
        if not response.is_success or envelope.get("status") is not True or not isinstance(data, dict):
            raise GatewayUnreadable(reason=f"http_{status}", field="data")
        return data


def _refusal(status: int, envelope: dict[str, Any]) -> GatewayRefused:
    """The error that an error envelope stands for; `code` may be absent, so the message counts too."""
    reason, said = envelope.get("code"), envelope.get("message")
    reason = reason[:100] if isinstance(reason, str) else None
    said = said[:500] if isinstance(said, str) else ""
    words = said.lower()
    kind: type[GatewayRefused] = GatewayRefused
    if reason == "duplicate_reference" or "duplicate transaction reference" in words:
        kind = DuplicateReference
    elif reason == "transaction_not_found" or "transaction reference not found" in words:
        kind = ChargeNotFound
    return kind(reason=reason, status=status, said=said)


def _charge(data: dict[str, Any], *, reference: str) -> Charge:
    if text(data, "reference") != reference:
        raise Unreadable("reference")
    currency = text(data, "currency")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Unreadable("currency")
    amount = minor_units(data, "amount")
    gateway_id = data.get("id")
    channel = data.get("channel")
    return Charge(
        reference=reference,
        state=_STATES.get(text(data, "status").strip().lower(), "PENDING"),
        amount=amount,
        requested_amount=amount
        if data.get("requested_amount") is None
        else minor_units(data, "requested_amount"),
        fee=None if data.get("fees") is None else minor_units(data, "fees"),
        currency=currency,
        paid_at=moment(data, "paid_at", "paidAt"),
        channel=channel[:50] if isinstance(channel, str) else "",
        gateway_id=str(gateway_id)[:100] if isinstance(gateway_id, str | int) else "",
        raw=data,
    )


def _reference_in(event: str, data: dict[str, Any]) -> str | None:
    reference = data.get("reference")
    about_a_charge = event.startswith("charge.") and not event.startswith("charge.dispute.")
    if about_a_charge and isinstance(reference, str) and _REFERENCE.fullmatch(reference):
        return reference
    return None


def _dedupe_key(event: str, data: dict[str, Any], raw: bytes) -> str:
    """What makes two deliveries one event, as Paystack sends no event id; failing that the body's hash."""
    names: tuple[str, ...]
    if event.startswith("charge.dispute."):
        names = ("id",)
    elif event.startswith("charge."):
        names = ("reference",)
    elif event.startswith("transfer."):
        names = ("transfer_code",)
    elif event.startswith("refund."):
        names = ("transaction_reference", "refund_reference" if data.get("refund_reference") else "id")
    else:
        names = ()
    parts = [data.get(name) for name in names]
    if parts and all(
        isinstance(part, str | int) and re.fullmatch(r"[\w.=-]{1,100}", str(part)) for part in parts
    ):
        return ":".join([event, *map(str, parts)])
    return f"{event}:sha256:{hashlib.sha256(raw).hexdigest()}"


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if re.fullmatch(r"[0-9]{1,5}", value) else None
