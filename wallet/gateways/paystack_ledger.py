"""Our balance at Paystack, movement by movement: what our books of it are checked against."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wallet.gateways.base import GatewayUnreadable
from wallet.gateways.capabilities import LedgerRow, LedgerSource
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import LARGEST, Unreadable, currency_code, identifier, moment

_SOURCES: dict[str, LedgerSource] = {
    "transaction": "CHARGE",
    "transfer": "TRANSFER",
    "refund": "REFUND",
    "dispute": "DISPUTE",
    "settlement": "SETTLEMENT",
}


class Ledger(Caller):
    """The movements."""

    def ledger(self, *, since: date, until: date) -> Iterator[LedgerRow]:
        """Yield each movement of our balance in [since, until) of UTC days, oldest first.

        A day is read whole before its first is given, for no order is promised. `reference` is empty: Paystack tells
        only its own id of what moved the balance. Raises GatewayRefused, GatewayUnavailable.
        """
        day = since
        while day < until:
            yield from self._day(day)
            day += timedelta(days=1)

    def _day(self, day: date) -> list[LedgerRow]:
        start = datetime.combine(day, time(), tzinfo=UTC)
        end = start + timedelta(days=1)
        bounds = {"from": start.isoformat(), "to": end.isoformat()}
        rows = {
            row.gateway_id: row for page in self.pages("/balance/ledger", **bounds) for row in map(_row, page)
        }
        found = [row for row in rows.values() if start <= row.at < end]
        return sorted(found, key=lambda row: (row.at, len(row.gateway_id), row.gateway_id))


def _row(data: dict[str, Any]) -> LedgerRow:
    """Raises GatewayUnreadable."""
    try:
        at = moment(data, "createdAt", "created_at")
        gateway_id = identifier(data, "id")
        if at is None or not gateway_id:
            raise Unreadable("createdAt" if at is None else "id")
        said = data.get("reason")
        return LedgerRow(
            gateway_id=gateway_id,
            source=_SOURCES.get(str(data.get("model_responsible")).lower(), "OTHER"),
            source_id=identifier(data, "model_row"),
            reference="",
            change=_signed(data, "difference"),
            balance=None if data.get("balance") is None else _signed(data, "balance"),
            currency=currency_code(data),
            description=said[:200] if isinstance(said, str) else "",
            at=at,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error


def _signed(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not -LARGEST <= value <= LARGEST:
        raise Unreadable(name)
    return value
