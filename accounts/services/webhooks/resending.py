"""What somebody asks to be sent: a test event, one delivery again, or all of a stretch of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit, event_types
from accounts.events import KEPT
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks.access import Caller, locked_endpoint, person_of
from accounts.services.webhooks.envelope import ENDPOINT
from accounts.webhook_tasks import start_sending
from core.actors import acting_as_service
from core.api.ids import encode
from core.errors import DomainError
from core.ids import uuid7_at
from realtime import services as realtime
from realtime.models import Message

MOST_TESTS = 30
MOST_IN_RANGE = 1000
HOUR = timedelta(hours=1)
_State = WebhookDelivery.State
_OVER = (_State.DELIVERED, _State.FAILED, _State.CANCELLED)


class EndpointDisabled(DomainError):
    code = "webhook_endpoint_disabled"
    kind = "conflict"
    message = _("This endpoint is disabled. Enable it first.")


class DeliveryNotFound(DomainError):
    code = "webhook_delivery_not_found"
    kind = "not_found"
    message = _("There is no such delivery.")


class DeliveryUnderWay(DomainError):
    code = "webhook_delivery_under_way"
    kind = "conflict"
    message = _("This delivery is being sent just now.")


class EventForgotten(DomainError):
    code = "webhook_event_forgotten"
    kind = "conflict"
    message = _("This event is older than 30 days and no longer kept.")


class TooManyTests(DomainError):
    code = "webhook_too_many_tests"
    kind = "limited"
    message = _("30 test events were sent to this endpoint within an hour. Try again later.")


class RangeInvalid(DomainError):
    code = "webhook_range_invalid"
    message = _("The end of a stretch of time comes after its beginning, which lies at most 30 days back.")


class RangeTooLarge(DomainError):
    code = "webhook_range_too_large"
    message = _("More than 1,000 events lie in this stretch of time. Choose a shorter one.")


class ManyWaiting(DomainError):
    code = "webhook_many_waiting"
    kind = "conflict"
    message = _("1,000 deliveries already wait for this endpoint. Let them go out first.")


def send_test(*, endpoint_id: UUID, by: Caller, at: datetime) -> WebhookDelivery:
    """Send an endpoint a test event, whatever types it wants; return its delivery.

    Raises EndpointNotFound, WebhooksNotManaged, EndpointDisabled, TooManyTests.
    """
    with acting_as_service():
        endpoint = _enabled(endpoint_id, by)
        lately = endpoint.deliveries.filter(pk__gte=uuid7_at(at - HOUR), event=event_types.TEST)
        if lately.count() >= MOST_TESTS:
            raise TooManyTests(retry_after=HOUR.total_seconds())
        message_id = realtime.publish(
            topic=event_types.topic_of(endpoint.organization_id),
            event=event_types.TEST,
            payload={"webhook_endpoint": encode(ENDPOINT, endpoint.pk)},
        )
        delivery = _planned(endpoint, message_id, event_types.TEST, at)
        delivery.save(force_insert=True)
        _record("tested", endpoint, by, delivery=str(delivery.pk))
        start_sending(1)
    return delivery


def resend(*, delivery_id: UUID, by: Caller, at: datetime) -> WebhookDelivery:
    """Send one delivery again, at once and with the same id, and if need be on by the schedule.

    Raises DeliveryNotFound, WebhooksNotManaged, EndpointDisabled, DeliveryUnderWay, EventForgotten.
    """
    with acting_as_service():
        endpoint = _enabled(_endpoint_of(delivery_id), by)
        delivery = _begun_anew(delivery_id, at)
        _record("resent", endpoint, by, delivery=str(delivery.pk))
        start_sending(1)
    return delivery


def resend_by_staff(*, delivery_id: UUID, at: datetime) -> WebhookDelivery:
    """As `resend`, for whom Django's permissions let. The trail names the member of staff who acts."""
    with acting_as_service():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=_endpoint_of(delivery_id))
        if not endpoint.is_enabled:
            raise EndpointDisabled
        delivery = _begun_anew(delivery_id, at)
        audit.record(
            action="accounts.webhook_delivery.resent",
            target=delivery,
            organization=str(endpoint.organization_id),
            by_staff=True,
        )
        start_sending(1)
    return delivery


