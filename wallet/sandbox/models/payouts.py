from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SandboxRecipient(models.Model):
    """A bank account that money may be sent to: the same account is the same recipient."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    account_number = models.CharField(max_length=10)
    bank_code = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_number", "bank_code", "currency"], name="sandbox_recipient_once"
            )
        ]

    def __str__(self) -> str:
        return self.code


class SandboxTransfer(models.Model):
    """Money sent to a recipient. At `due_at` the next thing happens to it, if anything does. Amounts in kobo."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", _("Waiting for approval")
        OTP = "OTP", _("Waiting for a code")
        PENDING = "PENDING", _("On its way")
        SUCCESS = "SUCCESS", _("Arrived")
        FAILED = "FAILED", _("Failed")
        REVERSED = "REVERSED", _("Came back")
        REJECTED = "REJECTED", _("Refused by us")
        BLOCKED = "BLOCKED", _("Not approved")
        ABANDONED = "ABANDONED", _("Code never given")

    WAITING = (Status.RECEIVED, Status.OTP, Status.PENDING)

    code = models.CharField(max_length=30, unique=True)
    reference = models.CharField(max_length=50, unique=True)
    recipient = models.ForeignKey(SandboxRecipient, on_delete=models.CASCADE, related_name="transfers")
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    session_id = models.CharField(max_length=30, blank=True)
    said = models.CharField(max_length=100, blank=True)
    quirks = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, fee__gte=0), name="sandbox_transfer_amounts")
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_waiting(self) -> bool:
        return self.status in self.WAITING

    @property
    def has_arrived(self) -> bool:
        return self.status == self.Status.SUCCESS


class SandboxBook(models.Model):
    """Our balance there, of one currency: whoever moves it holds this row."""

    currency = models.CharField(max_length=3, primary_key=True)
    balance = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.currency


class SandboxLedgerRow(models.Model):
    """One movement of our balance there, and the balance after it: each row starts where the last one ended."""

    currency = models.CharField(max_length=3)
    difference = models.BigIntegerField()
    balance = models.BigIntegerField()
    reason = models.CharField(max_length=100)
    # Transaction, Transfer or Refund, and which; else what put money in or took it away by hand.
    model_responsible = models.CharField(max_length=20)
    model_row = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(difference=0), name="sandbox_ledger_row_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.model_responsible} {self.model_row}"
