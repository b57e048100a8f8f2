"""Whether a posting was taken back."""

from uuid import UUID

from core.actors import acting_as_service
from wallet.models import Reversal


def reversed_by(*, posting_id: UUID) -> UUID | None:
    """Return the posting that took this one back, None when it stands. The caller knows that it is theirs."""
    with acting_as_service():
        return Reversal.objects.filter(pk=posting_id).values_list("reversed_by", flat=True).first()
