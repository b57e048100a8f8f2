from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SandboxSettlement(models.Model):
    """What Paystack pays of our balance into our bank account, in kobo: what was charged, less its fees and the rest.

    `deducted` is what our balance had less by then, for transfers and refunds were paid out of it.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", _("On its way")
        SUCCESS = "SUCCESS", _("Paid into the bank")
        FAILED = "FAILED", _("Failed")

    currency = models.CharField(max_length=3)
    processed = models.BigIntegerField()
    fees = models.BigIntegerField()
    deducted = models.BigIntegerField()
    amount = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    settles_on = models.DateField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=F("processed") - F("fees") - F("deducted"), amount__gt=0),
                name="sandbox_settlement_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.settles_on} {self.amount}"
