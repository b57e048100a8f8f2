"""XpressPay: money in by its checkout page. It knows naira only, as text, and it signs nothing that it tells us.

What it tells us is therefore never more than a hint, and even that only at an address nobody else knows: see
`XpressPay.verify_signature`.
"""

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from wallet.gateways.base import (
    Charge,
    ChargeNotFound,
    ChargeState,
    Checkout,
    GatewayRefused,
    GatewayUnreadable,
    UnreadableNotice,
    WebhookNotice,
)
from wallet.gateways.doors import check_door
from wallet.gateways.naira import kobo_in, naira
from wallet.gateways.replies import Unreadable, currency_code, identifier, parse_object, text
from wallet.gateways.xpress_pay_http import GOOD, LIVE_URL, Caller

REFERENCE = re.compile(r"[A-Za-z0-9]{6,30}")
NGN = "NGN"
# What no payment of ours is called: our names of them are longer.
NOBODYS = "alj000000"
LAGOS = ZoneInfo("Africa/Lagos")
# What its notices are called here. It gives them no names.
PAID, NOT_PAID = "charge.success", "charge.not_paid"
_AMERICAN = "%m/%d/%Y %I:%M:%S %p"


class XpressPay(Caller):
    """One account at XpressPay. `door` is the secret part of the address at which it tells us of payments.

    `declined` holds the words for its `status` that mean a payment was refused; it publishes none but "00".
    """

    def __init__(
        self,
        *,
        public_key: str,
        door: str,
        declined: Collection[str] = (),
        base_url: str = LIVE_URL,
        **how: Any,
    ) -> None:
        super().__init__(public_key=public_key, base_url=base_url, **how)
        self._door = door
        self._declined = frozenset(declined)

    def check_credentials(self) -> None:
        """Ask for a payment that there cannot be: a key that is ours is told so. Raises as `find_charge`."""
        with suppress(ChargeNotFound):
            self.find_charge(reference=NOBODYS)

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
        """Open a page where `amount` (kobo) can be paid under `reference`, 6 to 30 letters and digits.

        It says nothing of what it adds to the address of the way back, so the reference is put there by us.
        Raises `DuplicateReference`, `GatewayRefused`, `GatewayUnavailable`.
        """
        if not REFERENCE.fullmatch(reference) or currency != NGN:
            reason = "invalid_reference" if currency == NGN else "invalid_currency"
            raise GatewayRefused(reason=reason, status=None, said="")
        body = {
            "amount": naira(amount),
            "transactionId": reference,
            "email": email,
            "currency": currency,
            "callBackUrl": _with_reference(callback_url, reference),
            "productId": "alajo",
            "productDescription": "Alajo",
            "mode": "Live" if self.base_url == LIVE_URL else "Debug",
            # The vendor's spelling. What the payment costs is ours to bear.
            "applyConviniencyCharge": False,
            "isApiUser": True,
            "metadata": [{"name": name, "value": str(value)} for name, value in metadata.items()],
        }
        data = self.call("/api/Payments/Initialize", body)
        try:
            url = text(data, "paymentUrl")
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error
        # The browser is sent there: in production never anywhere but to https.
        if not url.startswith(("https://", self.base_url.split("://")[0] + "://")):
            raise GatewayUnreadable(field="paymentUrl")
        code = identifier(data, "accessCode") or identifier(data, "reference")
        return Checkout(reference=reference, url=url, access_code=code)

    def find_charge(self, *, reference: str) -> Charge:
        """Ask what became of the charge of this reference; safe to repeat at any time.

        Raises `ChargeNotFound`, `GatewayRefused`, `GatewayUnavailable`.
        """
        if not REFERENCE.fullmatch(reference):
            raise ChargeNotFound(reason="invalid_reference", status=None, said="")
        data = self.call("/api/Payments/VerifyPayment", {"transactionId": reference})
        try:
            return self._read_charge(data, reference=reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def _read_charge(self, data: dict[str, Any], *, reference: str) -> Charge:
        if text(data, "transactionId") != reference:
            raise Unreadable("transactionId")
        amount = kobo_in(data, "amount")
        return Charge(
            reference=reference,
            state=self._state(data),
            amount=amount,
            # It does not repeat what was asked for: another amount than ours shows in what was paid.
            requested_amount=amount,
            fee=None,
            currency=currency_code(data),
            paid_at=lagos_moment(data.get("paymentDate")),
            channel=identifier(data, "paymentType")[:50].lower(),
            gateway_id=identifier(data, "paymentReference"),
            raw=data,
        )

    def _state(self, data: dict[str, Any]) -> ChargeState:
        """Paid only if both of its marks say so; where they contradict each other, nobody knows yet."""
        status, paid = data.get("status"), data.get("isSuccessful")
        if status == GOOD and paid is True:
            return "SUCCEEDED"
        return "FAILED" if paid is False and status in self._declined else "PENDING"

    def verify_signature(self, raw: bytes, signature: str | None) -> None:
        """Check that it came to the door only XpressPay knows: `signature` is the secret part of its address.

        That proves nothing of the body. Raises `ForgedSignature`.
        """
        check_door(signature, door=self._door)

    def read_notice(self, raw: bytes) -> WebhookNotice:
        """Say which payment to ask about. Of the rest of the body nothing is handed on.

        Raises `UnreadableNotice`.
        """
        try:
            body = parse_object(raw)
            reference = text(body, "TransactionId")
        except Unreadable as error:
            raise UnreadableNotice(field=str(error)) from error
        if not REFERENCE.fullmatch(reference):
            raise UnreadableNotice(field="TransactionId")
        is_paid = body.get("Status") == GOOD and body.get("IsSuccessful") is True
        event = PAID if is_paid else NOT_PAID
        return WebhookNotice(event=event, reference=reference, dedupe_key=f"{event}:{reference}")


def lagos_moment(value: Any) -> datetime | None:
    """A time like `10/28/2024 8:00:18 PM`, month first, in Lagos; None for anything else: no decision hangs on it."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return datetime.strptime(value.strip(), _AMERICAN).replace(tzinfo=LAGOS).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _with_reference(url: str, reference: str) -> str:
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}{urlencode({'reference': reference})}" if url else ""
