"""What Paystack tells us: whether it said so itself, and what it is about."""

import hashlib
import hmac
import re
from typing import Any

from wallet.gateways.base import ForgedSignature, UnreadableNotice, WebhookNotice
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import Unreadable, parse_object, text

_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_EVENT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_REFERENCE = re.compile(r"(?=.*[A-Za-z0-9])[\w.=-]{1,100}", re.ASCII)


class Webhooks(Caller):
    """Being told."""

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
            event=event,
            reference=_reference_in(event, data),
            dedupe_key=_dedupe_key(event, data, raw),
            data=data,
        )


def _reference_in(event: str, data: dict[str, Any]) -> str | None:
    """Ours of the charge or payout that it tells of."""
    reference = data.get("reference")
    if event.startswith("charge.dispute."):
        disputed = data.get("transaction")
        reference = disputed.get("reference") if isinstance(disputed, dict) else None
    elif event.startswith("refund."):
        reference = data.get("transaction_reference")
    elif not event.startswith(("charge.", "transfer.")):
        return None
    return reference if isinstance(reference, str) and _REFERENCE.fullmatch(reference) else None


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
