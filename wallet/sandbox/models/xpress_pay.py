from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SandboxXpressPayment(models.Model):
    """One payment as XpressPay knows it, from Initialize on. Amounts in kobo here, in naira on the wire."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Not paid yet")
        PAID = "PAID", _("Paid")
        FAILED = "FAILED", _("Declined")

    transaction_id = models.CharField(max_length=30, unique=True)
    access_code = models.CharField(max_length=20, unique=True)
    email = models.EmailField()
    currency = models.CharField(max_length=3)
    requested_amount = models.BigIntegerField()
    amount = models.BigIntegerField()
    callback_url = models.URLField(max_length=500, blank=True)
    metadata = models.JSONField(default=list)
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, requested_amount__gt=0), name="sandbox_xpress_amounts_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.transaction_id

    @property
    def is_paid(self) -> bool:
        return self.status == self.Status.PAID
