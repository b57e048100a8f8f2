"""Taking a posting back, and whether it was."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.actors import acting_as_service
from wallet.models import Reversal
from wallet.services import posting, referral_bonuses


def reverse(*, posting_id: UUID, reverses: UUID, description: str = "") -> posting.Posting:
    """Mirror a whole posting, once, less what was taken back in parts, and take back the bonuses given for it.

    Raises AlreadyReversed, PostingNotFound, or why the money cannot go back.
    """
    with transaction.atomic():
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
    return posting.reverse_part(
        posting_id=posting_id, transaction_id=transaction_id, amount=amount, description=description
    )


def reversed_by(*, posting_id: UUID) -> UUID | None:
    """Return the posting that took this one back, None when it stands. The caller knows that it is theirs."""
    with acting_as_service():
        return Reversal.objects.filter(pk=posting_id).values_list("reversed_by", flat=True).first()
