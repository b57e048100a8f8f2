"""What whoever proposed something is told when that is decided, and its words."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import approvals, notice_kinds, notice_words
from accounts.models import Channel
from accounts.notice_kinds import Kind
from accounts.notice_words import Said

APPROVALS = "APPROVALS"
_SAID: dict[str, tuple[str | Promise, str]] = {
    "approval.applied": (_("Your proposal was approved: %(what)s"), "badge-check"),
    "approval.rejected": (_("Your proposal was not approved: %(what)s"), "circle-x"),
    "approval.expired": (_("Nobody decided on your proposal in time: %(what)s"), "clock"),
    "approval.stale": (
        _("Your proposal was overtaken: %(what)s. What it is about has changed."),
        "clock-alert",
    ),
}
EVENTS = frozenset(_SAID)


def register() -> None:
    notice_kinds.register(
        Kind(
            APPROVALS,
            _("Your proposals"),
            _("What became of what you proposed."),
            "stamp",
            ("approval.",),
            frozenset({Channel.IN_APP, Channel.EMAIL}),
            for_staff=True,
        )
    )
    notice_words.register(_said, *_SAID)


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _SAID[event]
    return Said(
        title=title % {"what": approvals.action_of(data["action"]).label},
        icon=icon,
        href=reverse("admin:accounts_approval_change", args=[data["approval"]]),
        outside=_("A proposal of yours was decided"),
        note=data.get("reason", ""),
    )
