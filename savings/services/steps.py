"""A saving goes from state to state, and each step is written down."""

from datetime import datetime

from django.utils import timezone

from accounts import audit
from core.actors import current_actor
from savings import events
from savings.models import StateChange, UserSavings
from savings.refusals import StateRefused
from savings.services import coming
from savings.states import ENDED, Event, following


def step(saving: UserSavings, event: Event, *, at: datetime, reason: str = "") -> None:
    """Take one step, under the lock of the saving's position. Raises StateRefused where the event does not fit."""
    was, now = saving.state, following(saving.state, event)
    if now is None:
        raise StateRefused(state=was, event=str(event))
    saving.state = now
    saving.ended_at = at if now in ENDED else None
    saving.save(update_fields=["state", "ended_at"])
    actor = current_actor()
    StateChange.objects.create(
        saving=saving,
        was=was,
        now=now,
        event=event,
        reason=reason,
        on=timezone.localdate(at),
        actor_id=actor.user_id if actor else None,
    )
    audit.record(action=f"savings.saving.{event}", target=saving, was=was, now=now, reason=reason)
    events.changed(saving, event)
    if event in (Event.PAUSE, Event.FREEZE):
        coming.rest_all(saving, at=at)
    elif event in (Event.RESUME, Event.LIFT):
        coming.go_on_all(saving, at=at)
    elif event in (Event.MATURE, Event.BREAK) or now in ENDED:
        coming.end_all(saving, at=at)
