"""Sending money from one customer to another."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from core.actors import acting_as_service, current_origin
from wallet.models import Account
from wallet.refusals import InsufficientFunds, LedgerRefusal, SameAccount
from wallet.services.cooling_off import check_cooling_off
from wallet.services.posting import Posting, call, check_amounts

TRANSFER = "TRANSFER"
LONGEST_NOTE = 140


class NoteTooLong(LedgerRefusal):
    code = "note_too_long"
    message = _("A note has at most 140 characters.")


@dataclass(frozen=True)
class TransferQuote:
    """What a transfer would do: shown before it is confirmed, and exactly what is posted. Amounts in minor units."""

    recipient: accounts.Recipient
    amount: int
    fee: int
    available_after: int


def quote_transfer(
    *, source: Account, recipient_text: str, amount: int, at: datetime | None = None
) -> TransferQuote:
    """Find the recipient and check that the money is there; at a moment, also that so much may be sent then.

    Raises RecipientNotFound, SameAccount for oneself, InsufficientFunds with what is available, CoolingOff.
    """
    recipient = accounts.find_recipient(text=recipient_text)
    if recipient.user_id == source.owner_id:
        raise SameAccount(_("You cannot send money to yourself."))
    if amount > source.available:
        raise InsufficientFunds(available=source.available, amount=amount)
    if at:
        check_cooling_off(source=source, amount=amount, at=at)
    return TransferQuote(recipient, amount, 0, source.available - amount)


def transfer(
    *,
    posting_id: UUID,
    source: Account,
    recipient_id: UUID,
    amount: int,
    note: str = "",
    at: datetime | None = None,
) -> Posting:
    """Move `amount` (minor units) from `source` to the recipient's wallet of the same currency, once per posting id.

    One round trip. Where a person asks for it, `at` is when, as pages and API always say; then it is asked first how
    settled the sender's ways in are. Both people are told by `announce_transfers`, which reads the books; the audit
    trail says from where. Raises a LedgerRefusal, CoolingOff, NoteTooLong, and then nothing was written.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    check_amounts([amount])
    if at:
        check_cooling_off(source=source, amount=amount, at=at, posting_id=posting_id)
    posting = call(
        posting_id,
        "wallet.send(%s, %s, %s, %s, %s, %s)",
        [posting_id, source.pk, recipient_id, source.currency_id, amount, note],
    )
    if current_origin().request_id and not posting.replayed:
        audit.record(action="wallet.transfer.posted", target=source, posting=str(posting_id), amount=amount)
    return posting


def announce_transfers() -> int:
    """Leave a notice to sender and recipient of every transfer since the last call; return how many notices.

    Follows the books by the order in which their transactions were written, up to the oldest still running, so that
    what commits late is not passed over; the place it has come to moves in the same transaction as the notices.
    """
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(WINDOW, [AT_ONCE])
        window = cursor.fetchone()
        if window is None or window[0] == window[1]:
            return 0
        cursor.execute(NOTICES, window)
        told = cursor.rowcount
        cursor.execute("update wallet_follower set horizon = %s::xid8 where name = 'notices'", [window[1]])
    return int(told)


# From where the follower stands to the oldest transaction still running, or to the end of the one `AT_ONCE` rows on.
AT_ONCE = 5000
WINDOW = """
    select f.horizon::text, least(pg_snapshot_xmin(pg_current_snapshot()), (
        select n.xid from wallet_transaction n
        where n.xid > (
            select t.xid from wallet_transaction t where t.xid >= f.horizon order by t.xid offset %s limit 1)
        order by n.xid limit 1
    ))::text
    from wallet_follower f where f.name = 'notices' for update of f skip locked
"""
# One row of the books is two notices. Each names the other person; neither tells a balance.
NOTICES = """
    insert into accounts_notification (id, user_id, event, data, created_at)
    select uuidv7(), side.me, side.event,
        jsonb_build_object('transaction', t.id, 'amount', t.amount, 'currency', t.currency,
            'note', t.description, 'name', coalesce(p.display_name, '')),
        t.recorded_at
    from wallet_transaction t
    join wallet_account d on d.id = t.debit_account_id
    join wallet_account c on c.id = t.credit_account_id
    cross join lateral (values
        ('transfer.sent', d.owner_id, c.owner_id), ('transfer.received', c.owner_id, d.owner_id)
    ) side (event, me, other)
    left join accounts_profile p on p.user_id = side.other
    where t.xid >= %s::xid8 and t.xid < %s::xid8 and t.kind = 'TRANSFER' and side.me is not null
    order by t.xid, t.id
"""
