"""Webhook endpoints over the API. A secret stands in the answer that makes it, and in repeats of that request."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.webhooks import examples
from accounts.api.webhooks.base import WebhookView, organization_asked
from accounts.api.webhooks.serializers import (
    DeliverySerializer,
    EndpointChange,
    EndpointFilters,
    EndpointInput,
    EndpointSerializer,
    EndpointWithSecretSerializer,
    RangeInput,
    ResentSerializer,
    RollInput,
)
from accounts.models import WebhookEndpoint
from accounts.services.webhooks import endpoints, resending
from accounts.services.webhooks.envelope import ENDPOINT
from core import idempotency
from core.api import ids
from core.api.pagination import CursorPagination
from core.api.schema import example


class EndpointList(WebhookView, ListAPIView[WebhookEndpoint]):
    serializer_class = EndpointSerializer
    pagination_class = CursorPagination
    cursor_prefix = ENDPOINT
    filter_serializer = EndpointFilters
    idempotent = True
    proven = ("POST",)
    also_answers = (404,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            # What a list may be asked, the making of an endpoint may not.
            self.filter_serializer, self.pagination_class = None, None  # type: ignore[assignment]
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        mine = WebhookEndpoint.objects.visible_to(self.caller).filter(organization__closed_at=None)
        asked = self.filters().get("organization")
        return mine.filter(organization=asked) if asked else mine

    @extend_schema(
        operation_id="list_webhook_endpoints",
        summary="List webhook endpoints",
        examples=[example(examples.ENDPOINT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where the organisations that you manage are told of events, newest first."""
        return self.list(request)

    @extend_schema(
        operation_id="create_webhook_endpoint",
        summary="Make a webhook endpoint",
        request=EndpointInput,
        responses={201: EndpointWithSecretSerializer},
        examples=[
            example(examples.ENDPOINT_INPUT, request=True),
            example(examples.ENDPOINT_WITH_SECRET),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        """Have events sent to an address of yours. The answer has the secret by which you know that they are ours."""
        order = self.body(EndpointInput)
        organization_id = organization_asked(request, order.pop("organization", None))
        return with_secret(idempotency.once(request, lambda _id: self._make(organization_id, order)))

    def _make(self, organization_id: UUID, order: dict[str, Any]) -> Response:
        made = endpoints.make(organization_id=organization_id, by=self.caller, at=timezone.now(), **order)
        return Response(EndpointSerializer(made.endpoint).data, status=201)


class OneEndpoint(WebhookView):
    serializer_class: type[serializers.Serializer[Any]] = EndpointSerializer
    key_prefix = ENDPOINT

    def endpoint(self) -> WebhookEndpoint:
        mine = WebhookEndpoint.objects.visible_to(self.caller).filter(organization__closed_at=None)
        return get_object_or_404(mine, pk=self.key())

    def answer(self, endpoint: WebhookEndpoint, status: int = 200) -> Response:
        return Response(EndpointSerializer(endpoint).data, status=status)


class EndpointDetail(OneEndpoint):
    proven = ("PATCH",)

    @extend_schema(
        operation_id="get_webhook_endpoint",
        summary="Get a webhook endpoint",
        examples=[example(examples.ENDPOINT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One endpoint, without its secret."""
        return self.answer(self.endpoint())

    @extend_schema(
        operation_id="change_webhook_endpoint",
        summary="Change a webhook endpoint",
        request=EndpointChange,
        responses={200: EndpointSerializer},
        examples=[example(examples.CHANGE, request=True), example(examples.ENDPOINT)],
    )
    def patch(self, request: Request, id: str) -> Response:
        """Change what is given. With `state` you switch it off, and on again: what waited then goes out."""
        facts, endpoint, by = self.body(EndpointChange), self.endpoint(), self.caller
        state = facts.pop("state", None)
        if facts:
            endpoint = endpoints.change(endpoint_id=endpoint.pk, by=by, **facts)
        if state == WebhookEndpoint.State.ENABLED:
            endpoint = endpoints.enable(endpoint_id=endpoint.pk, by=by)
        elif state == WebhookEndpoint.State.DISABLED:
            endpoint = endpoints.disable(endpoint_id=endpoint.pk, by=by)
        return self.answer(endpoint)

    @extend_schema(
        operation_id="delete_webhook_endpoint", summary="Delete a webhook endpoint", responses={204: None}
    )
    def delete(self, request: Request, id: str) -> Response:
        """Forget an endpoint, its secret, and what it was sent."""
        endpoints.delete(endpoint_id=self.endpoint().pk, by=self.caller, at=timezone.now())
        return Response(status=204)


class RollSecret(OneEndpoint):
    idempotent = True
    proven = ("POST",)

    @extend_schema(
        operation_id="roll_webhook_secret",
        summary="Roll the secret",
        request=RollInput,
        responses={200: EndpointWithSecretSerializer},
        examples=[example(examples.ROLL, request=True), example(examples.ENDPOINT_WITH_SECRET)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Make a new secret. Until `previous_secret_until` each message carries a signature by either."""
        overlap = timedelta(hours=self.body(RollInput)["overlap_hours"])
        key = self.endpoint().pk

        def roll(_id: UUID) -> Response:
            made = endpoints.roll_secret(endpoint_id=key, by=self.caller, overlap=overlap, at=timezone.now())
            return self.answer(made.endpoint)

        return with_secret(idempotency.once(request, roll))


class SendTest(OneEndpoint):
    serializer_class = DeliverySerializer
    idempotent = True

    @extend_schema(
        operation_id="test_webhook_endpoint",
        summary="Send a test event",
        request=None,
        responses={201: DeliverySerializer},
        examples=[example(examples.DELIVERY)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Send this endpoint an event `webhook.test`, whatever types it wants: 30 an hour."""
        key = self.endpoint().pk

        def send(_id: UUID) -> Response:
            delivery = resending.send_test(endpoint_id=key, by=self.caller, at=timezone.now())
            return Response(DeliverySerializer(delivery).data, status=201)

        return idempotency.once(request, send)


class ResendRange(OneEndpoint):
    serializer_class = ResentSerializer
    idempotent = True

    @extend_schema(
        operation_id="resend_webhook_range",
        summary="Send a stretch of time again",
        request=RangeInput,
        responses={200: ResentSerializer},
        examples=[example(examples.RANGE, request=True), example(examples.RESENT)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Send what failed again, or all that happened (1,000 events at most), also what the endpoint missed."""
        order, key = self.body(RangeInput), self.endpoint().pk
        work = partial(self._resend, key, order)
        return idempotency.once(request, lambda _id: work())

    def _resend(self, key: UUID, order: dict[str, Any]) -> Response:
        sent = resending.resend_range(endpoint_id=key, by=self.caller, at=timezone.now(), **order)
        return Response(ResentSerializer({"sent": sent}).data)


def with_secret(answer: HttpResponse) -> HttpResponse:
    """Put the secret into an answer, which is kept without it for repeats of the request."""
    if answer.status_code >= 300:
        return answer
    told = json.loads(answer.content)
    secret = endpoints.shown_again(
        endpoint_id=ids.decode(ENDPOINT, told["id"]),
        secret_changed_at=datetime.fromisoformat(told["secret_changed_at"]),
    )
    answer.content = json.dumps({**told, "secret": secret}, ensure_ascii=False).encode()
    answer.headers["Cache-Control"] = "no-store"
    return answer
