"""What Paystack paid of our balance into our bank account, and of which charges. Told in live mode only."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import Charge, GatewayUnreadable
from wallet.gateways.paystack_charges import read_charge
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import Unreadable, currency_code, identifier, minor_units, moment, text
from wallet.gateways.settlements import Settlement, SettlementState

# Any other word means that it is on its way.
_STATES: dict[str, SettlementState] = {"success": "PAID", "failed": "FAILED"}


class Settlements(Caller):
    """Our money on its way to our bank."""

    def settlements(self, *, since: date, until: date) -> Iterator[Settlement]:
        """Yield each settlement of a day in [since, until), newest first. Raises GatewayRefused, GatewayUnavailable."""
        first = datetime.combine(since, time(), tzinfo=UTC)
        last = datetime.combine(until, time(), tzinfo=UTC) - timedelta(seconds=1)
        bounds = {"from": first.isoformat(), "to": last.isoformat()}
        seen: set[str] = set()
        for page in self.pages("/settlement", **bounds):
            for row in map(_row, page):
                if since <= row.paid_on < until and row.gateway_id not in seen:
                    seen.add(row.gateway_id)
                    yield row

    def settled_charges(self, *, gateway_id: str) -> Iterator[Charge]:
        """Yield the charges that a settlement is made of. Raises GatewayRefused, GatewayUnavailable."""
        for page in self.pages(f"/settlement/{quote(gateway_id, safe='')}/transactions"):
            for data in page:
                try:
                    yield read_charge(data, reference=text(data, "reference"))
                except Unreadable as error:
                    raise GatewayUnreadable(field=str(error)) from error


def _row(data: dict[str, Any]) -> Settlement:
    """Raises GatewayUnreadable."""
    try:
        gateway_id, at = identifier(data, "id"), moment(data, "settlement_date", "createdAt")
        if not gateway_id or at is None:
            raise Unreadable("id" if not gateway_id else "settlement_date")
        # What reaches the bank; older rows have the total only.
        amount = "total_amount" if data.get("effective_amount") is None else "effective_amount"
        return Settlement(
            gateway_id=gateway_id,
            state=_STATES.get(text(data, "status").strip().lower(), "PENDING"),
            currency=currency_code(data),
            processed=_or_none(data, "total_processed"),
            fees=_or_none(data, "total_fees"),
            deducted=_or_none(data, "deductions"),
            amount=minor_units(data, amount),
            paid_on=at.date(),
            raw=data,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error


def _or_none(data: dict[str, Any], name: str) -> int:
    return 0 if data.get(name) is None else minor_units(data, name)
