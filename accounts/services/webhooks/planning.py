"""What the outbox tells becomes deliveries: one for each enabled endpoint of the organisation that wants the type."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from accounts import event_types
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.webhook_tasks import start_sending
from realtime.services.consuming import Told


def take(told: Sequence[Told]) -> None:
    """Plan what is to be sent of these events, in the caller's transaction, and start the senders on its commit.

    A consumer of the outbox (setting REALTIME_CONSUMERS): two queries and an insert, however many events there are.
    """
    heard = _by_organization(told)
    if not heard:
        return
    at = timezone.now()
    endpoints = WebhookEndpoint.objects.kept().filter(
        organization__in=heard, state=WebhookEndpoint.State.ENABLED
    )
    listening = defaultdict(list)
    for endpoint in endpoints.defer("secret", "previous_secret"):
        listening[endpoint.organization_id].append(endpoint)
    # In the order in which things happened, so that an endpoint which is up hears of them so.
    planned = [
        WebhookDelivery(
            organization_id=endpoint.organization_id,
            endpoint=endpoint,
            message_id=one.id,
            event=one.event,
            next_try_at=at,
            created_at=at,
        )
        for organization_id, events in heard.items()
        for one in events
        for endpoint in listening[organization_id]
        if endpoint.wants(one.event)
    ]
    if planned:
        WebhookDelivery.objects.bulk_create(planned, ignore_conflicts=True, batch_size=1000)
        start_sending(len(planned))


def _by_organization(told: Sequence[Told]) -> dict[UUID, list[Told]]:
    heard = defaultdict(list)
    for one in told:
        organization_id = event_types.organization_of(one.topic)
        # A test goes to the one endpoint that it is for, which was planned when it was asked for.
        if organization_id and event_types.is_told(one.event) and one.event != event_types.TEST:
            heard[organization_id].append(one)
    return heard
