"""The demo world's people have been with us for a while, and so has their second step. Development only."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator

from accounts import totp
from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.ids import uuid7, uuid7_at

# Longer than what a way in that changed lately is held back for.
JOINED = timedelta(days=30)
NAME = "Authenticator app"


def set_up_long_ago(*, user: User, at: datetime) -> None:
    """Give somebody an authenticator app, and the trail its line, as if that were weeks ago; unless they have one.

    So the rule that holds back whoever set it up just now finds nothing: it is as strict here as everywhere.
    """
    then = at - JOINED
    with acting_as_service():
        if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
            return
        identity = uuid7()
        secret = totp.seal(totp.new_secret(), user_id=user.pk)
        data = {"id": str(identity), "name": NAME, "secret": secret, "step": 0}
        row = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
        event = AuditEvent(
            id=UUID(int=uuid7_at(then).int | (uuid7().int & ((1 << 62) - 1))),
            action="accounts.factor.added",
            actor_id=user.pk,
            target_type=row._meta.label_lower,
            target_id=str(row.pk),
            data={"kind": str(Authenticator.Type.TOTP), "factor": str(identity)},
            recorded_at=then,
        )
        # As it stands: the trail's own clock would say that it was now.
        event.save_base(raw=True, force_insert=True)
