"""Telling an applicant that they were refused, with the reasons, within 30 days of a complete application.

That a notice is due commits with the refusal itself; it is sent at once, and by a task that finds what was not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from credit.card_data import card_of
from credit.decisions import replay
from credit.models import AdverseAction, Application, CreditScore
from credit.reasons import MOST, factors_below

WITHIN = timedelta(days=30)
NEAR = timedelta(days=5)
FREE_REPORT = timedelta(days=60)
AT_ONCE = 200
Kind = AdverseAction.Kind


def declare_adverse(
    application: Application,
    *,
    kind: str,
    reasons: Sequence[str],
    at: datetime,
    score: CreditScore | None = None,
    bureaux: Sequence[dict[str, Any]] = (),
) -> AdverseAction:
    """Write down, with the refusal, that its applicant must be told: `reasons` are sentences, never codes.

    `bureaux` says which reports counted: bureau, name, and day of each. Raises ValueError without a reason.
    """
    if not reasons:
        raise ValueError("a refusal has a reason")
    made = AdverseAction.objects.create(
        application=application,
        kind=kind,
        score=score,
        reasons=list(reasons),
        bureaux=list(bureaux),
        due_at=(application.complete_at or at) + WITHIN,
    )
    audit.record(action="credit.adverse.declared", target=made, kind=kind, application=str(application.pk))
    return made


def unsent() -> QuerySet[AdverseAction]:
    """What nobody was told of yet, what is due first, first."""
    return AdverseAction.objects.filter(sent_at=None).order_by("due_at", "id")


def nearing(*, at: datetime) -> QuerySet[AdverseAction]:
    """What is due within five days, or overdue, and was not sent."""
    return unsent().filter(due_at__lte=at + NEAR)


def send_adverse(*, action_id: UUID, at: datetime) -> bool:
    """Send one notice; return whether it was this call that did."""
    with acting_as_service():
        waiting = AdverseAction.objects.select_for_update(skip_locked=True, of=("self",))
        action = (
            waiting.filter(pk=action_id, sent_at=None)
            .select_related("application", "score", "score__card")
            .first()
        )
        if action is None:
            return False
        action.sent_at = at
        action.save(update_fields=["sent_at"])
        application = action.application
        notice = Notification(
            user_id=application.user_id, event="loan.refused", data=_facts(action, application, at)
        )
        accounts.notify(notices=[notice])
        audit.record(action="credit.adverse.sent", target=action, late=at > action.due_at)
        return True


def send_all_adverse(*, at: datetime) -> int:
    """Send what is unsent, `AT_ONCE` at most; return how many."""
    with acting_as_service():
        waiting = list(unsent().values_list("pk", flat=True)[:AT_ONCE])
    return sum(send_adverse(action_id=key, at=at) for key in waiting)


def _facts(action: AdverseAction, application: Application, at: datetime) -> dict[str, Any]:
    return refusal_facts(
        application,
        kind=action.kind,
        reasons=action.reasons,
        bureaux=action.bureaux,
        score=action.score,
        at=at,
    )


def refusal_facts(
    application: Application,
    *,
    kind: str,
    reasons: Sequence[str],
    bureaux: Sequence[dict[str, Any]],
    score: CreditScore | None,
    at: datetime,
) -> dict[str, Any]:
    """Return what the notice of a refusal is made from; its words are in `credit/notices/scoring.py`."""
    facts: dict[str, Any] = {
        "application": str(application.pk),
        "kind": str(kind),
        "reasons": list(reasons),
        "bureaux": [one["name"] for one in bureaux],
        "free_report_until": timezone.localdate(at + FREE_REPORT).isoformat() if bureaux else None,
    }
    return facts | (_of_score(score) if score is not None else {})


def _of_score(score: CreditScore) -> dict[str, Any]:
    """The score, its day, what a score can be, and what weighed most against it."""
    card = card_of(score.card.card)
    below = factors_below(replay(score.record, card).score)[:MOST]
    points = [[one.points for one in each.bins] for each in card.characteristics]
    return {
        "score": score.score,
        "scored_on": timezone.localdate(score.made_at).isoformat(),
        "lowest": int(sum(map(min, points))),
        "highest": int(sum(map(max, points))),
        "factors": [f"{hit.characteristic.label}: {hit.bin.words}" for hit in below],
    }
