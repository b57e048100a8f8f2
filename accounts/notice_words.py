"""The words for what people are told. Apps above add theirs when they are loaded (`AppConfig.ready`)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import status_words
from accounts.models import Notification
from accounts.notice_kinds import Kind, kind_of

Words = str | Promise

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """An event in words. `amount` in minor units, `direction` as the customer sees it.

    `outside` is said where others may read along: mails, texts, the locked screen of a phone. It names nobody and no
    amount, and holds nothing that another person wrote.
    """

    title: Words
    icon: str
    href: str
    outside: Words
    note: str = ""
    amount: int | None = None
    currency: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Notice:
    """A notice as pages show it; `href` leads to what it tells of."""

    id: UUID
    said: Said
    kind: Kind
    at: datetime
    is_unread: bool

    @property
    def href(self) -> str:
        """Where its line leads: an unread one is marked as read on the way."""
        return reverse("notice_open", args=[self.id]) if self.is_unread else self.said.href


# Puts an event and its data into words. What it raises over data that it does not know makes a plain sentence.
Teller = Callable[[str, Mapping[str, Any]], Said]
_tellers: dict[str, Teller] = {}
_with_letters: set[str] = set()


def register(tell: Teller, *events: str, letter: bool = False) -> None:
    """Have `tell` say these events. `letter`: whoever tells of them writes a letter too, so no mail is made of them."""
    _tellers.update(dict.fromkeys(events, tell))
    if letter:
        _with_letters.update(events)


def has_letter(event: str) -> bool:
    return event in _with_letters


def said(notification: Notification) -> Said:
    """Put a notice into words. One of an unknown event, or whose data is not as it should be, gets a plain line."""
    tell = _tellers.get(notification.event)
    if tell is None:
        return plain()
    try:
        return tell(notification.event, notification.data)
    except (KeyError, TypeError, ValueError, AttributeError, NoReverseMatch):
        logger.exception("notice %s (%s) has no words", notification.pk, notification.event)
        return plain()


def notice(notification: Notification) -> Notice:
    return Notice(
        id=notification.pk,
        said=said(notification),
        kind=kind_of(notification.event),
        at=notification.created_at,
        is_unread=notification.read_at is None,
    )


def plain() -> Said:
    words = _("There is news about your account")
    return Said(words, "bell", reverse("notices"), words)


_SECURITY: dict[str, tuple[Words, str]] = {
    "security.reported": (_("Your account was locked because you asked for it"), "lock"),
    "security.frozen": (_("Our staff locked your money"), "lock"),
    "security.unfrozen": (_("Our staff unlocked your money"), "lock-open"),
    "security.sessions_ended": (_("Our staff logged you out everywhere"), "log-out"),
    "security.factor_reset_asked": (_("Our staff were asked to take off your second step"), "shield-alert"),
    "security.factors_reset": (_("Our staff took off your second step"), "shield-off"),
}
_ORGANIZATIONS: dict[str, tuple[Words, Words]] = {
    "organization.joined": (
        _("%(name)s joined %(organization)s"),
        _("Somebody joined an organisation of yours"),
    ),
    "organization.left": (_("%(name)s left %(organization)s"), _("Somebody left an organisation of yours")),
    "organization.role_changed": (
        _("Your role in %(organization)s has changed"),
        _("Your role in an organisation has changed"),
    ),
    "organization.removed": (
        _("You no longer belong to %(organization)s"),
        _("You no longer belong to an organisation"),
    ),
    "webhook.disabled": (
        _("A webhook endpoint of %(organization)s is disabled: %(url)s"),
        _("A webhook endpoint of an organisation of yours is disabled"),
    ),
}


def _security(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _SECURITY[event]
    return Said(title, icon, reverse("security_history"), title)


def _organization(event: str, data: Mapping[str, Any]) -> Said:
    title, outside = _ORGANIZATIONS[event]
    gone = event == "organization.removed"
    href = reverse("organizations") if gone else reverse("organization", args=[data["slug"]])
    return Said(title % data, "building-2", href, outside)


def _status(event: str, data: Mapping[str, Any]) -> Said:
    """A status that changed; a notice of the days before there was more than one has nothing but its event."""
    if "status" not in data:
        return _security(event, data)
    title = status_words.title(data["status"])
    until = datetime.fromisoformat(data["until"]) if data.get("until") else None
    told = status_words.told(status=data["status"], reason_shown=data["reason"], until=until)
    return Said(title, "lock", reverse("security"), title, note=f"{told.why} {told.do}".strip())


register(_security, *_SECURITY, letter=True)
register(_status, "security.frozen", "security.restricted", "security.unrestricted", letter=True)
register(_organization, "organization.joined", "organization.left")
register(_organization, "organization.role_changed", "organization.removed", "webhook.disabled", letter=True)
