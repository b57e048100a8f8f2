"""Paying out through Xpress Wallet, from our wallet there to accounts of Nigerian banks.

It takes no reference of ours. Ours travels along, in the metadata and the narration of the order, and is what a payout
whose answer was lost is found by.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import (
    AccountNotResolved,
    Bank,
    PayoutOrder,
    RecipientRefused,
    Transfer,
)
from wallet.gateways.naira import clean_kobo_in, full_kobo_in
from wallet.gateways.replies import Unreadable, currency_code, identifier, text
from wallet.gateways.xpress_wallet_http import inside
from wallet.gateways.xpress_wallet_rows import (
    NGN,
    Row,
    Rows,
    cost_of,
    our_reference,
    state_of,
    their_reference,
)

_REFERENCE = re.compile(r"[a-z0-9_-]{16,50}")
_SURE = {"SUCCEEDED": 2, "PENDING": 1, "FAILED": 0}


class Payouts(Rows):
    """Banks, and money to accounts there."""

    idempotent = False

    def banks(self) -> Sequence[Bank]:
        """Return the banks that money can be sent to, by name. Raises GatewayRefused, GatewayUnavailable."""
        rows = self.read("/transfer/banks").get("banks")
        if not isinstance(rows, list):
            raise GatewayUnreadable(field="banks")
        found: dict[str, Bank] = {}
        for row in rows:
            code, name = (row.get("code"), row.get("name")) if isinstance(row, dict) else (None, None)
            if isinstance(code, str) and isinstance(name, str) and code and name:
                found[code] = Bank(code=code[:20], name=name[:100])
        return sorted(found.values(), key=lambda bank: bank.name.casefold())

    def resolve_account(self, *, account_number: str, bank_code: str) -> str:
        """Ask in whose name an account is. Raises AccountNotResolved, GatewayRefused, GatewayUnavailable."""
        query = urlencode({"sortCode": bank_code, "accountNumber": account_number})
        try:
            account = inside(self.read(f"/transfer/account/details?{query}"), "account", "data")
        except GatewayRefused as refusal:
            if refusal.data.get("status") in (400, 404, 422):
                raise AccountNotResolved(**refusal.data) from refusal
            raise
        try:
            if text(account, "accountNumber") != account_number:
                raise Unreadable("accountNumber")
            return text(account, "accountName")[:200]
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def make_recipient(self, *, account_number: str, bank_code: str, name: str, currency: str) -> str:
        """Look for an account and return its bank's code, for nothing is kept there of whom we pay.

        Raises RecipientRefused, GatewayRefused, GatewayUnavailable.
        """
        if currency != NGN or not name:
            raise RecipientRefused(reason="invalid_account", status=None, said="")
        try:
            self.resolve_account(account_number=account_number, bank_code=bank_code)
        except AccountNotResolved as refusal:
            raise RecipientRefused(**refusal.data) from refusal
        return bank_code

    def send(self, *, order: PayoutOrder, currency: str) -> Transfer:
        """Order a payout. Ordered twice it is paid twice: never again after GatewayUnavailable.

        Its answer says that it was taken, not by how much our balance fell: that its row tells. Raises GatewayRefused
        (GatewayBalanceTooLow) for what was surely not sent, GatewayUnavailable for what may have been.
        """
        if not _REFERENCE.fullmatch(order.reference) or order.to is None or currency != NGN:
            raise GatewayRefused(reason="invalid_order", status=None, said="")
        body = {
            "sortCode": order.recipient,
            "accountNumber": order.to.account_number,
            "accountName": order.to.name,
            "narration": f"{order.reference} {order.reason}",
            "metadata": {"payout": order.reference},
        }
        answer = inside(self.order("/transfer/bank", body, amount=order.amount), "transfer", "data")
        return self._taken(answer, order)

    def send_bulk(self, *, orders: Sequence[PayoutOrder], currency: str) -> Sequence[Transfer]:
        """Order many payouts, one by one: it takes no more at once. Raises as `send` while none was accepted."""
        done: list[Transfer] = []
        for order in orders:
            try:
                done.append(self.send(order=order, currency=currency))
            except (GatewayRefused, GatewayUnavailable):
                if not done:
                    raise
                break
        return done

    def find_transfer(
        self, *, reference: str, gateway_id: str = "", since: datetime | None = None
    ) -> Transfer:
        """Ask what became of a payout: by its name there, or by a search for our reference in all since it was ordered.

        NOT_FOUND says only that no row of it is there now. Raises GatewayRefused, GatewayUnavailable.
        """
        if not _REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        if gateway_id:
            row = self.row_of(gateway_id)
            found = [] if row is None else [row]
        else:
            found = [row for row in self.rows("DEBIT", since=since) if _is_about(row, reference)]
        if not found:
            return Transfer(reference, "NOT_FOUND", 0, "", None, "", "", "", raw={})
        # An order that was refused may have left a row that failed, beside the one that was taken.
        return _read(max(found, key=lambda row: _SURE[state_of(row)]), reference)

    def balance(self, *, currency: str) -> int:
        """Return what may be paid out (kobo). Raises GatewayRefused, GatewayUnavailable."""
        wallet = inside(self.read("/merchant/wallet"), "wallet", "data")
        try:
            return full_kobo_in(wallet, "availableBalance")
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def _taken(self, answer: dict[str, Any], order: PayoutOrder) -> Transfer:
        """Raises GatewayUnreadable."""
        try:
            return Transfer(
                reference=order.reference,
                state="PENDING",
                amount=clean_kobo_in(answer, "amount"),
                currency=NGN,
                fee=None,
                gateway_id=their_reference(answer),
                session_id=identifier(answer, "sessionId")[:60],
                reason="",
                raw=answer,
            )
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error


def _is_about(row: Row, reference: str) -> bool:
    """Whether a row is of this payout. Its narration counts where the metadata got lost, and of it the first word only:
    the rest is a customer's, who may name another payout there.
    """
    ours = our_reference(row)
    return ours == reference if ours else str(row.get("description") or "").split()[:1] == [reference]


def _read(row: Row, reference: str) -> Transfer:
    """Raises GatewayUnreadable."""
    try:
        if not _is_about(row, reference):
            raise Unreadable("metadata")
        amount, state = clean_kobo_in(row, "amount"), state_of(row)
        fee, dust = cost_of(row, amount) if state == "SUCCEEDED" else (None, 0)
        return Transfer(
            reference=reference,
            state=state,
            amount=amount,
            currency=currency_code(row),
            fee=fee,
            gateway_id=their_reference(row),
            session_id=identifier(row, "sessionId")[:60],
            reason=str(row.get("description") or "")[:300] if state == "FAILED" else "",
            raw=row,
            dust=dust,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error
