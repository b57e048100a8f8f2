"""Paying out through Paystack, from our balance there to accounts of Nigerian banks.

The transfer's reference is ours and is stored before the first call; a transfer is carried out once under it. OTP is
switched off for this account at Paystack, else no server could pay anybody out.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from wallet.gateways.base import DuplicateReference, GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import (
    AccountNotResolved,
    Bank,
    PayoutOrder,
    RecipientRefused,
    Transfer,
    TransferNotFound,
    TransferState,
)
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import Unreadable, currency_code, identifier, minor_units, text

BULK_LIMIT = 100
# Seconds between two bulk calls.
BULK_PAUSE = 5.0

_REFERENCE = re.compile(r"[a-z0-9_-]{16,50}")
# Whatever else it says (pending, otp, received, or a word of tomorrow) means: ask again later.
_STATES: dict[str, TransferState] = {
    "success": "SUCCEEDED",
    "failed": "FAILED",
    "rejected": "FAILED",
    "blocked": "FAILED",
    "abandoned": "FAILED",
    "reversed": "REVERSED",
}


class Payouts(Caller):
    """Banks, and money to accounts there."""

    idempotent = True

    def banks(self) -> Sequence[Bank]:
        """Return the Nigerian banks that money can be sent to, by name. Raises GatewayRefused, GatewayUnavailable."""
        found: dict[str, Bank] = {}
        for rows in self.pages("/bank", country="nigeria", currency="NGN"):
            for row in rows:
                code, name = row.get("code"), row.get("name")
                known = isinstance(code, str) and isinstance(name, str) and code and name
                closed = row.get("active") is False or row.get("supports_transfer") is False
                if known and not closed and not row.get("is_deleted"):
                    found[str(code)] = Bank(code=str(code)[:20], name=str(name)[:100])
        return sorted(found.values(), key=lambda bank: bank.name.casefold())

    def resolve_account(self, *, account_number: str, bank_code: str) -> str:
        """Ask in whose name an account is. Raises AccountNotResolved, GatewayRefused, GatewayUnavailable."""
        query = urlencode({"account_number": account_number, "bank_code": bank_code})
        try:
            data = self.call("GET", f"/bank/resolve?{query}")
        except GatewayRefused as refusal:
            said = str(refusal.data.get("said", "")).lower()
            if refusal.data.get("status") in (400, 404, 422) and "could not resolve" in said:
                raise AccountNotResolved(**refusal.data) from refusal
            raise
        try:
            if text(data, "account_number") != account_number:
                raise Unreadable("account_number")
            return text(data, "account_name")[:200]
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def make_recipient(self, *, account_number: str, bank_code: str, name: str, currency: str) -> str:
        """Return Paystack's name of an account; the same account gives the same.

        Raises RecipientRefused, GatewayRefused, GatewayUnavailable.
        """
        body = {
            "type": "nuban",
            "name": name,
            "account_number": account_number,
            "bank_code": bank_code,
            "currency": currency,
        }
        try:
            data = self.call("POST", "/transferrecipient", body)
        except GatewayRefused as refusal:
            if refusal.data.get("status") in (400, 404, 422):
                raise RecipientRefused(**refusal.data) from refusal
            raise
        try:
            return text(data, "recipient_code")[:100]
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def send(self, *, order: PayoutOrder, currency: str) -> Transfer:
        """Order a payout; one whose reference is known already is not ordered again, but told of.

        Raises GatewayRefused (RecipientRefused, GatewayBalanceTooLow) for what was surely not sent, GatewayUnavailable
        for what may have been.
        """
        _check(order)
        body = {"source": "balance", "currency": currency, **_shape(order)}
        try:
            data = self.call("POST", "/transfer", body)
        except GatewayRefused as refusal:
            return self._known_after(refusal, order.reference)
        return _read(data, reference=order.reference, currency=currency)

    def send_bulk(self, *, orders: Sequence[PayoutOrder], currency: str) -> Sequence[Transfer]:
        """Order many payouts, a hundred a call, five seconds apart.

        What is not in the answer has an unknown outcome, or was refused by itself: ask for it by its reference. Raises
        as `send` while nothing at all was accepted.
        """
        done: list[Transfer] = []
        for start in range(0, len(orders), BULK_LIMIT):
            if start:
                self._sleep(BULK_PAUSE)
            try:
                done += self._send_some(orders[start : start + BULK_LIMIT], currency)
            except (GatewayRefused, GatewayUnavailable):
                if not done:
                    raise
                break
        return done

    def find_transfer(
        self, *, reference: str, gateway_id: str = "", since: datetime | None = None
    ) -> Transfer:
        """Ask what became of a payout, by our reference: NOT_FOUND for one that was never accepted; safe at any time.

        Raises GatewayRefused, GatewayUnavailable.
        """
        if not _REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        try:
            data = self.call("GET", f"/transfer/verify/{quote(reference, safe='')}")
        except TransferNotFound as refusal:
            return Transfer(reference, "NOT_FOUND", 0, "", None, "", "", "", raw=dict(refusal.data))
        return _read(data, reference=reference)

    def balance(self, *, currency: str) -> int:
        """Return what may be paid out (kobo). Raises GatewayRefused, GatewayUnavailable."""
        for row in self.call_for_list("GET", "/balance"):
            if row.get("currency") == currency:
                amount = row.get("balance")
                if isinstance(amount, bool) or not isinstance(amount, int):
                    raise GatewayUnreadable(field="balance")
                return amount
        raise GatewayUnreadable(field="currency")

    def _send_some(self, orders: Sequence[PayoutOrder], currency: str) -> list[Transfer]:
        """One bulk call. When it is refused as some of it is known from before, the rest is ordered by itself."""
        for order in orders:
            _check(order)
        body = {
            "source": "balance",
            "currency": currency,
            "transfers": [_shape(order) for order in orders],
        }
        try:
            rows = self.call_for_list("POST", "/transfer/bulk", body)
        except DuplicateReference:
            return [self.send(order=order, currency=currency) for order in orders]
        except GatewayRefused as refusal:
            known = [self._asked_after(refusal, order.reference) for order in orders]
            if all(one.state == "NOT_FOUND" for one in known):
                raise
            return [one for one in known if one.state != "NOT_FOUND"]
        references = {order.reference for order in orders}
        found = []
        for row in rows:
            reference = row.get("reference")
            if reference in references:
                # A row of which not even this can be read is asked for by itself.
                with suppress(GatewayUnreadable):
                    found.append(_read(row, reference=str(reference), currency=currency))
        return found

    def _known_after(self, refusal: GatewayRefused, reference: str) -> Transfer:
        """What is known of an order that was refused: it may be a repeat of one that was accepted and never answered.

        Only when the reference is unknown there as well was it surely not sent. Raises the refusal then.
        """
        found = self._asked_after(refusal, reference)
        if found.state != "NOT_FOUND":
            return found
        if isinstance(refusal, DuplicateReference):
            raise GatewayUnavailable(reason="contradiction") from refusal
        raise refusal

    def _asked_after(self, refusal: GatewayRefused, reference: str) -> Transfer:
        """As `find_transfer`; raises GatewayUnavailable also where nothing may be asked, as with a key gone bad."""
        try:
            return self.find_transfer(reference=reference)
        except GatewayRefused as error:
            raise GatewayUnavailable(reason="not_verified", said=refusal.data.get("said")) from error


def _check(order: PayoutOrder) -> None:
    if not _REFERENCE.fullmatch(order.reference):
        raise GatewayRefused(reason="invalid_reference", status=None, said="")


def _shape(order: PayoutOrder) -> dict[str, Any]:
    return {
        "amount": order.amount,
        "recipient": order.recipient,
        "reference": order.reference,
        "reason": order.reason,
    }


def _read(data: dict[str, Any], *, reference: str, currency: str = "") -> Transfer:
    """Raises GatewayUnreadable."""
    try:
        if text(data, "reference") != reference:
            raise Unreadable("reference")
        session = data.get("session")
        said = data.get("gateway_response") or data.get("failures")
        return Transfer(
            reference=reference,
            state=_STATES.get(text(data, "status").strip().lower(), "PENDING"),
            amount=minor_units(data, "amount"),
            currency=currency_code(data) if data.get("currency") else currency,
            fee=None if data.get("fee_charged") is None else minor_units(data, "fee_charged"),
            gateway_id=identifier(data, "id"),
            session_id=identifier(session, "id") if isinstance(session, dict) else "",
            reason=said[:300] if isinstance(said, str) else "",
            raw=data,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error
