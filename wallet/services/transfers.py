"""Sending money from one customer to another."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from core.actors import current_origin
from wallet.models import Account
from wallet.refusals import InsufficientFunds, LedgerRefusal, SameAccount
from wallet.services.cooling_off import check_cooling_off
from wallet.services.limits import limits_of
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


def quote_transfer(*, source: Account, recipient_text: str, amount: int, at: datetime) -> TransferQuote:
    """Find the recipient and check that the money is there and may be sent.

    Raises RecipientNotFound, SameAccount for oneself, InsufficientFunds with what is available, CoolingOff, and
    LimitExceeded with the limit and what is left of it.
    """
    recipient = accounts.find_recipient(text=recipient_text)
    if recipient.user_id == source.owner_id:
        raise SameAccount(_("You cannot send money to yourself."))
    if amount > source.available:
        raise InsufficientFunds(available=source.available, amount=amount)
    refusal = limits_of(account=source, at=at).refusal_of(amount)
    if refusal:
        raise refusal
    check_cooling_off(source=source, amount=amount, at=at)
    return TransferQuote(recipient, amount, 0, source.available - amount)


def transfer(
    *,
    posting_id: UUID,
    source: Account,
    recipient_id: UUID,
    amount: int,
    at: datetime,
    note: str = "",
) -> Posting:
    """Move `amount` (minor units) from `source` to the recipient's wallet of the same currency, once per posting id.

    First it is asked how settled the sender's ways in are; the rest is one round trip. Both people are told by
    `announce`, which reads the books; the audit trail says from where. Raises a LedgerRefusal, CoolingOff, NoteTooLong,
    and then nothing was written.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    check_amounts([amount])
    check_cooling_off(source=source, amount=amount, at=at, posting_id=posting_id)
    posting = call(
        posting_id,
        "wallet.send(%s, %s, %s, %s, %s, %s)",
        [posting_id, source.pk, recipient_id, source.currency_id, amount, note],
    )
    if current_origin().request_id and not posting.replayed:
        audit.record(action="wallet.transfer.posted", target=source, posting=str(posting_id), amount=amount)
    return posting
