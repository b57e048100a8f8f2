"""What savers are told of their savings, and its words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts import services as accounts
from accounts.models import Channel, Notification, Profile, User
from accounts.notice_kinds import Kind
from accounts.notice_words import Said
from core.templatetags.money import money
from savings.models import SavingsGroup, UserSavings

SAVINGS = "SAVINGS"

_ENDINGS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "saving.paid_out": (
        _("%(name)s has come to its end: it is in your wallet"),
        _("A saving of yours has come to its end"),
        "piggy-bank",
    ),
    "saving.rolled_over": (
        _("%(name)s has come to its end and is saved again"),
        _("A saving of yours is saved again"),
        "refresh-cw",
    ),
    "saving.matured": (
        _("%(name)s has come to its end, and could not be paid out yet"),
        _("A saving of yours has come to its end"),
        "circle-alert",
    ),
    "saving.ended": (
        _("You ended %(name)s: it is in your wallet"),
        _("A saving of yours was ended"),
        "piggy-bank",
    ),
}
_AUTOMATIC: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "saving.waiting": (
        _("Nothing could be saved in %(name)s yet. We try again on %(again)s."),
        _("Automatic saving waits: we try again"),
        "clock",
    ),
    "saving.skipped": (
        _("%(day)s was skipped in %(name)s"),
        _("A day of automatic saving was skipped"),
        "calendar-x",
    ),
    "saving.paused_itself": (
        _("%(name)s is paused: nothing could be saved three times in a row"),
        _("Automatic saving is paused"),
        "pause",
    ),
}


def register() -> None:
    notice_kinds.register(
        Kind(
            SAVINGS,
            _("Savings"),
            _("Savings that end, and what could not be saved by itself."),
            "piggy-bank",
            ("saving.",),
            frozenset({Channel.IN_APP, Channel.EMAIL, Channel.PUSH}),
        )
    )
    notice_words.register(_ending, *_ENDINGS)
    notice_words.register(_automatic, *_AUTOMATIC)
    notice_words.register(_group, "saving.group_joined")


def tell(saving: UserSavings, event: str, **facts: Any) -> None:
    """Tell a saving's owner, in the running transaction. Amounts are minor units (kobo)."""
    data = {"saving": str(saving.pk), "name": saving.name, "currency": saving.plan.currency_id, **facts}
    accounts.notify(notices=[Notification(user_id=saving.user_id, event=event, data=data)])


def joined(group: SavingsGroup, user: User) -> None:
    """Tell whoever made a group that somebody saves in it now, in the running transaction."""
    name = Profile.objects.filter(user=user).values_list("display_name", flat=True).first() or ""
    data = {"name": name, "group": str(group.pk), "group_name": group.name}
    notice = Notification(user_id=group.organiser_id, event="saving.group_joined", data=data)
    accounts.notify(notices=[notice])


def _ending(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _ENDINGS[event]
    came = event in ("saving.paid_out", "saving.ended")
    return Said(
        title=title % data,
        icon=icon,
        href=reverse("saving", args=[data.get("into") or data["saving"]]),
        outside=outside,
        note=data.get("reason", ""),
        amount=data.get("amount"),
        currency=data["currency"],
        direction="in" if came and data["amount"] else "",
    )


def _automatic(event: str, data: Mapping[str, Any]) -> Said:
    """No amount as money moved: nothing did."""
    title, outside, icon = _AUTOMATIC[event]
    words = {name: _day(data[name]) for name in ("day", "again") if name in data}
    note = data["reason"]
    if data.get("next_amount") is not None and event == "saving.skipped":
        each = money(data["next_amount"], data["currency"])
        note = f"{note} {gettext('From now on it is %(each)s each time.') % {'each': each}}"
    return Said(
        title=title % {"name": data["name"], **words},
        icon=icon,
        href=reverse("saving_automatic", args=[data["saving"]]),
        outside=outside,
        note=note,
    )


def _group(event: str, data: Mapping[str, Any]) -> Said:
    return Said(
        title=_("%(name)s saves in %(group_name)s now") % data,
        icon="users",
        href=reverse("savings_group", args=[data["group"]]),
        outside=_("Somebody joined a savings group of yours"),
    )


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j F")
