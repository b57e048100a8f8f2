"""What was paid to merchants, given back by them, and taken out."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from core.ids import posting_id, uuid7
from wallet.models.claims import Refund
from wallet.models.deposits import Payment
from wallet.models.ledger import Currency
from wallet.models.merchants import Merchant, PaymentLink, new_token, organizations_of


class MerchantPaymentQuerySet(models.QuerySet["MerchantPayment"]):
    def visible_to(self, user: Any) -> "MerchantPaymentQuerySet":
        return self.filter(organization__in=organizations_of(user))

    def paid(self) -> "MerchantPaymentQuerySet":
        return self.filter(state__in=MerchantPayment.PAID_STATES)


class MerchantPayment(models.Model):
    """Money for a merchant: from a customer's wallet at once, or from a stranger's card once its `payment` is settled.

    `fee` is what the merchant pays us for it, taxes included, and `quote` its parts as they were quoted when it began.
    With `at_own_gateway` the card was charged at the merchant's own gateway: nothing is posted, no fee is due.
    `refunded` is what was given back or is on its way; `state` follows what was. Amounts in minor units.
    """

    class Method(models.TextChoices):
        WALLET = "WALLET", _("From an Alajo account")
        CARD = "CARD", _("By card or bank")

    class State(models.TextChoices):
        INTENT = "INTENT", _("Started")
        PAID = "PAID", _("Paid")
        PARTLY_REFUNDED = "PARTLY_REFUNDED", _("Partly paid back")
        REFUNDED = "REFUNDED", _("Paid back")
        REVIEW = "REVIEW", _("Being looked into")
        FAILED = "FAILED", _("Not paid")
        EXPIRED = "EXPIRED", _("Expired")

    PAID_STATES = (State.PAID, State.PARTLY_REFUNDED, State.REFUNDED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="payments", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    link = models.ForeignKey(PaymentLink, on_delete=models.PROTECT, related_name="payments", db_index=False)
    method = models.CharField(max_length=6, choices=Method.choices)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="sold")
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    payer_name = models.CharField(max_length=80, blank=True)
    payer_email = models.EmailField(max_length=254, blank=True)
    note = models.CharField(max_length=140, blank=True)
    amount = models.BigIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    fee = models.BigIntegerField(default=0)
    quote = models.JSONField(default=dict)
    refunded = models.BigIntegerField(default=0)
    at_own_gateway = models.BooleanField(default=False)
    # A single-use link that two paid: the second is the merchant's to give back.
    is_extra = models.BooleanField(default=False)
    posting_id = models.UUIDField(unique=True, default=posting_id, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.INTENT)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    objects = MerchantPaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant payment")
        verbose_name_plural = _("merchant payments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, fee__gte=0, refunded__gte=0)
                & models.Q(refunded__lte=models.F("amount")),
                name="merchant_payment_amounts",
            ),
            models.CheckConstraint(
                condition=models.Q(method="CARD", payer_email__gt="", payment__isnull=False)
                | models.Q(method="WALLET", payer__isnull=False, payment__isnull=True),
                name="merchant_payment_by",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["PAID", "PARTLY_REFUNDED", "REFUNDED"], paid_at__isnull=False)
                | (
                    ~models.Q(state__in=["PAID", "PARTLY_REFUNDED", "REFUNDED"])
                    & models.Q(paid_at__isnull=True)
                ),
                name="merchant_payment_paid_at",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="merchant_payment_of_merchant"),
            models.Index(fields=["organization", "-id"], name="merchant_payment_of_org"),
            models.Index(fields=["link", "-id"], name="merchant_payment_of_link"),
            models.Index(
                fields=["merchant", "paid_at"],
                condition=models.Q(paid_at__isnull=False),
                name="merchant_payment_by_day",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_paid(self) -> bool:
        return self.state in self.PAID_STATES

    @property
    def is_open(self) -> bool:
        return self.state == self.State.INTENT

    @property
    def net(self) -> int:
        """What the merchant keeps of it, before anything is paid back."""
        return self.amount - self.fee

    @property
    def refundable(self) -> int:
        return self.amount - self.refunded if self.is_paid and not self.at_own_gateway else 0


class MerchantRefundQuerySet(models.QuerySet["MerchantRefund"]):
    def visible_to(self, user: Any) -> "MerchantRefundQuerySet":
        return self.filter(organization__in=organizations_of(user))


class MerchantRefund(models.Model):
    """A part of a payment, or all of it, that is given back. `posting_id` is chosen before anything is posted.

    To a wallet it goes at once. To a card it goes by a `refund` at the gateway, and `state` is that refund's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(MerchantPayment, on_delete=models.PROTECT, related_name="refunds")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="merchants")
    posting_id = models.UUIDField(unique=True)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=Refund.State.choices, default=Refund.State.SUCCEEDED)
    reason = models.CharField(max_length=140, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    objects = MerchantRefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant refund")
        verbose_name_plural = _("merchant refunds")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="merchant_refund_amount"),
            models.CheckConstraint(
                condition=models.Q(refund__isnull=False) | models.Q(state="SUCCEEDED"),
                name="merchant_refund_to_wallet_at_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="merchant_refund_of_org")]

    def __str__(self) -> str:
        return str(self.id)


class MerchantSettlementQuerySet(models.QuerySet["MerchantSettlement"]):
    def visible_to(self, user: Any) -> "MerchantSettlementQuerySet":
        return self.filter(organization__in=organizations_of(user))


class MerchantSettlement(models.Model):
    """Money that a merchant took out of its account, to the wallet of one of its owners."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlements")
    posting_id = models.UUIDField(unique=True)
    amount = models.BigIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = MerchantSettlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant settlement")
        verbose_name_plural = _("merchant settlements")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="merchant_settlement_amount")
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="merchant_settlement_of_org")]

    def __str__(self) -> str:
        return str(self.id)
