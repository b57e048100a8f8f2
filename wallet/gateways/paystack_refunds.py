"""Money of a charge on its way back: refunds that we order, and disputes that the customer's bank brings.

A refund has no reference of ours. So one is ordered once only, and after a lost answer the refunds of the charge say
whether it was made; `note` is kept with it, for staff at Paystack and for finding it.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import GatewayRefused, GatewayUnreadable
from wallet.gateways.capabilities import Dispute, DisputeState, Refund, RefundState
from wallet.gateways.paystack_charges import Charges
from wallet.gateways.replies import Unreadable, currency_code, identifier, minor_units, moment, text

# Whatever else it says (pending, processing) means: ask again later.
_STATES: dict[str, RefundState] = {
    "processed": "SUCCEEDED",
    "failed": "FAILED",
    "needs-attention": "NEEDS_ATTENTION",
}
_LOST = {"merchant-accepted", "auto-accepted"}


class Refunds(Charges):
    """Refunds and disputes."""

    def refund(self, *, reference: str, amount: int, currency: str, note: str) -> Refund:
        """Order money of a charge back to who paid it. Our balance falls at once.

        Raises GatewayRefused for what was surely not ordered; GatewayUnavailable when nobody knows: look into
        `refunds_of` before it is ordered again.
        """
        body = {
            "transaction": reference,
            "amount": amount,
            "currency": currency,
            "merchant_note": note,
            "customer_note": note,
        }
        return _refund(self.call("POST", "/refund", body, once=True), reference=reference)

    def refunds_of(self, *, reference: str) -> Sequence[Refund]:
        """Return what was ordered back of a charge. Raises ChargeNotFound, GatewayRefused, GatewayUnavailable."""
        charge = self.find_charge(reference=reference)
        return [
            _refund(row, reference=reference)
            for rows in self.pages("/refund", transaction=charge.gateway_id)
            for row in rows
            if charge.gateway_id in _transaction_ids(row) or reference in _transaction_ids(row)
        ]

    def find_refund(self, *, gateway_id: str, reference: str) -> Refund:
        """Ask what became of one refund of a charge. Raises GatewayRefused, GatewayUnavailable."""
        return _refund(self.call("GET", f"/refund/{quote(gateway_id, safe='')}"), reference=reference)

    def retry_refund(
        self, *, gateway_id: str, reference: str, account_number: str, bank_code: str, currency: str
    ) -> Refund:
        """Send a refund that needs attention to an account of the customer's.

        Raises GatewayRefused, also when it needs none; GatewayUnavailable.
        """
        account = {
            "currency": currency,
            "account_number": account_number,
            "bank_id": self._bank_id(bank_code),
        }
        path = f"/refund/retry_with_customer_details/{quote(gateway_id, safe='')}"
        data = self.call("POST", path, {"refund_account_details": account}, once=True)
        return _refund(data, reference=reference)

    def disputes(self) -> Iterator[Dispute]:
        """Yield all disputes, page by page. Raises GatewayRefused, GatewayUnavailable."""
        for rows in self.pages("/dispute"):
            yield from map(_dispute, rows)

    def dispute(self, *, gateway_id: str) -> Dispute:
        """Ask how a dispute stands. Raises GatewayRefused, GatewayUnavailable."""
        return _dispute(self.call("GET", f"/dispute/{quote(gateway_id, safe='')}"))

    def answer_dispute(self, *, gateway_id: str, accept: bool, amount: int, message: str) -> Dispute:
        """Give in to a dispute, which pays `amount` back, or contest it. Raises GatewayRefused, GatewayUnavailable."""
        body = {
            "resolution": "merchant-accepted" if accept else "declined",
            "message": message,
            "refund_amount": amount if accept else 0,
            "uploaded_filename": "",
        }
        return _dispute(self.call("PUT", f"/dispute/{quote(gateway_id, safe='')}/resolve", body))

    def _bank_id(self, bank_code: str) -> str:
        """Paystack's number of a bank. Raises GatewayRefused."""
        for rows in self.pages("/bank", country="nigeria", currency="NGN"):
            for row in rows:
                if row.get("code") == bank_code:
                    return identifier(row, "id")
        raise GatewayRefused(reason="unknown_bank", status=None, said="")


def _transaction_ids(row: dict[str, Any]) -> set[str]:
    """What a refund says of its charge: its number, or an object with number and reference."""
    said = row.get("transaction")
    if isinstance(said, dict):
        return {identifier(said, "id"), identifier(said, "reference")} - {""}
    return {identifier(row, "transaction"), identifier(row, "transaction_reference")} - {""}


def _refund(data: dict[str, Any], *, reference: str) -> Refund:
    """Raises GatewayUnreadable."""
    try:
        said = data.get("transaction")
        if isinstance(said, dict) and said.get("reference", reference) != reference:
            raise Unreadable("transaction")
        deducted = data.get("deducted_amount")
        return Refund(
            gateway_id=identifier(data, "id"),
            reference=reference,
            state=_STATES.get(text(data, "status").strip().lower(), "PENDING"),
            amount=minor_units(data, "amount"),
            currency=currency_code(data),
            deducted=None if deducted is None else minor_units(data, "deducted_amount"),
            raw=data,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error


def _dispute(data: dict[str, Any]) -> Dispute:
    """Raises GatewayUnreadable."""
    try:
        charge = data.get("transaction")
        if not isinstance(charge, dict):
            raise Unreadable("transaction")
        category = data.get("category")
        return Dispute(
            gateway_id=identifier(data, "id"),
            reference=text(charge, "reference"),
            state=_standing(data),
            amount=minor_units(charge, "amount")
            if data.get("refund_amount") is None
            else minor_units(data, "refund_amount"),
            currency=currency_code(charge if data.get("currency") is None else data),
            category=category[:50] if isinstance(category, str) else "",
            due_at=moment(data, "dueAt", "due_at"),
            raw=data,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error


def _standing(data: dict[str, Any]) -> DisputeState:
    """A dispute that is resolved in no way we know stays open, for a person to look at."""
    if text(data, "status").strip().lower() != "resolved":
        return "OPEN"
    resolution = str(data.get("resolution") or "").strip().lower()
    return "LOST" if resolution in _LOST else "WON" if resolution == "declined" else "OPEN"
