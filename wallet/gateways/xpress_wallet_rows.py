"""What Xpress Wallet has written down of our money, row by row: what became of a payout, and its ledger.

Fees have parts of a kobo (VAT of 0.7875), and so have the balances after them. What a row moved is the difference of
the balance in whole kobo after it and before it: so the sum of all rows is what is there, and parts never add up.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import Charge, ChargeNotFound, GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import LedgerRow, LedgerSource, TransferState
from wallet.gateways.naira import clean_kobo_in, nearest_kobo_in
from wallet.gateways.replies import Unreadable, currency_code, identifier, moment, text
from wallet.gateways.xpress_wallet_http import Caller, inside

NGN = "NGN"
FUNDED = "WALLET_FUNDED_THROUGH_BANK_TRANSFER"
_PAYOUTS = ("BANK_TRANSFER", "CUSTOMER_BANK_TRANSFER")
# Beyond so many pages a search gives up, and says so.
MOST_PAGES = 200
# Their clock and ours.
CLOCKS = timedelta(hours=1)

Row = dict[str, Any]


class Rows(Caller):
    """The movements of our money there."""

    def find_charge(self, *, reference: str) -> Charge:
        """Ask about money that came into a customer's account number, by the reference that Xpress Wallet gave it.

        Raises `ChargeNotFound`, `GatewayRefused`, `GatewayUnavailable`.
        """
        row = self.row_of(reference)
        if row is None or row.get("category") != FUNDED or _is_debit(row):
            raise ChargeNotFound(reason=None, status=404, said="")
        try:
            return _charge(row, reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def deposits(self, *, since: datetime) -> Iterator[Charge]:
        """Yield what came into account numbers since then. A row that makes no sense is left to reconciliation.

        Raises GatewayRefused, GatewayUnavailable.
        """
        for row in self.rows("CREDIT", since=since):
            at = moment(row, "createdAt")
            if row.get("category") == FUNDED and at is not None and at >= since:
                with suppress(Unreadable):
                    yield _charge(row, their_reference(row))

    def ledger(self, *, since: date, until: date) -> Iterator[LedgerRow]:
        """Yield each movement in [since, until) of UTC days, oldest first, of our wallet and our customers' there.

        It can be asked for no days, so what is newer is read too. Raises GatewayRefused, GatewayUnavailable.
        """
        start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (since, until))
        found = {}
        for row in self.rows("ALL", since=start):
            moved = _ledger_row(row)
            if moved.change and start <= moved.at < end:
                found[moved.gateway_id] = moved
        yield from sorted(found.values(), key=lambda row: (row.at, row.gateway_id))

    def rows(self, which: str, *, since: datetime | None) -> Iterator[Row]:
        """Yield the rows of this type, CREDIT, DEBIT or ALL, page by page, at least all since then.

        Raises GatewayRefused, GatewayUnavailable; so too where there are more pages than are ever read.
        """
        for number in range(1, MOST_PAGES + 1):
            answer = self.read(f"/merchant/transactions?page={number}&type={which}")
            page = next(
                (rows for name in ("data", "transactions") if (rows := answer.get(name)) is not None), None
            )
            if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
                raise GatewayUnreadable(field="data")
            yield from page
            told = answer.get("metadata")
            last = told.get("totalPages") if isinstance(told, dict) else None
            if not page or (isinstance(last, int) and number >= last) or _is_before(page, since):
                return
        raise GatewayUnavailable(reason="search_too_long")

    def row_of(self, reference: str) -> Row | None:
        """Return the row of this reference of theirs. Raises GatewayRefused, GatewayUnavailable."""
        try:
            answer = self.read(f"/merchant/transaction/{quote(reference, safe='')}")
        except GatewayRefused as refusal:
            if refusal.data.get("status") != 404:
                raise
            return None
        row = inside(answer, "transaction", "data")
        if their_reference_or_none(row) != reference:
            raise GatewayUnreadable(field="reference")
        return row


def state_of(row: Row) -> TransferState:
    """Done only if both of its marks say so; a word of tomorrow means: ask again later."""
    status, completed = row.get("status"), row.get("completed")
    if status == "success" and completed is not False:
        return "SUCCEEDED"
    return "FAILED" if status == "failed" else "PENDING"


def our_reference(row: Row) -> str:
    """The reference of ours that we gave along with an order; empty where there is none."""
    told = row.get("metadata")
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return ""
    return identifier(told, "payout") if isinstance(told, dict) else ""


def their_reference(row: Row) -> str:
    """Raises Unreadable."""
    return text({"reference": their_reference_or_none(row)}, "reference")


def their_reference_or_none(row: Row) -> str:
    return identifier(row, "reference") or identifier(row, "transactionReference")


def change_of(row: Row) -> int | None:
    """What a row moved, in kobo, signed; None where it does not say. Raises Unreadable."""
    if row.get("balance_before") is None or row.get("balance_after") is None:
        return None
    return nearest_kobo_in(row, "balance_after") - nearest_kobo_in(row, "balance_before")


def cost_of(row: Row, amount: int) -> tuple[int | None, int]:
    """What was kept of it, or taken beside it: its fee and VAT, and the kobo that rounding adds to them.

    Where the two balances tell another sum, what really moved counts. Raises Unreadable.
    """
    named = [name for name in ("fee", "vat") if row.get(name) is not None]
    fee = nearest_kobo_in(row, *named) if named else None
    change = change_of(row)
    if change is None:
        return fee, 0
    taken = -change - amount if _is_debit(row) else amount - change
    if fee is None or abs(taken - fee) > 1:
        return max(taken, 0), 0
    return fee, taken - fee


def _charge(row: Row, reference: str) -> Charge:
    amount = clean_kobo_in(row, "amount")
    state = state_of(row)
    fee, dust = cost_of(row, amount) if state == "SUCCEEDED" else (None, 0)
    number = str(row.get("destination") or "").split("/")[0]
    # In the words in which the other gateway tells them: what a person is shown who looks for the owner.
    told = {
        "channel": "dedicated_nuban",
        "sender_name": str(row.get("source") or ""),
        "narration": str(row.get("description") or ""),
        "receiver_bank_account_number": number if number.isdecimal() else "",
    }
    customer = identifier(row, "customerId") or identifier(row, "customer_id")
    return Charge(
        reference=reference,
        state="SUCCEEDED" if state == "SUCCEEDED" else "FAILED" if state == "FAILED" else "PENDING",
        amount=amount,
        requested_amount=amount,
        fee=fee,
        currency=currency_code(row),
        paid_at=moment(row, "createdAt"),
        channel="dedicated_nuban",
        gateway_id=reference,
        raw={"authorization": told, "customer": {"customer_code": customer}},
        dust=dust,
    )


def _ledger_row(row: Row) -> LedgerRow:
    """Raises GatewayUnreadable."""
    try:
        at, gateway_id = moment(row, "createdAt"), identifier(row, "id")
        if at is None or not gateway_id:
            raise Unreadable("createdAt" if at is None else "id")
        change = change_of(row)
        if change is None:
            raise Unreadable("balance_after")
        ours, category = our_reference(row), row.get("category")
        source: LedgerSource = (
            "CHARGE" if category == FUNDED else "TRANSFER" if category in _PAYOUTS or ours else "OTHER"
        )
        theirs = their_reference_or_none(row)
        return LedgerRow(
            gateway_id=gateway_id,
            source=source,
            source_id=theirs,
            reference=ours or theirs,
            change=change,
            # Of one wallet among several: no balance of ours.
            balance=None,
            currency=currency_code(row),
            description=str(row.get("description") or "")[:200],
            at=at,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error


def _is_debit(row: Row) -> bool:
    return str(row.get("type")).upper() == "DEBIT"


def _is_before(page: list[Row], since: datetime | None) -> bool:
    """Whether a page that runs from new to old ends before what is looked for."""
    times = [moment(row, "createdAt") for row in page]
    if since is None or any(at is None for at in times):
        return False
    first, last = times[0], times[-1]
    return first is not None and last is not None and last < first and last < since - CLOCKS
