"""Telling every process that holds sockets what its sockets must know: through the outbox, so that it is not lost."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core import audit
from core.actors import acting_as_service
from core.errors import DomainError
from realtime.models import Subscription
from realtime.services.publishing import publish

# Topics that begin so are ours alone: nobody can join them.
INTERNAL = "$"
SOCKETS = "$sockets"
SESSION_ENDED, SUBSCRIPTION_ENDED = "session.ended", "subscription.ended"
RIGHTS_CHANGED = "rights.changed"
# In one message: far below what a message holds.
_AT_ONCE = 1_000


class SubscriptionNotFound(DomainError):
    code = "subscription_not_found"
    kind = "not_found"
    message = _("This subscription has ended.")


def end_sessions(*, ids: Collection[UUID]) -> None:
    """Close the sockets of these sign-ins (claim `session_id`) when the running transaction has committed."""
    told = [str(id) for id in ids]
    for start in range(0, len(told), _AT_ONCE):
        _tell(SESSION_ENDED, sessions=told[start : start + _AT_ONCE])


def recheck(*, user_id: UUID) -> None:
    """Ask anew what this person may read and send on private topics, wherever they listen."""
    _tell(RIGHTS_CHANGED, user=str(user_id))


def end_subscription(*, id: UUID, reason: str) -> None:
    """Have somebody's channel closed, for staff. Raises SubscriptionNotFound."""
    with acting_as_service():
        subscription = Subscription.objects.filter(pk=id).first()
        if subscription is None:
            raise SubscriptionNotFound
        owner = str(subscription.user_id) if subscription.user_id else None
        audit.record(
            action="realtime.subscription.ended",
            target=subscription,
            topic=subscription.topic,
            owner=owner,
            reason=reason,
        )
        _tell(SUBSCRIPTION_ENDED, id=str(id))


def _tell(event: str, **facts: object) -> None:
    publish(topic=SOCKETS, event=event, payload=facts)
