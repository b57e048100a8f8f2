"""A person's own log-ins and security events, in words they know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from core.actors import acting_as_service

PAGE = 25
GOOD, BAD, INFO, WARN = "success", "error", "info", "pending"


_CHANGED, _DONE = _("Changed"), _("Done")


@dataclass(frozen=True)
class Words:
    """What a deed is called, its icon, how it went, and whether "this was not me" can be said of it."""

    title: str | Promise
    icon: str
    tone: str = INFO
    result: str | Promise = _CHANGED
    disputable: bool = True


WORDS: dict[str, Words] = {
    "accounts.session.started": Words(_("Log-in"), "log-in", GOOD, _("Let in")),
    "accounts.session.proven": Words(_("Second step given"), "shield-check", GOOD, _("Correct")),
    "accounts.session.ended": Words(_("Logged out"), "log-out", INFO, _("Ended"), disputable=False),
    "accounts.sign_in.refused": Words(_("Log-in refused"), "circle-x", BAD, _("Refused")),
    "accounts.password.changed": Words(_("Password changed"), "key-round"),
    "accounts.password.reset": Words(_("Password replaced by a mailed link"), "key-round"),
    "accounts.email.added": Words(_("E-mail address added"), "mail", INFO, _("Added")),
    "accounts.email.removed": Words(_("E-mail address removed"), "mail", INFO, _("Removed")),
    "accounts.email.changed": Words(_("Main e-mail address changed"), "mail"),
    "accounts.factor.added": Words(_("Second step set up"), "shield-check", GOOD, _("On")),
    "accounts.factor.removed": Words(_("Second step taken off"), "shield-off", WARN, _("Off")),
    "accounts.recovery_codes.made": Words(_("Recovery codes made"), "life-buoy", INFO, _DONE),
    "accounts.identity.linked": Words(_("Account of another service linked"), "link", INFO, _("Linked")),
    "accounts.identity.unlinked": Words(
        _("Account of another service removed"), "unlink", INFO, _("Removed")
    ),
    "accounts.app.let_in": Words(_("App connected"), "plug", INFO, _("Allowed")),
    "accounts.app.shut_out": Words(_("App disconnected"), "unplug", INFO, _("Removed")),
    "accounts.api_key.made": Words(_("API key made"), "key", INFO, _DONE),
    "accounts.api_key.rolled": Words(_("API key replaced by a new one"), "key", INFO, _DONE),
    "accounts.refresh_token.reused": Words(
        _("An app's log-in was used twice and ended"), "shield-alert", WARN, _("Ended")
    ),
    "accounts.api_key.revoked": Words(_("API key revoked"), "key", INFO, _DONE),
    "accounts.data.exported": Words(_("Your data downloaded"), "download", INFO, _DONE),
    "accounts.user.registered": Words(_("Account opened"), "user-plus", GOOD, _DONE, disputable=False),
    "accounts.user.reported": Words(
        _("You told us that something was not you"), "shield-alert", WARN, _("Locked"), disputable=False
    ),
    "accounts.user.unlocked": Words(_("You unlocked your money"), "lock-open", GOOD, _("Unlocked")),
    "accounts.user.frozen": Words(_("Your account was frozen"), "lock", WARN, _("Frozen"), disputable=False),
    "accounts.user.unfrozen": Words(
        _("Unlocked by our staff"), "lock-open", GOOD, _("Unlocked"), disputable=False
    ),
    "accounts.user.restricted": Words(
        _("Your account was restricted"), "lock", WARN, _("Restricted"), disputable=False
    ),
    "accounts.user.unrestricted": Words(
        _("A restriction of your account was lifted"), "lock-open", GOOD, _("Lifted"), disputable=False
    ),
    "accounts.user.sessions_ended": Words(
        _("Logged out everywhere by our staff"), "log-out", INFO, _DONE, disputable=False
    ),
    "accounts.factor_reset.asked": Words(
        _("Our staff were asked to take off your second step"), "shield-alert", WARN, _("Waiting")
    ),
    "accounts.user.factors_reset": Words(
        _("Second step taken off by our staff"), "shield-off", WARN, _("Off")
    ),
}


# Deeds of staff, told to whom they were done to.
BY_STAFF = (
    "accounts.factor_reset.asked",
    *(f"accounts.user.{event}" for event in ("frozen", "unfrozen", "restricted", "unrestricted")),
    *(f"accounts.user.{event}" for event in ("sessions_ended", "factors_reset")),
)


@dataclass(frozen=True)
class Event:
    """One line of the history."""

    id: UUID
    words: Words
    at: datetime
    address: str
    user_agent: str
    by_person: bool


@dataclass(frozen=True)
class Page:
    events: Sequence[Event]
    newer: UUID | None
    older: UUID | None


def page_of(*, user: User, before: UUID | None = None, after: UUID | None = None) -> Page:
    """One page of a person's history, newest first: what they did, and what was done to their account."""
    with acting_as_service():
        events = _of(user)
        if after:
            found = list(events.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
            rows, more_newer, more_older = found[:PAGE][::-1], len(found) > PAGE, True
        else:
            events = events.filter(pk__lt=before) if before else events
            found = list(events.order_by("-pk")[: PAGE + 1])
            rows, more_newer, more_older = found[:PAGE], before is not None, len(found) > PAGE
    return Page(
        [_event(row, user) for row in rows],
        rows[0].pk if rows and more_newer else None,
        rows[-1].pk if rows and more_older else None,
    )


def event_of(*, user: User, event_id: UUID) -> Event | None:
    """The person's own event of this id that they can dispute."""
    with acting_as_service():
        row = _of(user).filter(pk=event_id).first()
    event = _event(row, user) if row else None
    return event if event and event.words.disputable else None


def _of(user: User) -> QuerySet[AuditEvent]:
    """What a person did to their own account, and what was done to it; not what they did to others', as staff."""
    to_them = Q(target_type=User._meta.label_lower, target_id=str(user.pk))
    own = Q(actor_id=user.pk) & ~Q(action__in=BY_STAFF)
    to_their_session = ~Q(data__has_key="owner") | Q(data__owner=str(user.pk))
    return AuditEvent.objects.filter((own & to_their_session) | to_them, action__in=list(WORDS))


def _event(row: AuditEvent, user: User) -> Event:
    """Of what staff did, neither who nor from where is told."""
    own = row.actor_id == user.pk
    return Event(
        id=row.pk,
        words=WORDS[row.action],
        at=row.recorded_at,
        address=(row.ip or "") if own else "",
        user_agent=row.user_agent if own else "",
        by_person=own,
    )
