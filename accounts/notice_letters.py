"""What is sent of a notice: that there is one, and where to read it. Who and how much stays on our pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import letters, unsubscribing
from accounts.channels import Message
from accounts.models import Channel, Notification, NotificationDelivery
from accounts.notice_kinds import kind_of
from accounts.notice_words import said
from accounts.unsubscribing import ALL, Wish


@dataclass(frozen=True)
class Parcel:
    """A delivery, and where it goes to."""

    delivery: NotificationDelivery
    to: str


def compose(parcels: Sequence[Parcel]) -> Message:
    """Make one message of what goes to one person by one channel: several are a daily mail."""
    first = parcels[0]
    if first.delivery.channel != Channel.EMAIL:
        return _short(first)
    notices = [parcel.delivery.notification for parcel in parcels]
    if first.delivery.digest_at is None:
        words = said(notices[0])
        return _mail(
            first, first.delivery.pk, str(words.outside), "notice", kind_of(notices[0].event).code, notices
        )
    # A second mail that gathers others, because they came late, must not pass for a repeat of the first.
    keys = ".".join(sorted(parcel.delivery.pk.hex for parcel in parcels))
    subject = ngettext("%(many)d notice for you", "%(many)d notices for you", len(notices)) % {
        "many": len(notices)
    }
    return _mail(first, uuid5(first.delivery.user_id, keys), subject, "digest", ALL, notices)


def _mail(
    parcel: Parcel, id: UUID, subject: str, template: str, kind: str, notices: list[Notification]
) -> Message:
    wish = Wish(parcel.delivery.user_id, kind, parcel.delivery.channel)
    locked = kind != ALL and kind_of(notices[0].event).is_locked(Channel.EMAIL)
    unsubscribe = "" if locked else unsubscribing.link(wish)
    context = {
        "subject": subject,
        "notices": [_line(notice) for notice in notices],
        "unsubscribe_url": unsubscribe,
        "preferences_url": letters.page("notice_preferences"),
    }
    return Message(
        id=id,
        channel=parcel.delivery.channel,
        to=parcel.to,
        subject=subject,
        text=render_to_string(f"notices/mail/{template}_message.txt", context),
        html=render_to_string(f"notices/mail/{template}_message.html", context),
        headers=_headers(unsubscribe),
    )


def _headers(unsubscribe: str) -> dict[str, str]:
    """RFC 8058: a mail program may offer to unsubscribe by one click, which it does with a POST."""
    if not unsubscribe:
        return {}
    return {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _line(notice: Notification) -> dict[str, Any]:
    words = said(notice)
    return {
        "words": words.outside,
        "kind": kind_of(notice.event).title,
        "at": notice.created_at,
        "url": letters.page("notice_open", notice.pk),
    }


def _short(parcel: Parcel) -> Message:
    """A text holds no link: people are told never to follow one in a text that says it is from their bank."""
    delivery = parcel.delivery
    words = said(delivery.notification).outside
    is_push = delivery.channel == Channel.PUSH
    text = (
        str(words)
        if is_push
        else _("Alajo: %(words)s. Log in as you always do to read more.") % {"words": words}
    )
    return Message(
        id=delivery.pk,
        channel=delivery.channel,
        to=parcel.to,
        subject="",
        text=text,
        href=letters.page("notice_open", delivery.notification_id) if is_push else "",
    )
