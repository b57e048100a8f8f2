"""Telling people, and what they have read."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts import notice_kinds
from accounts.models import Channel, Notification, NotificationPreference, User
from core.actors import acting_as_service
from realtime import services as realtime

CREATED = "notification.created"


def notify(*, notices: list[Notification]) -> None:
    """Leave people a notice each, and tell the outbox of it, in the transaction of what it tells of."""
    if not notices:
        return
    with acting_as_service():
        unwanted = not_wanted_in_app(notices)
        for notice in notices:
            notice.muted = notice.pk in unwanted
        Notification.objects.bulk_create(notices)
        realtime.publish_many(events=[_event(notice) for notice in notices])


def not_wanted_in_app(notices: Iterable[Notification]) -> set[UUID]:
    """Return which of these notices their people do not want to see in the notice centre."""
    notices = list(notices)
    chosen = set(
        NotificationPreference.objects.filter(
            user__in={notice.user_id for notice in notices}, channel=Channel.IN_APP, wanted=False
        ).values_list("user_id", "kind")
    )
    if not chosen:
        return set()
    return {
        notice.pk for notice in notices if (notice.user_id, notice_kinds.kind_of(notice.event).code) in chosen
    }


def read_notices(*, user: User, at: datetime, until: UUID | None = None) -> int:
    """Mark what this person has not read as read, up to the notice `until` where one is named; return how many."""
    unread = Notification.objects.visible_to(user).unread()
    if until:
        unread = unread.filter(pk__lte=until)
    return unread.update(read_at=at)


def read_notice(*, user: User, notice_id: UUID, at: datetime) -> bool:
    """Mark one notice of this person's as read; return whether it was unread."""
    return bool(Notification.objects.visible_to(user).filter(pk=notice_id, read_at=None).update(read_at=at))


def _event(notice: Notification) -> realtime.Event:
    payload = {"notification": str(notice.pk), "event": notice.event, "data": notice.data}
    return realtime.Event(topic=f"user:{notice.user_id}", event=CREATED, payload=payload)
