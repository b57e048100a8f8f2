from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id as new_posting
from core.ids import uuid7
from wallet.models.deposits import PaymentGateway
from wallet.models.ledger import Currency


class BankSettlement(models.Model):
    """What a gateway pays of our balance there into our own bank account, in minor units (kobo).

    `processed` is what was charged in it, `amount` what reaches the bank: less the gateway's fees, and less what was
    `deducted` for what it had paid out and back meanwhile. Once PAID it is posted, once, as money at our bank.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("On its way")
        PAID = "PAID", _("In our bank")
        FAILED = "FAILED", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway_settlement = models.CharField(max_length=100)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    processed = models.BigIntegerField()
    fees = models.BigIntegerField()
    deducted = models.BigIntegerField()
    amount = models.BigIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    paid_on = models.DateField()
    posting_id = models.UUIDField(unique=True, default=new_posting, editable=False)
    posted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("settlement into our bank")
        verbose_name_plural = _("settlements into our bank")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "gateway_settlement"], name="bank_settlement_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="bank_settlement_amount"),
        ]
        indexes = [models.Index(fields=["-paid_on"], name="bank_settlement_days")]

    def __str__(self) -> str:
        return self.gateway_settlement
