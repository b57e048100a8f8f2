from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SandboxCharge(models.Model):
    """One charge as Paystack knows it, from initialisation on. Amounts in kobo."""

    class Status(models.TextChoices):
        ABANDONED = "ABANDONED", _("Not paid yet")
        SUCCESS = "SUCCESS", _("Paid")
        FAILED = "FAILED", _("Declined")

    reference = models.CharField(max_length=100, unique=True)
    access_code = models.CharField(max_length=20, unique=True)
    email = models.EmailField()
    currency = models.CharField(max_length=3)
    requested_amount = models.BigIntegerField()
    amount = models.BigIntegerField()
    fees = models.BigIntegerField(null=True)
    callback_url = models.URLField(max_length=500, blank=True)
    metadata = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ABANDONED)
    gateway_response = models.CharField(max_length=100, blank=True)
    card_number = models.CharField(max_length=19, blank=True)
    # Kinds of Fault that colour how this charge is told, in verify and webhook alike.
    quirks = models.JSONField(default=list)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, requested_amount__gte=0),
                name="sandbox_charge_amounts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_paid(self) -> bool:
        return self.status == self.Status.SUCCESS
