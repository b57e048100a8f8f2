from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wallet.sandbox.models.people import SandboxCustomer


class SandboxCard(models.Model):
    """A card that paid, in the hands of one customer. By its code it may be charged again, where it is reusable."""

    customer = models.ForeignKey(
        SandboxCustomer, on_delete=models.CASCADE, related_name="cards", db_index=False
    )
    number = models.CharField(max_length=19)
    code = models.CharField(max_length=30, unique=True)
    signature = models.CharField(max_length=30)
    expires_month = models.PositiveSmallIntegerField()
    expires_year = models.PositiveSmallIntegerField()
    reusable = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="sandbox_card_once"),
        ]

    def __str__(self) -> str:
        return self.code


class SandboxCharge(models.Model):
    """One charge as Paystack knows it, from initialisation on. Amounts in kobo."""

    class Status(models.TextChoices):
        ABANDONED = "ABANDONED", _("Not paid yet")
        SUCCESS = "SUCCESS", _("Paid")
        FAILED = "FAILED", _("Declined")
        REVERSED = "REVERSED", _("Paid back")

    reference = models.CharField(max_length=100, unique=True)
    access_code = models.CharField(max_length=20, unique=True)
    email = models.EmailField()
    customer = models.ForeignKey(SandboxCustomer, on_delete=models.CASCADE, null=True, related_name="charges")
    currency = models.CharField(max_length=3)
    requested_amount = models.BigIntegerField()
    amount = models.BigIntegerField()
    fees = models.BigIntegerField(null=True)
    callback_url = models.URLField(max_length=500, blank=True)
    metadata = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ABANDONED)
    gateway_response = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=20, default="card")
    card = models.ForeignKey(SandboxCard, on_delete=models.CASCADE, null=True, related_name="charges")
    # What the bank still asks for before the card pays: PIN, PHONE, OTP, BANK, in this order.
    steps = models.JSONField(default=list)
    # Who sent it and into which account number, where that is how it came.
    sender = models.JSONField(default=dict)
    settlement = models.ForeignKey(
        "SandboxSettlement", on_delete=models.SET_NULL, null=True, related_name="charges"
    )
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
        return self.status in (self.Status.SUCCESS, self.Status.REVERSED)
