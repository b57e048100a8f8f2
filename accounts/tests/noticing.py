"""Notices that go out: what tests of them begin with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import Customer, Notification, NotificationDelivery, NotificationSettings, User
from accounts.services import deliveries, notify, preferences, sending
from core.actors import acting_as_service
from realtime.models import Message
from realtime.services.consuming import Told

# 12:00 in Lagos, tomorrow: what is planned for then is not sent by the worker that starts when it is planned.
NOON = (datetime.now(UTC) + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
MONEY = {"amount": 250_000, "currency": "NGN", "payment": "01900000-0000-7000-8000-000000000001"}


def tell(user: User, event: str = "deposit.succeeded", **data: object) -> Notification:
    """Leave somebody a notice, as services do."""
    notice = Notification(user=user, event=event, data={**MONEY, **data})
    notify(notices=[notice])
    return notice


def told() -> list[Told]:
    """All that the outbox holds, as a consumer is given it."""
    with acting_as_service():
        messages = Message.objects.filter(extension="event").order_by("id")
        return [Told(m.id, m.topic, m.event, m.payload, m.inserted_at) for m in messages]


def take_all() -> None:
    """Let the consumer take everything in the outbox, in a transaction of the service as the dispatcher's is."""
    with acting_as_service():
        deliveries.take(told())


def plan(*notices: Notification, at: datetime | None = None) -> int:
    return deliveries.plan(notice_ids=[notice.pk for notice in notices], at=at or timezone.now())


def send(at: datetime) -> int:
    return sending.send_due(at=at, clock=lambda: at)


def choose(user: User, kind: str, channel: str, wanted: bool) -> None:
    preferences.choose(user=user, choices={(kind, channel): wanted})


def settle(user: User, **facts: object) -> None:
    """Give somebody settings."""
    with acting_as_service():
        NotificationSettings.objects.update_or_create(user=user, defaults=facts)


def give_phone(user: User, number: str = "+2348031234567") -> None:
    with acting_as_service():
        Customer.objects.filter(pk=user.pk).update(phone=number)


def states(*, of: User | None = None) -> list[tuple[str, str, str]]:
    """Channel, state and reason of each delivery, in the order they were planned."""
    with acting_as_service():
        rows = NotificationDelivery.objects.order_by("pk")
        rows = rows.filter(user=of) if of else rows
        return list(rows.values_list("channel", "state", "error"))


def delivery(channel: str = "EMAIL") -> NotificationDelivery:
    with acting_as_service():
        return NotificationDelivery.objects.get(channel=channel)


def backdate(notice: Notification, by: timedelta) -> None:
    with acting_as_service():
        Notification.objects.filter(pk=notice.pk).update(created_at=timezone.now() - by)


def key() -> UUID:
    return UUID(MONEY["payment"])
