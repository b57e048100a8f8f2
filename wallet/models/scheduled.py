from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from wallet.models.ledger import Account
from wallet.models.payouts import BankAccount, Payout


class ScheduledTransferQuerySet(models.QuerySet["ScheduledTransfer"]):
    def visible_to(self, user: Any) -> "ScheduledTransferQuerySet":
        return self.filter(owner_id=user.pk)

    def due(self, on: date) -> "ScheduledTransferQuerySet":
        return self.filter(state=ScheduledTransfer.State.ACTIVE, next_date__lte=on)


class ScheduledTransfer(models.Model):
    """Money to be sent on a day or again and again, to a person's wallet or to a bank account, in minor units (kobo).

    `first_date` anchors the rhythm: each month on its day, or on the last day of a month that has none. `next_date` is
    the next day whose run is not made yet.
    """

    class Rhythm(models.TextChoices):
        ONCE = "ONCE", _("Once")
        DAILY = "DAILY", _("Every day")
        WEEKLY = "WEEKLY", _("Every week")
        MONTHLY = "MONTHLY", _("Every month")

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        PAUSED = "PAUSED", _("Paused")
        DONE = "DONE", _("Done")
        CANCELLED = "CANCELLED", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices)
    first_date = models.DateField()
    last_date = models.DateField(null=True)
    next_date = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScheduledTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled transfer")
        verbose_name_plural = _("scheduled transfers")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="scheduled_transfer_amount"),
            models.CheckConstraint(
                condition=Q(recipient__isnull=True) ^ Q(bank_account__isnull=True),
                name="scheduled_transfer_to_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ACTIVE", "PAUSED"], next_date__isnull=False, ended_at__isnull=True)
                | Q(state__in=["DONE", "CANCELLED"], next_date__isnull=True, ended_at__isnull=False),
                name="scheduled_transfer_goes_on",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="scheduled_transfer_of_owner"),
            models.Index(fields=["next_date"], condition=Q(state="ACTIVE"), name="scheduled_transfer_due"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def goes_on(self) -> bool:
        return self.state in (self.State.ACTIVE, self.State.PAUSED)


class ScheduledRunQuerySet(models.QuerySet["ScheduledRun"]):
    def visible_to(self, user: Any) -> "ScheduledRunQuerySet":
        return self.filter(schedule__owner_id=user.pk)


class ScheduledRun(models.Model):
    """One day of a scheduled transfer: there is one row for it, whoever finds it due, and so one payment.

    The payment's ids stand here before it is made: `posting_id` of a transfer, this row's own id of a payout.
    """

    class State(models.TextChoices):
        DUE = "DUE", _("Due")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Not sent")
        SKIPPED = "SKIPPED", _("Skipped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(
        ScheduledTransfer, on_delete=models.PROTECT, related_name="runs", db_index=False
    )
    due_date = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    posting_id = models.UUIDField(default=posting_id, editable=False)
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, related_name="scheduled_run")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScheduledRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled run")
        verbose_name_plural = _("scheduled runs")
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_date"], name="scheduled_run_once"),
            models.CheckConstraint(
                condition=Q(state="DUE", next_try_at__isnull=False, ended_at__isnull=True)
                | (~Q(state="DUE") & Q(next_try_at__isnull=True, ended_at__isnull=False)),
                name="scheduled_run_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="DUE"), name="scheduled_run_due"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_date}"
