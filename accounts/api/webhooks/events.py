"""What happened in an organisation in the last 30 days, whether or not anybody was told, and what can happen."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.organizations.views import visible
from accounts.api.webhooks import examples
from accounts.api.webhooks.base import organization_asked
from accounts.api.webhooks.scopes import EVENTS_READ
from accounts.api.webhooks.serializers import EventFilters, EventSerializer, EventTypeListSerializer
from accounts.event_types import all_event_types
from accounts.events import events_of
from accounts.services.webhooks.envelope import EVENT
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.api.views import ApiView
from realtime.models import Message


class EventList(ApiView, ListAPIView[Message]):
    serializer_class = EventSerializer
    pagination_class = CursorPagination
    cursor_prefix = EVENT
    filter_serializer = EventFilters
    required_scope = EVENTS_READ
    also_answers = (404,)

    def get_queryset(self) -> QuerySet[Message]:
        wanted = self.filters()
        organization_id = organization_asked(self.request, wanted.get("organization"), in_address=True)
        return events_of([organization_id], at=timezone.now(), event=wanted.get("type"))

    @extend_schema(
        operation_id="list_events",
        summary="List events",
        examples=[example(examples.EVENT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What happened in an organisation in the last 30 days, newest first."""
        return self.list(request)


class EventDetail(ApiView):
    serializer_class = EventSerializer
    key_prefix = EVENT
    required_scope = EVENTS_READ

    @extend_schema(operation_id="get_event", summary="Get an event", examples=[example(examples.EVENT)])
    def get(self, request: Request, id: str) -> Response:
        """One event, with all of its data."""
        mine = visible(request).values_list("pk", flat=True)
        event = get_object_or_404(events_of(list(mine), at=timezone.now()), pk=self.key())
        return Response(self.serializer_class(event).data)


class EventTypeList(ApiView):
    serializer_class = EventTypeListSerializer
    required_scope = EVENTS_READ

    @extend_schema(
        operation_id="list_event_types",
        summary="List event types",
        examples=[example({"object": "list", "data": [examples.EVENT_TYPE], "has_more": False})],
    )
    def get(self, request: Request) -> Response:
        """Every type of event, with an example of its data."""
        told = {"data": [*all_event_types().values()], "has_more": False}
        return Response(self.serializer_class(told).data)
