"""An application is opened to lenders, until a deadline."""

from datetime import datetime, timedelta

from credit import lender_events
from credit.models import Application
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State

OPEN_FOR = timedelta(days=7)


def list_application(
    application: Application, at: datetime, *, who: Actor = Actor.SYSTEM, reason: str = ""
) -> None:
    """Open a locked application that passed its score to lenders for seven days; an officer's is an override.

    Raises StateRefused, GuardUnmet.
    """
    holding = _found(application)
    if who is Actor.OFFICER and reason:
        holding.add(Guard.OVERRIDE_LOGGED)
    _open(application, at)
    step(application, Event.OPEN, who=who, at=at, holding=holding, reason=reason)
    lender_events.listed(application, at=at)


def list_again(application: Application, at: datetime, *, reason: str) -> None:
    """Open an accepted application again, once, whose lender's last check failed. Raises StateRefused, GuardUnmet."""
    holding = {Guard.MAY_LIST_AGAIN} if application.listings < 2 else {Guard.MAY_NOT_LIST_AGAIN}
    if reason:
        holding.add(Guard.REASONS_STORED)
    if application.listings < 2:
        _open(application, at)
    step(application, Event.FAIL_CHECK, who=Actor.PROVIDER, at=at, holding=holding, reason=reason)
    if application.state == State.LISTED:
        lender_events.listed(application, at=at)


def _open(application: Application, at: datetime) -> None:
    application.deadline = at + OPEN_FOR
    application.listings = min(application.listings + 1, 2)
    application.save(update_fields=["deadline", "listings"])


def _found(application: Application) -> set[Guard]:
    """What of it is really there."""
    found = set()
    if application.scores.exists():
        found.add(Guard.SCORED)
    if application.reports.filter(kind="SOFT", state="ANSWERED").exists():
        found.add(Guard.SOFT_SEARCHED)
    return found