def resend_range(
    *, endpoint_id: UUID, by: Caller, since: datetime, until: datetime, only_failed: bool, at: datetime
) -> int:
    """Send what failed of a stretch of time again, or all that happened in it; return how many are sent.

    All means also what the endpoint never got, because it was disabled or did not want the type then. Events count by
    when they happened. Raises EndpointNotFound, WebhooksNotManaged, EndpointDisabled, RangeInvalid, RangeTooLarge,
    ManyWaiting.
    """
    if not since < until or since < at - KEPT:
        raise RangeInvalid
    with acting_as_service():
        endpoint = _enabled(endpoint_id, by)
        waiting = endpoint.deliveries.filter(state=_State.WAITING)
        if waiting[:MOST_IN_RANGE].count() == MOST_IN_RANGE:
            raise ManyWaiting
        bounds = (uuid7_at(since), uuid7_at(until))
        sent = _failed_again(endpoint, bounds, at) if only_failed else _all_again(endpoint, bounds, at)
        _record(
            "range_resent",
            endpoint,
            by,
            since=since.isoformat(),
            until=until.isoformat(),
            only_failed=only_failed,
            sent=sent,
        )
        start_sending(sent)
    return sent


def _failed_again(endpoint: WebhookEndpoint, bounds: tuple[UUID, UUID], at: datetime) -> int:
    failed = endpoint.deliveries.filter(
        state__in=[_State.FAILED, _State.CANCELLED], message_id__gte=bounds[0], message_id__lt=bounds[1]
    )
    keys = list(failed.order_by("message_id").values_list("pk", flat=True)[: MOST_IN_RANGE + 1])
    if len(keys) > MOST_IN_RANGE:
        raise RangeTooLarge
    return _begin_anew(keys, at)


def _all_again(endpoint: WebhookEndpoint, bounds: tuple[UUID, UUID], at: datetime) -> int:
    happened = Message.objects.filter(
        topic=event_types.topic_of(endpoint.organization_id),
        pk__gte=bounds[0],
        pk__lt=bounds[1],
        extension=Message.Extension.EVENT,
        event__in=[name for name in event_types.all_event_types() if name != event_types.TEST],
    )
    rows = list(happened.order_by("pk").values_list("pk", "event")[: MOST_IN_RANGE + 1])
    if len(rows) > MOST_IN_RANGE:
        raise RangeTooLarge
    wanted = {key: event for key, event in rows if endpoint.wants(event)}
    known = endpoint.deliveries.filter(message_id__in=wanted)
    there = dict(known.values_list("message_id", "pk"))
    again = _begin_anew([there[key] for key in wanted if key in there], at)
    new = [_planned(endpoint, key, event, at) for key, event in wanted.items() if key not in there]
    # The consumer of the outbox may plan the same one at this moment.
    WebhookDelivery.objects.bulk_create(new, ignore_conflicts=True)
    return again + len(new)


def _begin_anew(keys: Sequence[UUID], at: datetime) -> int:
    """A new round for those of the deliveries that are over."""
    over = WebhookDelivery.objects.filter(pk__in=keys, state__in=_OVER)
    return over.update(state=_State.WAITING, next_try_at=at, tries=0, manual=True, delivered_at=None)


def _begun_anew(delivery_id: UUID, at: datetime) -> WebhookDelivery:
    """A new round for one delivery, also where it waits for its next try."""
    delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery_id)
    if delivery.state == _State.SENDING:
        raise DeliveryUnderWay
    if not Message.objects.filter(pk=delivery.message_id).exists():
        raise EventForgotten
    delivery.state, delivery.next_try_at, delivery.delivered_at = _State.WAITING, at, None
    delivery.tries, delivery.manual = 0, True
    delivery.save(update_fields=["state", "next_try_at", "delivered_at", "tries", "manual"])
    return delivery


def _enabled(endpoint_id: UUID, by: Caller) -> WebhookEndpoint:
    endpoint = locked_endpoint(endpoint_id, by)
    if not endpoint.is_enabled:
        raise EndpointDisabled
    return endpoint


def _endpoint_of(delivery_id: UUID) -> UUID:
    found = WebhookDelivery.objects.filter(pk=delivery_id, endpoint__deleted_at=None)
    endpoint_id = found.values_list("endpoint_id", flat=True).first()
    if endpoint_id is None:
        raise DeliveryNotFound
    return endpoint_id


def _planned(endpoint: WebhookEndpoint, message_id: UUID, event: str, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        organization_id=endpoint.organization_id,
        endpoint=endpoint,
        message_id=message_id,
        event=event,
        manual=True,
        next_try_at=at,
        created_at=at,
    )


def _record(deed: str, endpoint: WebhookEndpoint, by: Caller, **facts: object) -> None:
    audit.record(
        action=f"accounts.webhook_endpoint.{deed}",
        target=endpoint,
        actor_id=person_of(by),
        organization=str(endpoint.organization_id),
        **facts,
    )
