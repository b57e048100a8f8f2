"""Charges at Paystack: its hosted checkout page, and what became of a payment.

Initialising twice under one reference is refused, so when the answer to the first try was lost, the address of the
page is lost with it: see `Charges.start_checkout`.
"""

import re
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import (
    Charge,
    ChargeNotFound,
    ChargeState,
    Checkout,
    GatewayRefused,
    GatewayUnreadable,
)
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import Unreadable, currency_code, identifier, minor_units, moment, text

# At least one letter or digit: "." and ".." would walk up the path of the verify address.
REFERENCE = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9.=-]{1,100}")

# Any other word, today's (ongoing, processing, queued, reversal pending) or tomorrow's, means: ask again
# later.
_STATES: dict[str, ChargeState] = {
    "success": "SUCCEEDED",
    "failed": "FAILED",
    "abandoned": "ABANDONED",
    "reversed": "REVERSED",
}


class Charges(Caller):
    """Taking money."""

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
        if not REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        body = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "email": email,
            "callback_url": callback_url,
            "metadata": metadata,
        }
        data = self.call("POST", "/transaction/initialize", body)
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
        if not checkout.url.startswith(("https://", self.base_url.split("://")[0] + "://")):
            raise GatewayUnreadable(field="authorization_url")
        return checkout

    def find_charge(self, *, reference: str) -> Charge:
        """Ask what became of the charge of this reference; safe to repeat at any time.

        Raises `ChargeNotFound`, `GatewayRefused`, `GatewayUnavailable`.
        """
        if not REFERENCE.fullmatch(reference):
            raise ChargeNotFound(reason="invalid_reference", status=None, said="")
        data = self.call("GET", f"/transaction/verify/{quote(reference, safe='')}")
        try:
            return read_charge(data, reference=reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error


def read_charge(data: dict[str, Any], *, reference: str) -> Charge:
    if text(data, "reference") != reference:
        raise Unreadable("reference")
    amount = minor_units(data, "amount")
    channel = data.get("channel")
    return Charge(
        reference=reference,
        state=_STATES.get(text(data, "status").strip().lower(), "PENDING"),
        amount=amount,
        requested_amount=amount
        if data.get("requested_amount") is None
        else minor_units(data, "requested_amount"),
        fee=None if data.get("fees") is None else minor_units(data, "fees"),
        currency=currency_code(data),
        paid_at=moment(data, "paid_at", "paidAt"),
        channel=channel[:50] if isinstance(channel, str) else "",
        gateway_id=identifier(data, "id"),
        raw=data,
    )
