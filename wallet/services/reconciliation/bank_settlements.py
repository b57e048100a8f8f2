"""What gateways paid of our balance with them into our own bank account: taken in, and posted once.

So a gateway's clearing account shows what it still has of ours, and `OUR_BANK` what must stand on the bank's statement,
whose file is reconciled against it like any other.
"""

from datetime import date, datetime, timedelta

from accounts import audit
from core.actors import acting_as_service
from core.ids import posting_id
from core.outbound import require_no_transaction
from wallet.gateways.settlements import Settlement, Settles
from wallet.models import BankSettlement, PaymentGateway
from wallet.refusals import PostingIdOutOfRange
from wallet.services.accounts import system_account
from wallet.services.gateways import adapter_of, clearing_of
from wallet.services.posting import Line, post

KIND, BANK = "BANK_SETTLEMENT", "OUR_BANK"
# One that is on its way is asked about for so long: banks keep holidays.
LOOK_BACK = timedelta(days=10)

_State = BankSettlement.State


def take_in_settlements(*, gateway: PaymentGateway, currency: str, on: date, at: datetime) -> int:
    """Ask a gateway for what it paid into our bank until a day, and post it. Calls outside; returns how many it told.

    Nothing where it tells of none. Raises GatewayUnavailable, GatewayRefused: what came before is kept.
    """
    adapter = adapter_of(gateway)
    if not isinstance(adapter, Settles):
        return 0
    require_no_transaction()
    count = 0
    for said in adapter.settlements(since=on - LOOK_BACK, until=on + timedelta(days=2)):
        if said.currency == currency:
            settle_into_bank(gateway=gateway, said=said, at=at)
            count += 1
    return count


def settle_into_bank(*, gateway: PaymentGateway, said: Settlement, at: datetime) -> BankSettlement:
    """Note what a gateway says of one settlement, and post it once it is paid; what was posted stays as it is.

    One that says another amount after it was posted is written down as an alarm.
    """
    facts = {
        "currency_id": said.currency,
        "processed": said.processed,
        "fees": said.fees,
        "deducted": said.deducted,
        "amount": said.amount,
        "paid_on": said.paid_on,
        "seen_at": at,
    }
    with acting_as_service():
        rows = BankSettlement.objects.select_for_update(of=("self",)).select_related("gateway")
        row, is_new = rows.get_or_create(gateway=gateway, gateway_settlement=said.gateway_id, defaults=facts)
        if row.posted_at:
            if (row.amount, row.state) != (said.amount, said.state):
                audit.record(
                    action="wallet.bank_settlement.differs", target=row, said=said.amount, alarm=True
                )
            return row
        before = row.state
        for name, value in {**facts, "state": said.state}.items():
            setattr(row, name, value)
        if row.state == _State.PAID:
            _post(row)
            row.posted_at = at
        row.save()
        if is_new or row.state != before:
            audit.record(action=f"wallet.bank_settlement.{row.state.lower()}", target=row, amount=row.amount)
        return row


def _post(row: BankSettlement) -> None:
    """From what the gateway owes us to what the bank has for us. The row's lock and state let it happen once."""
    if not row.amount:
        return
    clearing = clearing_of(row.gateway, row.currency_id)
    lines = [Line(KIND, system_account(BANK, row.currency_id), clearing, row.amount)]
    words = f"{row.gateway_id} {row.gateway_settlement}"
    try:
        post(posting_id=row.posting_id, lines=lines, description=words)
    except PostingIdOutOfRange:
        row.posting_id = posting_id()
        post(posting_id=row.posting_id, lines=lines, description=words)
