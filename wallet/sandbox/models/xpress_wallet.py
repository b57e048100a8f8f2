from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

WORDS = {
    "BANK_TRANSFER": _("Payout"),
    "WALLET_FUNDED_THROUGH_BANK_TRANSFER": _("Paid in"),
    "REVERSAL": _("Sent back"),
    "MERCHANT_WALLET_FUNDED": _("Our wallet, by hand"),
}


class SandboxXpressWallet(models.Model):
    """A wallet at Xpress Wallet: the merchant's, which has no customer, or one customer's with an account number.

    Money is naira here as there, with parts of a kobo.
    """

    customer_id = models.CharField(max_length=40, unique=True, null=True)
    number = models.CharField(max_length=10, unique=True)
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    metadata = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    balance = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(customer_id__isnull=False), name="sandbox_xpress_phone_once"
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="sandbox_xpress_wallet_covered"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip().upper() or "ALAJO"


class SandboxXpressRow(models.Model):
    """One movement of a wallet there, or one that failed; `about` is our reference, which faults are narrowed by."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        SUCCESS = "success", _("Done")
        FAILED = "failed", _("Failed")

    wallet = models.ForeignKey(SandboxXpressWallet, on_delete=models.CASCADE, related_name="rows")
    reference = models.CharField(max_length=40, unique=True)
    about = models.CharField(max_length=100, blank=True, db_index=True)
    category = models.CharField(max_length=40)
    is_debit = models.BooleanField()
    currency = models.CharField(max_length=3, default="NGN")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    fee = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    vat = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    balance_before = models.DecimalField(max_digits=20, decimal_places=4)
    balance_after = models.DecimalField(max_digits=20, decimal_places=4)
    source = models.CharField(max_length=100, blank=True)
    destination = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=250, blank=True)
    metadata = models.JSONField(default=dict)
    status = models.CharField(max_length=7, choices=Status, default=Status.SUCCESS)
    session_id = models.CharField(max_length=30, blank=True)
    quirks = models.JSONField(default=list)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee + self.vat

    @property
    def what(self) -> str:
        """Its category in words."""
        return str(WORDS.get(self.category, self.category))

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_payout(self) -> bool:
        return self.is_debit and self.category == "BANK_TRANSFER"
