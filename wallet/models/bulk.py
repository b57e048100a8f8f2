from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from core.ids import uuid7
from wallet.models.ledger import Account
from wallet.models.payouts import Payout


class BulkPayoutQuerySet(models.QuerySet["BulkPayout"]):
    def visible_to(self, user: Any) -> "BulkPayoutQuerySet":
        return self.filter(owner_id=user.pk)


class BulkPayout(models.Model):
    """Payouts that came as one file: looked at first, confirmed as a whole, then made row by row.

    It is a customer's (`owner`) or an organisation's; then `uploaded_by` and `confirmed_by` belong to that. With
    `takes_two` they are two people: it waited for another than whoever uploaded it.
    """

    class State(models.TextChoices):
        PREVIEW = "PREVIEW", _("Being looked at")
        WAITING = "WAITING", _("Waiting for a second person")
        RUNNING = "RUNNING", _("Being paid")
        DONE = "DONE", _("Done")
        CANCELLED = "CANCELLED", _("Not wanted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    takes_two = models.BooleanField(default=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    uploaded_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = BulkPayoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of payouts")
        verbose_name_plural = _("files of payouts")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(organization__isnull=True), name="bulk_payout_of_one"
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=True, takes_two=False)
                | Q(organization__isnull=False, uploaded_by__isnull=False),
                name="bulk_payout_uploaded_by",
            ),
            models.CheckConstraint(
                condition=Q(takes_two=False)
                | Q(confirmed_at__isnull=True)
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("uploaded_by"))),
                name="bulk_payout_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="bulk_payout_of_owner"),
            models.Index(
                fields=["organization", "-id"],
                condition=Q(organization__isnull=False),
                name="bulk_payout_of_org",
            ),
            models.Index(fields=["id"], condition=Q(state="RUNNING"), name="bulk_payout_running"),
        ]

    def __str__(self) -> str:
        return self.file_name


class BulkPayoutRowQuerySet(models.QuerySet["BulkPayoutRow"]):
    def visible_to(self, user: Any) -> "BulkPayoutRowQuerySet":
        return self.filter(bulk__owner_id=user.pk)


class BulkPayoutRow(models.Model):
    """A line of the file; its payout has this row's id, so there is one for it at most."""

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        WRONG = "WRONG", _("Cannot be paid")
        ORDERED = "ORDERED", _("Ordered")
        REFUSED = "REFUSED", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bulk = models.ForeignKey(BulkPayout, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()
    bank_code = models.CharField(max_length=20, blank=True)
    bank_name = models.CharField(max_length=120, blank=True)
    sealed = models.TextField(blank=True)
    last_four = models.CharField(max_length=4, blank=True)
    holder_name = models.CharField(max_length=200, blank=True)
    amount = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    note = models.CharField(max_length=140, blank=True)
    problems = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, related_name="bulk_row")

    objects = BulkPayoutRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a file of payouts")
        verbose_name_plural = _("lines of files of payouts")
        constraints = [models.UniqueConstraint(fields=["bulk", "number"], name="bulk_payout_row_once")]

    def __str__(self) -> str:
        return f"{self.bulk_id} {self.number}"
