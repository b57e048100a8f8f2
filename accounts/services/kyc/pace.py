"""How often a day one person may do what costs us or tells something: counted in the audit trail, under their lock."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.errors import DomainError

DAY = timedelta(days=1)
NUMBER_ENTERED, NUMBER_REVEALED, DOCUMENT_SENT = (
    "kyc.number.entered",
    "kyc.number.revealed",
    "kyc.document.sent",
)
# Times in 24 hours.
LIMITS = {NUMBER_ENTERED: 5, NUMBER_REVEALED: 10, DOCUMENT_SENT: 50}


class TooOften(DomainError):
    code = "kyc_too_often"
    kind = "limited"
    message = _("You have done this too often today. Please come back tomorrow.")
    public = ("limit",)


def count(*, user: User, action: str, at: datetime, **data: str) -> None:
    """Count one more of these deeds. Raises TooOften. What comes of the deed does not undo the count."""
    with acting_as_service(on_behalf_of=user):
        User.objects.select_for_update().get(pk=user.pk)
        done = AuditEvent.objects.filter(actor_id=user.pk, action=action, recorded_at__gt=at - DAY)
        if done.count() >= LIMITS[action]:
            raise TooOften(limit=LIMITS[action])
        audit.record(action=action, target=user, actor_id=user.pk, **data)
