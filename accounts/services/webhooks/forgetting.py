"""What was sent is kept for thirty days; what hangs on a deleted endpoint goes with it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.events import KEPT
from accounts.models import WebhookDelivery, WebhookEndpoint
from core.actors import acting_as_service
from core.ids import uuid7_at

# Rows of one transaction, with their tries.
_PIECE = 1000
# Of one night; what is left waits for the next.
_MOST_PIECES = 500


def forget(*, at: datetime) -> int:
    """Delete old deliveries, those of deleted endpoints, and endpoints without any; return how many deliveries went.

    An organisation that was closed keeps its endpoints as long, so that the last events still reach them.
    """
    old = uuid7_at(at - KEPT)
    idle = ~Q(state=WebhookDelivery.State.SENDING)
    gone = sum(_pieces(WebhookDelivery.objects.filter(idle, pk__lt=old)))
    with acting_as_service():
        ended = WebhookEndpoint.objects.filter(
            Q(deleted_at__isnull=False) | Q(organization__closed_at__lt=at - KEPT)
        )
        keys = list(ended.order_by("pk").values_list("pk", flat=True)[:_PIECE])
    for key in keys:
        gone += sum(_pieces(WebhookDelivery.objects.filter(idle, endpoint=key)))
    with acting_as_service():
        theirs = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
        WebhookEndpoint.objects.filter(~Exists(theirs), pk__in=keys).delete()
    return gone


def _pieces(rows: QuerySet[WebhookDelivery]) -> Iterator[int]:
    """Delete the rows a piece at a time, each in a transaction of its own; yield how many went with each."""
    for _ in range(_MOST_PIECES):
        with acting_as_service():
            keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_PIECE])
            _all, by_model = WebhookDelivery.objects.filter(pk__in=keys).delete()
            deleted = by_model.get(WebhookDelivery._meta.label, 0)
        yield deleted
        if len(keys) < _PIECE:
            return
