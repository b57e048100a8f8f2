"""Sending money from one customer to another."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, Profile
from core.actors import acting_as_service
from wallet.models import Account
from wallet.refusals import InsufficientFunds, LedgerRefusal, SameAccount
from wallet.services.accounts import open_wallet
from wallet.services.posting import Line, Posting, post

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


def quote_transfer(*, source: Account, recipient_text: str, amount: int) -> TransferQuote:
    """Find the recipient and check that the money is there.

    Raises RecipientNotFound, SameAccount for oneself, InsufficientFunds with what is available.
    """
    recipient = accounts.find_recipient(text=recipient_text)
    if recipient.user_id == source.owner_id:
        raise SameAccount(_("You cannot send money to yourself."))
    if amount > source.available:
        raise InsufficientFunds(available=source.available, amount=amount)
    return TransferQuote(recipient, amount, 0, source.available - amount)


def transfer(*, posting_id: UUID, source: Account, recipient_id: UUID, amount: int, note: str = "") -> Posting:
    """Move `amount` (minor units) from `source` to the recipient's wallet of the same currency, once per posting id.

    Both people get a notice. Raises a LedgerRefusal and then nothing was written.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    with transaction.atomic():
        with acting_as_service():
            target = open_wallet(owner_id=recipient_id, currency=source.currency_id)
        posting = post(
            posting_id=posting_id, lines=[Line(TRANSFER, source.pk, target, amount)], description=note
        )
        if not posting.replayed:
            _tell(posting, source, recipient_id, note)
            audit.record(action="wallet.transfer.posted", target=source, posting=str(posting_id), amount=amount)
    return posting


def _tell(posting: Posting, source: Account, recipient_id: UUID, note: str) -> None:
    """Leave both people a notice. Each names the other; neither tells a balance."""
    with acting_as_service():
        names = dict(
            Profile.objects.filter(user_id__in=[source.owner_id, recipient_id]).values_list("user_id", "display_name")
        )
        facts = {
            "transaction": str(posting.id),
            "amount": posting.transactions[0].amount,
            "currency": source.currency_id,
            "note": note,
        }
        accounts.notify(
            notices=[
                Notification(
                    user_id=source.owner_id,
                    event="transfer.sent",
                    data={**facts, "name": names.get(recipient_id, "")},
                ),
                Notification(
                    user_id=recipient_id,
                    event="transfer.received",
                    data={**facts, "name": names.get(source.owner_id, "")},
                ),
            ]
        )
