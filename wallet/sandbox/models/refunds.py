from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wallet.sandbox.models.charges import SandboxCharge


class SandboxRefund(models.Model):
    """Money of a charge on its way back. At `due_at` the next thing happens to it. Amounts in kobo."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Ordered")
        PROCESSING = "PROCESSING", _("On its way")
        PROCESSED = "PROCESSED", _("Paid back")
        FAILED = "FAILED", _("Failed")
        NEEDS_ATTENTION = "NEEDS_ATTENTION", _("Wants an account")

    charge = models.ForeignKey(SandboxCharge, on_delete=models.CASCADE, related_name="refunds")
    reference = models.CharField(max_length=30, unique=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    customer_note = models.CharField(max_length=200, blank=True)
    merchant_note = models.CharField(max_length=200, blank=True)
    account = models.JSONField(default=dict)
    quirks = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="sandbox_refund_amount")]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.PROCESSED, self.Status.FAILED)


class DisputeQuerySet(models.QuerySet["SandboxDispute"]):
    def unresolved(self) -> "DisputeQuerySet":
        return self.exclude(status=SandboxDispute.Status.RESOLVED)


class SandboxDispute(models.Model):
    """The customer's bank asks for the money of a charge back. Amounts in kobo."""

    class Status(models.TextChoices):
        AWAITING_MERCHANT = "AWAITING_MERCHANT", _("Waiting for us")
        AWAITING_BANK = "AWAITING_BANK", _("Contested, waiting for the bank")
        RESOLVED = "RESOLVED", _("Resolved")

    charge = models.ForeignKey(SandboxCharge, on_delete=models.CASCADE, related_name="disputes")
    amount = models.BigIntegerField()
    status = models.CharField(max_length=20, choices=Status, default=Status.AWAITING_MERCHANT)
    resolution = models.CharField(max_length=30, blank=True)
    category = models.CharField(max_length=30, default="chargeback")
    message = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="sandbox_dispute_amount")]

    def __str__(self) -> str:
        return f"dispute {self.pk}"

    @property
    def is_resolved(self) -> bool:
        return self.status == self.Status.RESOLVED
