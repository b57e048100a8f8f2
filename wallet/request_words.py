"""What people are told of money that they ask of one another."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts.models import Channel
from accounts.notice_kinds import Kind
from accounts.notice_words import Said

REQUESTS = "REQUESTS"
_SAID: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "request.received": (
        _("%(name)s asks you for money"),
        _("Somebody asks you for money"),
        "hand-coins",
    ),
    "request.reminded": (
        _("%(name)s reminds you of a request"),
        _("Somebody reminds you of a request for money"),
        "hand-coins",
    ),
    "request.paid": (_("%(name)s paid what you asked for"), _("A request of yours was paid"), "circle-check"),
    "request.declined": (
        _("%(name)s declined your request"),
        _("A request of yours was declined"),
        "circle-x",
    ),
    "request.expired": (
        _("Your request to %(name)s has expired"),
        _("A request of yours has expired"),
        "clock",
    ),
}


def register() -> None:
    notice_kinds.register(
        Kind(
            REQUESTS,
            _("Requests for money"),
            _("When somebody asks you, and what became of what you asked for."),
            "hand-coins",
            ("request.",),
            frozenset({Channel.IN_APP, Channel.EMAIL, Channel.PUSH}),
        )
    )
    notice_words.register(_said, *_SAID)


def _said(event: str, data: Mapping[str, Any]) -> Said:
    """No amount as money moved: what was paid is told by the transfer."""
    title, outside, icon = _SAID[event]
    return Said(
        title=title % {"name": data.get("name") or _("Someone")},
        icon=icon,
        href=reverse("request", args=[data["request"]]),
        outside=outside,
        note=data.get("words") or data.get("note", ""),
    )
