"""Taking a posting back, and whether it was."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.actors import acting_as_service
from wallet.models import Reversal
from wallet.services import posting, referral_bonuses


def reverse(*, posting_id: UUID, reverses: UUID, description: str = "") -> posting.Posting:
    """Mirror a whole posting, once, and take back the bonuses that were given for it.

    Raises AlreadyReversed, PostingNotFound, or why the money cannot go back.
    """
    with transaction.atomic():
        done = posting.reverse(posting_id=posting_id, reverses=reverses, description=description)
        if not done.replayed:
            referral_bonuses.posting_reversed(reference=reverses, at=timezone.now())
    return done


def reversed_by(*, posting_id: UUID) -> UUID | None:
    """Return the posting that took this one back, None when it stands. The caller knows that it is theirs."""
    with acting_as_service():
        return Reversal.objects.filter(pk=posting_id).values_list("reversed_by", flat=True).first()
