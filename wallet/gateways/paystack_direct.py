"""Charges at Paystack without its page: the customer answers in ours what their bank asks, or pays into a number."""

from datetime import UTC
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import (
    ChargeNotFound,
    ChargeState,
    DuplicateReference,
    GatewayRefused,
    GatewayUnreadable,
)
from wallet.gateways.direct import Awaited, Step, Way
from wallet.gateways.paystack_charges import REFERENCE, Charges
from wallet.gateways.replies import Unreadable, moment, text

# What it says of a charge that is not over.
_AWAITED: dict[str, Awaited] = {
    "send_pin": "PIN",
    "send_otp": "OTP",
    "send_phone": "PHONE",
    "send_birthday": "BIRTHDAY",
    "send_address": "ADDRESS",
    "open_url": "PAGE",
    "pay_offline": "DIALLING",
    "pending_bank_transfer": "TRANSFER",
}
_OVER: dict[str, ChargeState] = {"success": "SUCCEEDED", "failed": "FAILED", "reversed": "REVERSED"}
# Where what it waits for is sent, and as which field.
_ANSWERS: dict[Awaited, str] = {"PIN": "pin", "OTP": "otp", "PHONE": "phone", "BIRTHDAY": "birthday"}


class DirectCharges(Charges):
    """Charging in steps."""

    def begin_charge(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        way: Way,
        metadata: dict[str, Any],
    ) -> Step:
        """Begin a charge of `amount` (kobo); a repeat under its reference tells where the first one stands.

        Raises GatewayRefused for what was surely not begun, GatewayUnavailable for what may have been: ask by
        `step_of`.
        """
        if not REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        facts = {"reference": reference, "amount": amount, "currency": currency}
        body = {**facts, "email": email, "metadata": metadata, **_paid_by(way)}
        try:
            return self._step(self.call("POST", "/charge", body), reference)
        except DuplicateReference:
            return self.step_of(reference=reference)

    def answer_step(self, *, reference: str, awaited: Awaited, said: str) -> Step:
        """Give what a charge waits for, once: a bank may take a code a single time.

        Raises GatewayRefused where it is not taken or not waited for, GatewayUnavailable: ask by `step_of`.
        """
        field = _ANSWERS.get(awaited)
        if field is None:
            raise GatewayRefused(reason="not_answerable", status=None, said="")
        body = {field: said, "reference": reference}
        return self._step(self.call("POST", f"/charge/submit_{field}", body, once=True), reference)

    def step_of(self, *, reference: str) -> Step:
        """Ask where a charge stands; Paystack wants ten seconds between. Raises ChargeNotFound, GatewayUnavailable."""
        if not REFERENCE.fullmatch(reference):
            raise ChargeNotFound(reason="invalid_reference", status=None, said="")
        return self._step(self.call("GET", f"/charge/{quote(reference, safe='')}"), reference)

    def _step(self, data: dict[str, Any], reference: str) -> Step:
        try:
            step = _read(data, reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error
        # The browser is sent there: in production never anywhere but to https.
        if step.url and not step.url.startswith(("https://", self.base_url.split("://")[0] + "://")):
            raise GatewayUnreadable(field="url")
        return step


def _paid_by(way: Way) -> dict[str, Any]:
    if way.by == "BANK":
        account = {"code": way.bank_code, "account_number": way.account_number}
        return {"bank": account} | ({"birthday": way.birthday} if way.birthday else {})
    if way.by == "CARD":
        return {"authorization_code": way.authorization} | ({"pin": way.pin} if way.pin else {})
    if way.by == "USSD":
        return {"ussd": {"type": way.ussd}}
    until = way.expires_at
    # An empty object says "by transfer", too, but reads as if nothing was said.
    return {"bank_transfer": {"account_expires_at": until.astimezone(UTC).isoformat() if until else None}}


def _read(data: dict[str, Any], reference: str) -> Step:
    """Raises Unreadable."""
    if text(data, "reference") != reference:
        raise Unreadable("reference")
    status = text(data, "status").strip().lower()
    awaits = _AWAITED.get(status, "" if status in _OVER else "OTHER")
    bank = data.get("bank")
    return Step(
        reference=reference,
        state=_OVER.get(status, "PENDING"),
        awaits=awaits,
        words=_words(data, "display_text"),
        url=text(data, "url") if awaits == "PAGE" else "",
        dial=text(data, "ussd_code") if awaits == "DIALLING" else "",
        account_number=text(data, "account_number") if awaits == "TRANSFER" else "",
        account_name=_words(data, "account_name"),
        bank_name=_words(bank, "name") if isinstance(bank, dict) else "",
        expires_at=moment(data, "account_expires_at"),
    )


def _words(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value.strip()[:200] if isinstance(value, str) else ""
