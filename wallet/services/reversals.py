"""Taking a posting back, and whether it was."""

from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.actors import acting_as_service
from wallet.models import Payout, Reversal, ReversalRule, Transaction
from wallet.refusals import AlreadyReversed
from wallet.services import posting, referral_bonuses


def reverse(*, posting_id: UUID, reverses: UUID, description: str = "") -> posting.Posting:
    """Mirror a whole posting, once, less what was taken back in parts, and take back the bonuses given for it.

    Raises AlreadyReversed, PostingNotFound, or why the money cannot go back.
    """
    with transaction.atomic():
        check_stands(posting_id=reverses)
        done = posting.reverse(posting_id=posting_id, reverses=reverses, description=description)
        if not done.replayed:
            referral_bonuses.posting_reversed(reference=reverses, at=timezone.now())
    return done


def reverse_part(
    *, posting_id: UUID, transaction_id: UUID, amount: int, description: str = ""
) -> posting.Posting:
    """Take back `amount` (minor units) of one transaction; its parts never come to more than it moved.

    A repeat with the same content returns the first result. Raises ReversalExceeded, AlreadyReversed, PostingNotFound,
    or why the money cannot go back.
    """
    with transaction.atomic():
        of = Transaction.objects.filter(pk=transaction_id).values_list("posting_id", flat=True).first()
        if of is not None:
            check_stands(posting_id=of)
        return posting.reverse_part(
            posting_id=posting_id, transaction_id=transaction_id, amount=amount, description=description
        )


def check_stands(*, posting_id: UUID) -> None:
    """Refuse to take back a withdrawal whose money a bank sent back and which could not return to its account.

    It is kept for its owner, or in suspense: taken back as well, it would be there twice. Locks the payout, as whoever
    books a return does. Raises AlreadyReversed.
    """
    payout = Payout.objects.select_for_update(of=("self",)).filter(posting_id=posting_id).first()
    if payout is not None and returned_elsewhere(payout):
        raise AlreadyReversed(posting=str(posting_id), reversed_by=str(payout.return_posting_id))


def is_taken_back(posting_id: UUID) -> bool:
    """Whether nothing of a posting is left to take back as a whole."""
    payout = Payout.objects.filter(posting_id=posting_id).first()
    is_elsewhere = payout is not None and returned_elsewhere(payout)
    return is_elsewhere or Reversal.objects.filter(pk=posting_id).exists()


def returned_elsewhere(payout: Payout) -> bool:
    """Whether the money of a payout came back to another account than it was sent from, and is there still."""
    undone = Reversal.objects.filter(pk__in=[payout.posting_id, payout.return_posting_id])
    return payout.state == Payout.State.RETURNED and not undone.exists()


def most_alone(*, currency: str, on: date) -> int:
    """What goes back by one person's word on a day (minor units): nothing where no rule says so."""
    rules = ReversalRule.objects.filter(currency=currency, from_date__lte=on).order_by("-from_date")
    return rules.values_list("amount", flat=True).first() or 0


def reversed_by(*, posting_id: UUID) -> UUID | None:
    """Return the posting that took this one back, None when it stands. The caller knows that it is theirs."""
    with acting_as_service():
        return Reversal.objects.filter(pk=posting_id).values_list("reversed_by", flat=True).first()
