"""Months that are closed: nothing is dated back into them. What is found out later is posted later, with a link."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7


class ClosedPeriodQuerySet(models.QuerySet["ClosedPeriod"]):
    def closed(self) -> "ClosedPeriodQuerySet":
        return self.filter(reopened_at=None)


class ClosedPeriod(models.Model):
    """That a Lagos month (`month`, its first day) was closed with these figures: the trial balance by kind of account.

    `digest` is the sha256 of the figures and of the digest of the month before. A month that was opened again keeps its
    row and gets another one when it is closed once more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    month = models.DateField()
    figures = models.JSONField()
    digest = models.CharField(max_length=64)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    reopening = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    reopened_at = models.DateTimeField(null=True)

    objects = ClosedPeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        permissions = [
            ("close_period", "Can close a month"),
            ("propose_reopening", "Can propose that a closed month is opened again"),
            ("approve_reopening", "Can approve that a closed month is opened again"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["month"], condition=Q(reopened_at=None), name="closed_period_once"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="closed_period_is_a_month"),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True, reopening__isnull=True)
                | Q(reopened_at__isnull=False, reopening__isnull=False),
                name="closed_period_reopened_by_approval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def is_closed(self) -> bool:
        return self.reopened_at is None


class Adjustment(models.Model):
    """What a posting puts right of a closed month: the month, and the posting that was wrong, where one was."""

    posting_id = models.UUIDField(primary_key=True, editable=False)
    month = models.DateField()
    adjusts = models.UUIDField(null=True)
    reason = models.CharField(max_length=500)
    actor_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="adjustment_of_a_month"),
            models.CheckConstraint(
                condition=Q(adjusts=None) | ~Q(adjusts=F("posting_id")), name="adjustment_of_another"
            ),
        ]
        indexes = [
            models.Index(fields=["month"], name="adjustment_by_month"),
            models.Index(fields=["adjusts"], condition=Q(adjusts__isnull=False), name="adjustment_of"),
        ]

    def __str__(self) -> str:
        return str(self.posting_id)
