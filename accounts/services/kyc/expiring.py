"""What nobody goes on with ends: drafts, and what was asked for again, after thirty days; a week before, we say so."""

from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit
from accounts.models import KycApplication
from accounts.services.kyc.disposal import forget_unsent
from accounts.services.kyc.moving import locked, move
from accounts.services.kyc.telling import tell
from core.actors import acting_as_service

NOTICE = timedelta(days=7)
_AT_ONCE = 500
State = KycApplication.State
WAITING = (State.DRAFT, State.MORE_NEEDED)


def expire_old(*, at: datetime) -> int:
    """End applications whose time is over and tell of those whose time is soon; return how many ended.

    Each in a transaction of its own, under its lock: a customer who saves at this moment keeps theirs.
    """
    for application_id in _due(until=at + NOTICE, reminded=False):
        _remind(application_id, at=at)
    return sum(_expire(application_id, at=at) for application_id in _due(until=at))


def _due(*, until: datetime, reminded: bool | None = None) -> list[UUID]:
    with acting_as_service():
        found = KycApplication.objects.filter(state__in=WAITING, expires_at__lte=until)
        if reminded is not None:
            found = found.filter(reminded_at__isnull=not reminded)
        return list(found.order_by("expires_at").values_list("pk", flat=True)[:_AT_ONCE])


def _remind(application_id: UUID, *, at: datetime) -> None:
    with acting_as_service():
        application = locked(application_id)
        soon = at < application.expires_at <= at + NOTICE
        if application.state in WAITING and soon and application.reminded_at is None:
            application.reminded_at = at
            application.save(update_fields=["reminded_at"])
            tell(application=application, event="kyc.expiring")


def _expire(application_id: UUID, *, at: datetime) -> bool:
    with acting_as_service():
        application = locked(application_id)
        if application.state not in WAITING or application.expires_at > at:
            return False
        move(application=application, to=State.EXPIRED, by=None, at=at, reason_code="too_long")
        forget_unsent(application=application, at=at)
        audit.record(action="kyc.application.expired", target=application)
        tell(application=application, event="kyc.expired")
    return True
