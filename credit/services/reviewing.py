"""A person asks that a person looks at what was decided about them."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Case
from credit.services.cases import open_case
from credit.services.locking import lock_application
from credit.states import State

SHORTEST, LONGEST = 10, 1000


class ReviewRefused(DomainError):
    code = "credit_review_refused"
    kind = "conflict"
    message = _("A review is asked for once an application was declined, and once each time.")
    public = ("state",)


class ReviewUnclear(DomainError):
    code = "credit_review_unclear"
    message = _("Say what we should look at again, in 10 to 1,000 letters.")


def ask_for_review(*, application_id: UUID, user: User, text: str, at: datetime) -> Case:
    """Open a review of a declined application, at its owner's wish; it is decided within 14 days.

    Raises ApplicationNotFound, ReviewRefused, ReviewUnclear.
    """
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise ReviewUnclear
    with acting_as_service(on_behalf_of=user):
        application = lock_application(application_id, user_id=user.pk)
        reviews = application.cases.filter(kind=Case.Kind.REVIEW)
        declined = application.changes.filter(now=State.DECLINED).order_by("-id").first()
        if (
            application.state != State.DECLINED
            or declined is None
            or reviews.filter(opened_at__gte=declined.made_at).exists()
        ):
            raise ReviewRefused(state=application.state)
        return open_case(application, Case.Kind.REVIEW, at=at, text=text)
