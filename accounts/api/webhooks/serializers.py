"""What goes in (strictly) and what comes out."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.event_types import EventType
from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks.endpoints import LONGEST_DESCRIPTION, OVERLAPS
from accounts.services.webhooks.envelope import DELIVERY, ENDPOINT, EVENT, MESSAGE
from core.api.ids import IdField
from core.api.serializers import InstantField, ObjectField, StrictSerializer, TextField
from core.outbound import LONGEST_URL
from realtime.models import Message

ORGANIZATION = "org"
_OWN = _("A key may leave it out: it has one organisation.")
_TYPES = _("Names of `GET /event-types`, or `*` for every one there is and will be.")


class _OrNull(serializers.CharField):
    """Text that is null where there is none."""

    def to_representation(self, value: Any) -> Any:
        return value or None


class EndpointSerializer(serializers.Serializer[WebhookEndpoint]):
    """Where an organisation is told of events."""

    id = IdField(ENDPOINT)
    object = ObjectField("webhook_endpoint")
    organization = IdField(ORGANIZATION, source="organization_id")
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField(), help_text=_TYPES)
    description = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="ENABLED, DISABLED.")
    reason = _OrNull(allow_null=True, help_text=_("Why it is disabled: BY_OWNER, GONE, FAILING."))
    failing_since = InstantField(allow_null=True, help_text=_("Null while the last try went well."))
    secret_changed_at = InstantField()
    previous_secret_until = InstantField(
        allow_null=True, source="previous_until", help_text=_("Until then the secret before signs as well.")
    )
    created_at = InstantField()


class EndpointWithSecretSerializer(EndpointSerializer):
    """An endpoint with its secret, which no other answer has."""

    secret = serializers.CharField(
        allow_null=True, help_text=_("Null in the repeat of a request whose secret has been replaced since.")
    )


class EndpointInput(StrictSerializer):
    """Where to send which events."""

    organization = IdField(ORGANIZATION, required=False, help_text=_OWN)
    url = TextField(max_length=LONGEST_URL, help_text=_("`https`, with a public host name."))
    event_types = serializers.ListField(
        child=TextField(max_length=60), min_length=1, max_length=200, help_text=_TYPES
    )
    description = TextField(max_length=LONGEST_DESCRIPTION, allow_blank=True, default="")


class EndpointChange(StrictSerializer):
    """What is given is changed, the rest stays."""

    url = TextField(max_length=LONGEST_URL, required=False)
    event_types = serializers.ListField(
        child=TextField(max_length=60), min_length=1, max_length=200, required=False, help_text=_TYPES
    )
    description = TextField(max_length=LONGEST_DESCRIPTION, allow_blank=True, required=False)
    state = serializers.ChoiceField(choices=WebhookEndpoint.State.choices, required=False)


class RollInput(StrictSerializer):
    """For how long the secret before signs as well."""

    overlap_hours = serializers.ChoiceField(
        choices=[int(overlap.total_seconds() // 3600) for overlap in OVERLAPS], default=24
    )


class RangeInput(StrictSerializer):
    """Of when, and whether only what failed."""

    since = InstantField()
    until = InstantField()
    only_failed = serializers.BooleanField(default=True)


class ResentSerializer(serializers.Serializer[Any]):
    """How many deliveries go out again."""

    object = ObjectField("resend")
    sent = serializers.IntegerField()


class EndpointFilters(StrictSerializer):
    organization = IdField(ORGANIZATION, required=False, help_text=_("Only those of this organisation."))


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """One event for one endpoint, and how it goes."""

    id = IdField(DELIVERY)
    object = ObjectField("webhook_delivery")
    endpoint = IdField(ENDPOINT, source="endpoint_id")
    event = IdField(EVENT, source="message_id")
    message = IdField(
        MESSAGE, source="message_id", help_text=_("The header `webhook-id`, the same at each try.")
    )
    event_type = serializers.CharField(source="event")
    state = serializers.CharField(help_text="WAITING, SENDING, DELIVERED, FAILED, CANCELLED.")
    attempts = serializers.IntegerField()
    next_try_at = InstantField(allow_null=True)
    delivered_at = InstantField(allow_null=True)
    created_at = InstantField()


class AttemptSerializer(serializers.Serializer[WebhookAttempt]):
    """One try: what was sent beside the body, and what came back."""

    number = serializers.IntegerField()
    at = InstantField()
    url = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    error = _OrNull(
        allow_null=True,
        help_text=_(
            "Why there is no status: `timed_out`, `connection_failed`, `address_refused` and others."
        ),
    )
    duration_ms = serializers.IntegerField()
    manual = serializers.BooleanField(help_text=_("Whether somebody asked for it."))
    request_headers = serializers.DictField(child=serializers.CharField())
    response_headers = serializers.DictField(child=serializers.CharField())
    response_body = serializers.CharField(allow_blank=True, help_text=_("4 kB at most."))


class DeliveryInFullSerializer(DeliverySerializer):
    """A delivery with its tries, the latest 100."""

    attempt_list = AttemptSerializer(many=True, source="shown_tries")


class DeliveryFilters(StrictSerializer):
    organization = IdField(ORGANIZATION, required=False)
    endpoint = IdField(ENDPOINT, required=False)
    event = IdField(EVENT, required=False)
    event_type = TextField(max_length=60, required=False)
    state = serializers.ChoiceField(choices=WebhookDelivery.State.choices, required=False)


class EventSerializer(serializers.Serializer[Message]):
    """Something that happened in an organisation, as its webhooks are told of it."""

    id = IdField(EVENT)
    object = ObjectField("event")
    type = serializers.CharField(source="event")
    timestamp = InstantField(source="inserted_at")
    data = serializers.DictField(source="payload")  # type: ignore[assignment]


class EventFilters(StrictSerializer):
    organization = IdField(ORGANIZATION, required=False, help_text=_OWN)
    type = TextField(max_length=60, required=False)


class EventTypeSerializer(serializers.Serializer[EventType]):
    """A kind of event. `example` is what its `data` looks like; every one has these keys, and new ones may come."""

    name = serializers.CharField()
    object = ObjectField("event_type")
    description = serializers.CharField()
    example = serializers.DictField()


class EventTypeListSerializer(serializers.Serializer[Any]):
    """Every type there is."""

    object = ObjectField("list")
    data = EventTypeSerializer(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
