"""The events of organisations, as the outbox keeps them: what the API and the pages list."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.event_types import all_event_types, topic_of
from core.ids import uuid7_at
from realtime.models import Message

KEPT = timedelta(days=30)


def events_of(
    organization_ids: Iterable[UUID], *, at: datetime, event: str | None = None
) -> QuerySet[Message]:
    """Return what organisations can be told of the last 30 days. Row security decides who sees it."""
    topics = [topic_of(one) for one in organization_ids]
    told = [name for name in all_event_types() if event in (None, name)]
    one = {"topic": topics[0]} if len(topics) == 1 else {"topic__in": topics}
    return Message.objects.filter(
        **one, pk__gte=uuid7_at(at - KEPT), extension=Message.Extension.EVENT, event__in=told
    ).defer("binary_payload", "owners")
