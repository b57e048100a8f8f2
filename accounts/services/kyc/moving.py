"""An application's way from state to state: the one place that takes a step, and writes it down."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.kyc.states import FOLLOWS
from accounts.models import KycApplication, KycStateChange, User
from core.errors import DomainError

# So long a draft that nobody touches, and what is asked for again, wait for the customer.
WAITS_FOR = timedelta(days=30)


class WrongState(DomainError):
    """`data["state"]` says where it stands."""

    code = "kyc_wrong_state"
    kind = "conflict"
    message = _("This application has moved on since. Look at how it stands now.")
    public = ("state",)


def locked(application_id: UUID) -> KycApplication:
    """Lock an application, for whoever will change it. Raises KycApplication.DoesNotExist."""
    return KycApplication.objects.select_for_update(of=("self",)).get(pk=application_id)


def move(
    *,
    application: KycApplication,
    to: str,
    by: User | None,
    at: datetime,
    reason_code: str = "",
    message: str = "",
) -> None:
    """Take the locked application a step on and save it; `by` None is a rule, `message` is for the customer.

    Raises WrongState.
    """
    before = application.state
    if to not in FOLLOWS[before]:
        raise WrongState(state=before)
    application.state, application.updated_at = to, at
    if to == KycApplication.State.MORE_NEEDED:
        application.expires_at, application.reminded_at = at + WAITS_FOR, None
    application.save()
    KycStateChange.objects.create(
        application=application,
        from_state=before,
        to_state=to,
        by=by,
        reason_code=reason_code,
        message=message,
        at=at,
    )
