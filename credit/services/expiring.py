"""What is over ends: offers past their time, and applications that nobody was chosen for, or answered for, in time."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.actors import acting_as_service
from credit.models import AdverseAction, Application, Bid
from credit.notices import offers as notices
from credit.services.adverse import declare_adverse
from credit.services.ending_bids import State, end_all, end_bids, lock_live
from credit.services.locking import lock_application
from credit.services.steps import step
from credit.states import Actor, Event, Guard
from credit.states import State as Stage

ON_MARKET = (Stage.LISTED, Stage.OFFERED)
HAS_DEADLINE = (*ON_MARKET, Stage.INCOMPLETE)


def overdue(*, at: datetime, limit: int = 500) -> list[UUID]:
    """Return applications whose deadline has passed, the longest ago first."""
    with acting_as_service():
        found = Application.objects.filter(state__in=HAS_DEADLINE, deadline__lte=at)
        return list(found.order_by("deadline", "pk").values_list("pk", flat=True)[:limit])


def expire_application(*, application_id: UUID, at: datetime) -> bool:
    """End an application whose deadline has passed, with its offers, and tell everybody; whether this call did.

    The very moment of the deadline is too late. Raises ApplicationNotFound.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id)
        is_open = application.state in HAS_DEADLINE
        if not is_open or application.deadline is None or at < application.deadline:
            return False
        if application.state == Stage.INCOMPLETE:
            _refuse_unanswered(application, at)
        else:
            stood = end_all(application, at=at)
            notices.tell_applicants([application], "loan.listing_expired")
            notices.tell_lenders(stood, "loan.offer_not_chosen")
        holding = [Guard.PAST_DEADLINE, Guard.NOTICE_QUEUED]
        step(application, Event.EXPIRE, who=Actor.SYSTEM, at=at, holding=holding)
    return True


def _refuse_unanswered(application: Application, at: datetime) -> None:
    """Whoever did not answer is told so in writing, with what was asked."""
    asked = application.questions.filter(answered_at=None).order_by("pk").values_list("text", flat=True)
    reasons = [
        _("We asked: “%(question)s”, and had no answer in time.") % {"question": text} for text in asked
    ]
    declare_adverse(
        application,
        kind=AdverseAction.Kind.INCOMPLETE,
        reasons=reasons or [_("We asked for more, and had no answer in time.")],
        at=at,
    )


def with_bids_over(*, at: datetime, limit: int = 500) -> list[UUID]:
    """Return applications with offers to end: past their time, or of an application that takes none any more."""
    with acting_as_service():
        over = Bid.objects.filter(state=State.LIVE).filter(
            Q(expires_at__lte=at) | ~Q(application__state__in=ON_MARKET)
        )
        return list(over.order_by("application").values_list("application", flat=True).distinct()[:limit])


def expire_bids(*, application_id: UUID, at: datetime) -> int:
    """End the offers of an application that are over, and return how many. Raises ApplicationNotFound."""
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id)
        if application.state not in ON_MARKET:
            return len(end_all(application, at=at))
        over = [bid for bid in lock_live(application) if bid.expires_at <= at]
        end_bids(over, state=State.EXPIRED, at=at)
    return len(over)
