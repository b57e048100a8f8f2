"""Sending money from one customer to another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from core.actors import current_origin
from wallet import fees
from wallet.fees import FeeQuote
from wallet.models import Account
from wallet.refusals import InsufficientFunds, LedgerRefusal, SameAccount
from wallet.services.accounts import system_account
from wallet.services.cooling_off import check_cooling_off
from wallet.services.fees import prices_of
from wallet.services.limits import limits_of
from wallet.services.posting import Posting, call, check_amounts

TRANSFER = "TRANSFER"
LONGEST_NOTE = 140
# In the trail, a line on the account that sent.
POSTED = "wallet.transfer.posted"


class NoteTooLong(LedgerRefusal):
    code = "note_too_long"
    message = _("A note has at most 140 characters.")


class FeesChanged(LedgerRefusal):
    """`data["fees"]` says what it costs now."""

    code = "fees_changed"
    kind = "conflict"
    message = _("What this transfer costs has changed. Look at it again before you send.")
    public = ("expected", "fees")


@dataclass(frozen=True)
class TransferQuote:
    """What a transfer would do: shown before it is confirmed, and exactly what is posted. Amounts in minor units."""

    recipient: accounts.Recipient
    amount: int
    charges: FeeQuote
    available_after: int

    @property
    def total(self) -> int:
        return self.charges.gross


def quote_transfer(*, source: Account, recipient_text: str, amount: int, at: datetime) -> TransferQuote:
    """Find the recipient, say what it costs, and check that the money for both is there and may be sent.

    Raises RecipientNotFound, SameAccount for oneself, InsufficientFunds with what is available and what it costs,
    CoolingOff, and LimitExceeded with the limit and what is left of it. Limits count the amount alone.
    """
    recipient = accounts.find_recipient(text=recipient_text)
    if recipient.user_id == source.owner_id:
        raise SameAccount(_("You cannot send money to yourself."))
    check_amounts([amount])
    charges = charges_of(source=source, amount=amount, at=at)
    if charges.gross > source.available:
        raise _too_little(source.available, charges)
    refusal = limits_of(account=source, at=at).refusal_of(amount)
    if refusal:
        raise refusal
    check_cooling_off(source=source, amount=amount, at=at)
    return TransferQuote(recipient, amount, charges, source.available - charges.gross)


def charges_of(*, source: Account, amount: int, at: datetime) -> FeeQuote:
    """Return what sending this amount (minor units, above zero) costs the owner of `source`."""
    return fees.quote(kind=TRANSFER, amount=amount, tariff=prices_of(account=source, kind=TRANSFER, at=at))


def transfer(
    *,
    posting_id: UUID,
    source: Account,
    recipient_id: UUID,
    amount: int,
    at: datetime,
    note: str = "",
    charges: FeeQuote | None = None,
) -> Posting:
    """Move `amount` (minor units) from `source` to the recipient's wallet of the same currency, once per posting id.

    What it costs stands in the same posting: `charges` as they were shown, or else those of this moment. Who may have
    to repeat it keeps the quote, since the same id with other charges is refused.

    First it is asked how settled the sender's ways in are; the rest is one round trip. Both people are told by
    `announce`, which reads the books; the audit trail says from where. Raises a LedgerRefusal, CoolingOff, NoteTooLong,
    and then nothing was written.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    check_amounts([amount])
    if charges is None:
        charges = (
            charges_of(source=source, amount=amount, at=at) if amount > 0 else FeeQuote(TRANSFER, amount)
        )
    elif (charges.kind, charges.amount) != (TRANSFER, amount):
        raise ValueError("these are the charges of something else")
    check_cooling_off(source=source, amount=amount, at=at, posting_id=posting_id)
    posting = _send(posting_id, source, recipient_id, note, charges)
    if current_origin().request_id and not posting.replayed:
        facts: dict[str, Any] = {"fee_schedule": charges.schedule_id} if charges.paid else {}
        audit.record(action=POSTED, target=source, posting=str(posting_id), amount=amount, **facts)
    return posting


def _send(posting_id: UUID, source: Account, recipient_id: UUID, note: str, charges: FeeQuote) -> Posting:
    parameters = [posting_id, source.pk, recipient_id, source.currency_id, charges.amount, note]
    lines = charges.paid
    if not lines:
        return call(posting_id, "wallet.send(%s, %s, %s, %s, %s, %s)", parameters)
    credits = [system_account(line.credit_code, source.currency_id).hex for line in lines]
    columns = [[line.kind for line in lines], credits, [str(line.amount) for line in lines]]
    try:
        return call(
            posting_id,
            "wallet.send_charged(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            # As the server writes arrays: plain values need no adapting (prepared.py).
            [*parameters, *["{" + ",".join(column) + "}" for column in columns]],
        )
    except InsufficientFunds as refusal:
        # Refused at one of its lines: what stood before that is still there.
        before = [charges.amount, *(line.amount for line in lines)][: refusal.data["index"]]
        raise _too_little(refusal.data["available"] + sum(before), charges) from None


def _too_little(available: int, charges: FeeQuote) -> InsufficientFunds:
    cost: dict[str, Any] = {"fees": charges.total} if charges.total else {}
    return InsufficientFunds(available=available, amount=charges.gross, **cost)
