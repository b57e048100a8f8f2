"""Planning how notices reach people outside our pages. A consumer of the outbox: it writes rows, and sends nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import channels, notice_words, quiet, tasks
from accounts.models import (
    Channel,
    Customer,
    Notification,
    NotificationDelivery,
    NotificationSettings,
    User,
)
from accounts.notice_kinds import Kind, kind_of, wants
from accounts.services import preferences
from accounts.services.notices import CREATED, not_wanted_in_app
from core.actors import acting_as_service
from realtime.services.consuming import Told

# What waited longer than this to be taken up is no news any more: the outbox stood still, or a backup came back.
NEWS_FOR = timedelta(days=2)

_State, _Reason = NotificationDelivery.State, NotificationDelivery.Reason


def take(told: list[Told]) -> None:
    """Plan the deliveries of the notices that were created; for the setting REALTIME_CONSUMERS.

    Raises KeyError or ValueError for an event that names no notice.
    """
    ids = [UUID(each.payload["notification"]) for each in told if each.event == CREATED]
    if ids:
        plan(notice_ids=ids, at=timezone.now())


def plan(*, notice_ids: list[UUID], at: datetime) -> int:
    """Write how these notices reach their people, each once however often it is asked; return how many deliveries.

    The number of queries does not depend on that of the notices.
    """
    with acting_as_service():
        notices = list(Notification.objects.filter(pk__in=notice_ids).order_by("pk"))
        _mute(notices)
        people = _people({notice.user_id for notice in notices})
        deliveries = [
            delivery
            for notice in notices
            if notice.user_id in people
            for delivery in _deliveries(notice, people[notice.user_id], at)
        ]
        made = NotificationDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        if any(delivery.state == _State.WAITING for delivery in made):
            transaction.on_commit(tasks.send_notices.delay, robust=True)
    return len(made)


@dataclass(frozen=True)
class _Person:
    """What decides by which channels somebody is reached, and when."""

    chosen: dict[tuple[str, str], bool]
    settings: NotificationSettings
    reached_by: tuple[str, ...]


def _people(ids: set[UUID]) -> dict[UUID, _Person]:
    """Those of these people who still have an account."""
    active = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    chosen = preferences.chosen_by(user_ids=active)
    settings = NotificationSettings.objects.in_bulk(active)
    reached = {channel: addresses_of(active, channel).keys() for channel in channels.offered()}
    return {
        id: _Person(
            chosen.get(id, {}),
            settings.get(id) or NotificationSettings(user_id=id),
            tuple(channel for channel, those in reached.items() if id in those),
        )
        for id in active
    }


def addresses_of(ids: Iterable[UUID], channel: str) -> dict[UUID, str]:
    """Where each of these people is reached by a channel, as far as they are. A push goes to all their devices."""
    match channel:
        case Channel.EMAIL:
            confirmed = EmailAddress.objects.filter(user__in=list(ids), verified=True, primary=True)
            return dict(confirmed.values_list("user_id", "email"))
        case Channel.SMS:
            customers = Customer.objects.filter(pk__in=list(ids)).exclude(phone="")
            return dict(customers.values_list("pk", "phone"))
        case _:
            return {id: str(id) for id in ids}


def _deliveries(notice: Notification, person: _Person, at: datetime) -> Iterator[NotificationDelivery]:
    kind = kind_of(notice.event)
    for channel in person.reached_by:
        if not wants(kind, channel, person.chosen):
            continue
        if channel == Channel.EMAIL and notice_words.has_letter(notice.event):
            continue
        not_before, digest_at = _when(kind, channel, person.settings, at)
        yield NotificationDelivery(
            notification=notice,
            user_id=notice.user_id,
            channel=channel,
            not_before=not_before,
            digest_at=digest_at,
            **_stale(notice, at),
        )


def _stale(notice: Notification, at: datetime) -> dict[str, str]:
    is_old = notice.created_at < at - NEWS_FOR
    return {"state": _State.SKIPPED, "error": _Reason.TOO_OLD} if is_old else {}


def _when(
    kind: Kind, channel: str, settings: NotificationSettings, at: datetime
) -> tuple[datetime, datetime | None]:
    """When a delivery may be tried, and the hour of the daily mail that gathers it, if one does."""
    if kind.is_urgent:
        return at, None
    if channel == Channel.EMAIL and settings.digest == NotificationSettings.Digest.DAILY:
        hour = quiet.next_digest(settings, at)
        return quiet.after_quiet_hours(settings, hour), hour
    return quiet.after_quiet_hours(settings, at), None


def _mute(notices: list[Notification]) -> None:
    """Take from the notice centre what its person does not want there, where no service of ours wrote the row."""
    unwanted = not_wanted_in_app(notices)
    if unwanted:
        Notification.objects.filter(pk__in=unwanted, muted=False).update(muted=True)
