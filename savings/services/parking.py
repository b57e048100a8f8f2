"""A saving that could not be closed, looked at by staff: its cause mended, its days are closed again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from savings.models import Position, UserSavings
from savings.refusals import SavingNotFound
from savings.services.closing import retry_parked


class NotParked(DomainError):
    code = "saving_not_parked"
    kind = "conflict"
    message = _("This saving is not parked: its days are closed as all others are.")


def close_again(*, saving_id: UUID, reason: str, at: datetime) -> bool:
    """Close the days of a parked saving up to yesterday, and return whether that went well.

    Where it did not, it is parked again with what is in the way now. Raises SavingNotFound, NotParked.
    """
    with acting_as_service(), transaction.atomic():
        position = Position.objects.select_for_update(no_key=True).filter(pk=saving_id).first()
        if position is None:
            raise SavingNotFound
        if position.parked_at is None:
            raise NotParked
        was = position.error
        done = retry_parked(saving_id=saving_id, until=timezone.localdate(at))
        audit.record(
            action="savings.saving.closed_again",
            target=UserSavings(pk=saving_id),
            reason=reason,
            error=was,
            done=done,
        )
    return done
