"""How lately a way in changed: whoever changed it may be a thief, so what does great harm waits until it settled."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.ids import uuid7_at

SETTLES_IN = timedelta(hours=24)
# What the trail says of a new password, address or second factor, whoever made it.
CHANGES = (
    "accounts.password.changed",
    "accounts.password.reset",
    "accounts.email.changed",
    "accounts.factor.added",
    "accounts.factor.removed",
    "accounts.factor.removed_by_service",
    "accounts.user.factors_reset",
)
# What the service changes about people is mostly what its apps note of them; a password is named there.
BY_SERVICE = Q(action="accounts.user.changed_by_service", data__changed__contains=["password"])


def unsettled_until(*, user_id: UUID, at: datetime) -> datetime | None:
    """Return when the last change of a way in will have settled; None when none did change lately."""
    theirs = Q(actor_id=user_id) | Q(target_type=User._meta.label_lower, target_id=str(user_id))
    with acting_as_service():
        lately = AuditEvent.objects.filter(theirs, pk__gte=uuid7_at(at - SETTLES_IN))
        changes = lately.filter(Q(action__in=CHANGES) | BY_SERVICE)
        last = changes.order_by("-pk").values_list("recorded_at", flat=True).first()
    return last + SETTLES_IN if last and last + SETTLES_IN > at else None
