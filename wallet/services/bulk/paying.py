"""The lines of a confirmed file, one by one: whose account it is, a payout under the line's own id, the order."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.kyc import names
from accounts.models import Notification
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet import nuban
from wallet.gateways.base import GatewayUnavailable
from wallet.gateways.capabilities import AccountNotResolved, KnowsBanks
from wallet.models import BankAccount, BulkPayout, BulkPayoutRow, Payout
from wallet.services.bank_accounts import Found, destination
from wallet.services.banks import payout_gateway
from wallet.services.bulk.uploading import facts_of, number_of
from wallet.services.gateways import adapter_of
from wallet.services.payouts import order_payout, request_payout

State, RowState = BulkPayout.State, BulkPayoutRow.State


class NameDiffers(DomainError):
    """`data["found"]` is the name that the bank has."""

    code = "name_differs"
    message = _("The bank has another name for this account than the file.")


def take_row(*, at: datetime) -> UUID | None:
    """Return a line that waits to be paid, the oldest file's first; files without one are done."""
    with acting_as_service():
        running = BulkPayout.objects.filter(state=State.RUNNING).select_related("organization").order_by("pk")
        for bulk in running:
            row = bulk.lines.filter(state=RowState.WAITING).order_by("number").first()
            if row is not None:
                return row.pk
            _close(bulk, at=at)
    return None


def pay_row(*, row_id: UUID, at: datetime) -> BulkPayoutRow:
    """Pay a line, once: its payout has its id. What stands in the way is written down with it. Calls outside.

    Raises GatewayUnavailable: it waits, and is tried again.
    """
    with acting_as_service():
        rows = BulkPayoutRow.objects.select_related("bulk__owner", "bulk__organization", "bulk__account")
        row = rows.get(pk=row_id)
    if row.state != RowState.WAITING:
        return row
    try:
        found = _look_up(row)
        payout = _request(row, found, at=at)
    except GatewayUnavailable:
        raise
    except DomainError as refusal:
        return _ended(row, RowState.REFUSED, at=at, code=refusal.code, reason=str(refusal)[:300])
    row = _ended(row, RowState.ORDERED, at=at, payout=payout)
    order_payout(payout_id=payout.pk, at=at)
    return row


def _look_up(row: BulkPayoutRow) -> Found:
    """The account as its bank names it. Raises AccountNotResolved, NameDiffers, GatewayUnavailable."""
    require_no_transaction()
    gateway = payout_gateway(row.bulk.account.currency_id)
    adapter, number = adapter_of(gateway), number_of(row)
    if not isinstance(adapter, KnowsBanks):
        raise AccountNotResolved
    name = adapter.resolve_account(account_number=number, bank_code=row.bank_code)
    if row.holder_name and names.score(row.holder_name, name) < names.PARTIAL:
        raise NameDiffers(_("The bank says this account belongs to %(name)s.") % {"name": name}, found=name)
    return Found(
        gateway=gateway.pk,
        bank_code=row.bank_code,
        bank_name=row.bank_name,
        number=number,
        holder_name=name,
        holder=BankAccount.Holder.OTHER,
        suspicious=nuban.looks_wrong(row.bank_code, number),
    )


def _request(row: BulkPayoutRow, found: Found, *, at: datetime) -> Payout:
    with acting_as_service():
        return request_payout(
            payout_id=row.pk,
            account=row.bulk.account,
            bank_account=destination(
                owner=row.bulk.owner, organization=row.bulk.organization, found=found, at=at
            ),
            amount=row.amount,
            purpose=Payout.Purpose.BULK,
            note=row.note,
            at=at,
        )


def _ended(
    row: BulkPayoutRow,
    state: str,
    *,
    at: datetime,
    payout: Payout | None = None,
    code: str = "",
    reason: str = "",
) -> BulkPayoutRow:
    """Write down what became of a line, unless another worker has; one that has a payout was not refused."""
    with acting_as_service():
        held = BulkPayoutRow.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if held.state != RowState.WAITING or (payout is None and Payout.objects.filter(pk=row.pk).exists()):
            return held
        held.state, held.payout, held.code, held.reason = state, payout, code, reason
        held.save(update_fields=["state", "payout", "code", "reason"])
        return held


def _close(bulk: BulkPayout, *, at: datetime) -> None:
    """Say that a file is done: each line is refused or ordered, and what was ordered is told of by itself."""
    here = BulkPayout.objects.filter(pk=bulk.pk, state=State.RUNNING)
    if here.update(state=State.DONE, ended_at=at):
        audit.record(action="wallet.bulk.done", target=bulk)
        people = (bulk.owner_id, bulk.uploaded_by_id, bulk.confirmed_by_id)
        told = sorted({person for person in people if person is not None})
        facts = facts_of(bulk)
        accounts.notify(
            notices=[Notification(user_id=person, event="bulk.done", data=facts) for person in told]
        )
