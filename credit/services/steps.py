"""An application, and the loan it becomes, goes from state to state, and each step is written down."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts import audit
from core.actors import current_actor, current_origin
from credit import events
from credit.models import Application, StatusChange
from credit.states import ENDED, Actor, Event, Guard, State, following


def step(
    application: Application,
    event: Event,
    *,
    who: Actor,
    at: datetime,
    holding: Collection[Guard] = (),
    reason: str = "",
    **facts: Any,
) -> State:
    """Take one step under the application's lock, given what was found to hold, and return the state it leads to.

    `facts` go into the audit trail. Raises StateRefused, ActorRefused, GuardUnmet.
    """
    was = application.state
    now = following(was, event, who=who, holding=holding)
    application.state = now
    application.changed_at = at
    application.ended_at = at if now in ENDED or now == State.CLOSED_MET else None
    application.save(update_fields=["state", "changed_at", "ended_at"])
    actor = current_actor()
    StatusChange.objects.create(
        application=application,
        was=was,
        now=now,
        event=event,
        who=who,
        reason=reason[:300],
        on=timezone.localdate(at),
        actor_id=actor.user_id if actor else None,
        request_id=current_origin().request_id,
    )
    audit.record(action=f"credit.{event}", target=application, was=was, now=now, reason=reason, **facts)
    events.stepped(application, event)
    return now


def step_many(
    applications: Sequence[Application],
    event: Event,
    *,
    who: Actor,
    at: datetime,
    holding: Collection[Guard] = (),
) -> None:
    """Take the same step with many under their locks, in as many queries as with one. Each was in the same state.

    Raises as `step`; ValueError where they are in several states.
    """
    if not applications:
        return
    [was] = {application.state for application in applications}
    now = following(was, event, who=who, holding=holding)
    ended_at = at if now in ENDED or now == State.CLOSED_MET else None
    facts = {"state": now, "changed_at": at, "ended_at": ended_at}
    Application.objects.filter(pk__in=[application.pk for application in applications]).update(**facts)
    for application in applications:
        application.state, application.changed_at, application.ended_at = now, at, ended_at
    actor, origin = current_actor(), current_origin()
    StatusChange.objects.bulk_create(
        StatusChange(
            application=application,
            was=was,
            now=now,
            event=event,
            who=who,
            on=timezone.localdate(at),
            actor_id=actor.user_id if actor else None,
            request_id=origin.request_id,
        )
        for application in applications
    )
    audit.record_each(
        action=f"credit.{event}",
        targets=[(application, {"was": was, "now": now, "reason": ""}) for application in applications],
    )
    events.stepped_many(applications, event)
