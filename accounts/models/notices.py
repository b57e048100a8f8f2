"""What people are told, what they want to be told, and by which channels it reached them."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7

LAGOS = "Africa/Lagos"
# The kinds that nobody can switch off where they matter most; the database refuses it too.
SECURITY, LEGAL = "SECURITY", "LEGAL"


class Channel(models.TextChoices):
    IN_APP = "IN_APP", _("In the app")
    EMAIL = "EMAIL", _("E-mail")
    SMS = "SMS", _("Text message")
    PUSH = "PUSH", _("Push")


# What reaches a person outside our pages.
OUTSIDE = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
LOCKED_KINDS = (SECURITY, LEGAL)
LOCKED_CHANNELS = (Channel.IN_APP, Channel.EMAIL)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> "NotificationQuerySet":
        return self.filter(user_id=user.pk)

    def listed(self) -> "NotificationQuerySet":
        """Those of the notice centre: a kind that somebody does not want there is kept, and not shown."""
        return self.filter(muted=False)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None, muted=False)


class Notification(models.Model):
    """Something a person should know. `event` and `data` say what; the words are chosen when it is shown."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    event = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    muted = models.BooleanField(default=False, db_default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            # What the bell counts, on every page.
            models.Index(
                fields=["user", "-id"], condition=Q(read_at=None, muted=False), name="notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class NotificationPreference(models.Model):
    """That a person wants a kind of notice by a channel otherwise than it would be by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=6, choices=Channel.choices)
    wanted = models.BooleanField()

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="notification_preference_once"),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="notification_preference_channel_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=LOCKED_KINDS, channel__in=LOCKED_CHANNELS) | Q(wanted=True),
                name="notification_preference_locked_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}"


class NotificationSettings(models.Model):
    """When a person wants to be reached. Without a row: at any time, each notice by itself.

    Quiet hours go from `quiet_from` to `quiet_until` in `zone`, over midnight where they end before they begin. A
    digest gathers mails until `digest_hour` of the day in that zone.
    """

    class Digest(models.TextChoices):
        OFF = "OFF", _("Each notice by itself")
        DAILY = "DAILY", _("One mail a day")

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, primary_key=True, related_name="+")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    zone = models.CharField(max_length=64, default=LAGOS)
    digest = models.CharField(max_length=5, choices=Digest.choices, default=Digest.OFF)
    digest_hour = models.PositiveSmallIntegerField(default=8)

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="notification_settings_quiet_hours",
            ),
            models.CheckConstraint(
                condition=Q(digest__in=["OFF", "DAILY"], digest_hour__lte=23),
                name="notification_settings_digest",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class DeliveryQuerySet(models.QuerySet["NotificationDelivery"]):
    def due(self, at: datetime) -> "DeliveryQuerySet":
        """Those whose time has come, and those whom a worker took and never came back from."""
        return self.filter(state__in=NotificationDelivery.OPEN, not_before__lte=at)


class NotificationDelivery(models.Model):
    """That a notice is to reach its person by one channel outside our pages, once.

    `not_before` is when it may be tried; while a worker has it (SENDING), when another may take it instead. `tries`
    counts how often it was taken, and tells a worker that comes back too late that it is no longer its own. What a
    daily mail gathers has the hour of that mail as `digest_at`.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        SENDING = "SENDING", _("Being sent")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Failed")
        SKIPPED = "SKIPPED", _("Not sent")

    OPEN = (State.WAITING, State.SENDING)

    class Reason(models.TextChoices):
        """Why it was not sent, or not yet."""

        UNAVAILABLE = "unavailable", _("The service that sends did not answer")
        REFUSED = "refused", _("The service that sends refused it")
        FAULT = "fault", _("It could not be put into words; the error log says more")
        GAVE_UP = "gave_up", _("Tried as often as we try, to no end")
        READ = "read", _("Read on our pages before its time came")
        UNWANTED = "unwanted", _("Switched off before its time came")
        NO_ADDRESS = "no_address", _("No address or number any more")
        CLOSED = "closed", _("The account is closed")
        TOO_OLD = "too_old", _("Too old to be news when it was taken up")
        NOT_OFFERED = "not_offered", _("The channel is no longer offered")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=6, choices=Channel.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField()
    digest_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=12, choices=Reason.choices, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification delivery")
        verbose_name_plural = _("notification deliveries")
        permissions = [("send_notice_again", _("Can have a notice sent again that failed"))]
        indexes = [
            models.Index(
                fields=["channel", "not_before"],
                condition=Q(state__in=["WAITING", "SENDING"]),
                name="delivery_due",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(channel__in=["EMAIL", "SMS", "PUSH"]), name="delivery_channel_outside"
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at=None)),
                name="delivery_sent_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"
