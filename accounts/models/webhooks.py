"""Where an organisation wants to be told of events over HTTP, what is told there, and how each try went."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.organizations import Membership, Organization
from accounts.models.people import User
from core.actors import OrganizationCaller
from core.ids import uuid7
from core.outbound import LONGEST_URL

EVERY_TYPE = "*"
SECRETS = ("secret", "previous_secret")


def _managed_by(user: User | OrganizationCaller) -> models.Q:
    """Rows of the organisations that a person manages, or of the one whose program asks."""
    if isinstance(user, OrganizationCaller):
        return models.Q(organization=user.pk)
    managed = Membership.objects.filter(user_id=user.pk, role__in=Membership.MANAGERS)
    return models.Q(organization__in=managed.values("organization"))


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def visible_to(self, user: User | OrganizationCaller) -> "WebhookEndpointQuerySet":
        """Those that are still there, without what only the service may read."""
        return self.filter(_managed_by(user), deleted_at=None).defer(*SECRETS)

    def kept(self) -> "WebhookEndpointQuerySet":
        return self.filter(deleted_at=None)


class WebhookEndpoint(models.Model):
    """An address of an organisation to which events of these types are sent, signed by a secret of its own.

    `failing_since` is the first try that failed after the last one that did not. A deleted endpoint stays until its
    deliveries are forgotten.
    """

    class State(models.TextChoices):
        ENABLED = "ENABLED", _("Enabled")
        DISABLED = "DISABLED", _("Disabled")

    class Reason(models.TextChoices):
        BY_OWNER = "BY_OWNER", _("Switched off")
        GONE = "GONE", _("It answered that it is gone (410)")
        FAILING = "FAILING", _("It failed for days")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField(max_length=LONGEST_URL)
    description = models.CharField(max_length=120, blank=True)
    event_types = ArrayField(models.CharField(max_length=60))
    state = models.CharField(max_length=8, choices=State.choices, default=State.ENABLED)
    # Why it is disabled; empty while it is not.
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    # Sealed, as the one before it is, which signs as well until `previous_until`.
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    secret_changed_at = models.DateTimeField(default=timezone.now)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="ENABLED", reason="")
                | models.Q(state="DISABLED") & ~models.Q(reason=""),
                name="webhook_endpoint_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_enabled(self) -> bool:
        return self.state == WebhookEndpoint.State.ENABLED

    def wants(self, event: str) -> bool:
        return EVERY_TYPE in self.event_types or event in self.event_types

    def has_two_secrets(self, at: datetime) -> bool:
        """Whether the secret before the present one still signs."""
        return self.previous_until is not None and self.previous_until > at


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def visible_to(self, user: User | OrganizationCaller) -> "WebhookDeliveryQuerySet":
        return self.filter(_managed_by(user), endpoint__deleted_at=None)


class WebhookDelivery(models.Model):
    """One event for one endpoint. `message_id` is the event's, and the receiver knows a repeat by it.

    `attempts` counts every try there was; `tries` those of the present round, which a resend begins anew.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        SENDING = "SENDING", _("Being sent")
        DELIVERED = "DELIVERED", _("Delivered")
        FAILED = "FAILED", _("Failed")
        CANCELLED = "CANCELLED", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    message_id = models.UUIDField()
    event = models.CharField(max_length=255)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    # Somebody asked for this round.
    manual = models.BooleanField(default=False)
    next_try_at = models.DateTimeField(null=True)
    # Until then whoever took it is at it; later, whoever took it is taken for dead.
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        permissions = [("resend_webhook", "Can have a webhook sent to an organisation again")]
        constraints = [
            models.UniqueConstraint(fields=["message_id", "endpoint"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state="WAITING", next_try_at__isnull=False, leased_until=None)
                | models.Q(state="SENDING", next_try_at=None, leased_until__isnull=False)
                | models.Q(
                    state__in=["DELIVERED", "FAILED", "CANCELLED"], next_try_at=None, leased_until=None
                ),
                name="webhook_delivery_times",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="webhook_delivery_of_org"),
            models.Index(fields=["endpoint", "id"], name="webhook_delivery_of_endpoint"),
            models.Index(
                fields=["endpoint", "next_try_at", "id"],
                name="webhook_delivery_waiting",
                condition=models.Q(state="WAITING"),
            ),
            models.Index(
                fields=["endpoint", "leased_until"],
                name="webhook_delivery_sending",
                condition=models.Q(state="SENDING"),
            ),
            models.Index(
                fields=["endpoint", "message_id"],
                name="webhook_delivery_failed",
                condition=models.Q(state__in=["FAILED", "CANCELLED"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"

    @property
    def is_over(self) -> bool:
        return self.state not in (WebhookDelivery.State.WAITING, WebhookDelivery.State.SENDING)


class WebhookAttempt(models.Model):
    """One try: what was sent beside the body, and what came back; `error` names why nothing did."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.CASCADE, related_name="tried", db_index=False
    )
    number = models.PositiveIntegerField()
    url = models.CharField(max_length=LONGEST_URL)
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    request_headers = models.JSONField(default=dict)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)
    manual = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
