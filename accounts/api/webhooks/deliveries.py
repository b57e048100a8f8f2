"""What was sent where, and how each try went."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.webhooks import examples
from accounts.api.webhooks.base import WebhookView
from accounts.api.webhooks.serializers import (
    DeliveryFilters,
    DeliveryInFullSerializer,
    DeliverySerializer,
)
from accounts.models import WebhookAttempt, WebhookDelivery
from accounts.services.webhooks import resending
from accounts.services.webhooks.envelope import DELIVERY
from core import idempotency
from core.api.pagination import CursorPagination
from core.api.schema import example

_FILTERED_BY = {"event": "message_id", "event_type": "event"}
TRIES_SHOWN = 100


class DeliveryList(WebhookView, ListAPIView[WebhookDelivery]):
    serializer_class = DeliverySerializer
    pagination_class = CursorPagination
    cursor_prefix = DELIVERY
    filter_serializer = DeliveryFilters

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        wanted = {_FILTERED_BY.get(name, name): value for name, value in self.filters().items()}
        return WebhookDelivery.objects.visible_to(self.caller).filter(**wanted)

    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="List webhook deliveries",
        examples=[example(examples.DELIVERY)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the organisations that you manage were sent in the last 30 days, newest first."""
        return self.list(request)


class OneDelivery(WebhookView):
    key_prefix = DELIVERY

    def delivery(self) -> WebhookDelivery:
        latest = WebhookAttempt.objects.order_by("-number")[:TRIES_SHOWN]
        mine = WebhookDelivery.objects.visible_to(self.caller)
        with_tries = mine.prefetch_related(Prefetch("tried", queryset=latest, to_attr="shown_tries"))
        return get_object_or_404(with_tries, pk=self.key())


class DeliveryDetail(OneDelivery):
    serializer_class = DeliveryInFullSerializer

    @extend_schema(
        operation_id="get_webhook_delivery",
        summary="Get a webhook delivery",
        examples=[example(examples.DELIVERY_IN_FULL)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One delivery with its tries, the latest first."""
        return Response(self.serializer_class(self.delivery()).data)


class DeliveryResend(OneDelivery):
    serializer_class = DeliverySerializer
    idempotent = True

    @extend_schema(
        operation_id="resend_webhook_delivery",
        summary="Send a delivery again",
        request=None,
        responses={200: DeliverySerializer},
        examples=[example(examples.DELIVERY)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Send it at once, with the same `webhook-id`; if that fails, on by the schedule."""
        key = self.delivery().pk

        def resend(_id: UUID) -> Response:
            delivery = resending.resend(delivery_id=key, by=self.caller, at=timezone.now())
            return Response(DeliverySerializer(delivery).data)

        return idempotency.once(request, resend)
