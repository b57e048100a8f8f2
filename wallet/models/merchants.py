"""Organisations that are paid: what they are to us, their payment links, and what was paid by them."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization
from core.actors import OrganizationCaller
from core.ids import BASE62, posting_id, uuid7
from wallet.models.deposits import Payment, PaymentGateway
from wallet.models.ledger import Account, Currency

# 12 of 62 letters: 71 bits, which nobody finds by trying.
SLUG_LENGTH = 12


def new_slug() -> str:
    return "".join(secrets.choice(BASE62) for _letter in range(SLUG_LENGTH))


def new_token() -> str:
    return secrets.token_urlsafe(24)


def organizations_of(user: Any) -> Any:
    """The open organisations that a person belongs to; to an organisation's own program, that one."""
    if isinstance(user, OrganizationCaller):
        return [user.pk]
    mine = Membership.objects.filter(user_id=user.pk, organization__closed_at=None)
    return mine.values("organization")


class MerchantQuerySet(models.QuerySet["Merchant"]):
    def visible_to(self, user: Any) -> "MerchantQuerySet":
        return self.filter(organization__in=organizations_of(user))


class Merchant(models.Model):
    """An organisation that takes money with us. What it was paid stands on `account`, which no person owns.

    Staff decide whether it may. With `own_gateway`, cards are charged at the merchant's own account with a gateway:
    that money never comes to us.
    """

    class State(models.TextChoices):
        APPLIED = "APPLIED", _("Applied")
        ACTIVE = "ACTIVE", _("Active")
        SUSPENDED = "SUSPENDED", _("Suspended")

    class Category(models.TextChoices):
        RETAIL = "RETAIL", _("Shop")
        FOOD = "FOOD", _("Food and drink")
        FASHION = "FASHION", _("Clothes and fabric")
        SERVICES = "SERVICES", _("Services")
        EDUCATION = "EDUCATION", _("School and courses")
        HEALTH = "HEALTH", _("Health")
        TRANSPORT = "TRANSPORT", _("Transport")
        GIVING = "GIVING", _("Gifts and donations")
        OTHER = "OTHER", _("Something else")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="merchant")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="merchant")
    display_name = models.CharField(max_length=60)
    category = models.CharField(max_length=20, choices=Category.choices)
    support_email = models.EmailField(max_length=254)
    support_phone = models.CharField(max_length=20, blank=True)
    own_gateway = models.ForeignKey(
        PaymentGateway, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    reason = models.CharField(max_length=500, blank=True)
    applied_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects = MerchantQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        permissions = [("decide_merchant", "Can let a merchant take money, and suspend it")]
        constraints = [
            models.UniqueConstraint(fields=["own_gateway"], name="merchant_gateway_of_one"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def brings_gateway(self) -> bool:
        return self.own_gateway_id is not None


class PaymentLinkQuerySet(models.QuerySet["PaymentLink"]):
    def visible_to(self, user: Any) -> "PaymentLinkQuerySet":
        return self.filter(organization__in=organizations_of(user))


class PaymentLink(models.Model):
    """What a merchant asks to be paid at an address of its own: `amount` (minor units), or what the payer chooses."""

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Open")
        PAUSED = "PAUSED", _("Paused")
        USED = "USED", _("Paid")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=SLUG_LENGTH, unique=True, default=new_slug, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="links", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    success_message = models.CharField(max_length=300, blank=True)
    amount = models.BigIntegerField(null=True)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    single_use = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    objects = PaymentLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment link")
        verbose_name_plural = _("payment links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0), name="payment_link_amount"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="USED") | models.Q(single_use=True), name="payment_link_used_once"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="payment_link_of_merchant"),
            models.Index(fields=["organization", "-id"], name="payment_link_of_org"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_expired(self, at: Any) -> bool:
        return self.expires_at is not None and self.expires_at <= at


class MerchantPaymentQuerySet(models.QuerySet["MerchantPayment"]):
    def visible_to(self, user: Any) -> "MerchantPaymentQuerySet":
        return self.filter(organization__in=organizations_of(user))

    def paid(self) -> "MerchantPaymentQuerySet":
        return self.filter(state__in=MerchantPayment.PAID_STATES)


class MerchantPayment(models.Model):
    """Money for a merchant: from a customer's wallet at once, or from a stranger's card once its `payment` is settled.

    `fee` is what the merchant pays us for it, taxes included, and `quote` its parts as they were quoted when it began.
    With `at_own_gateway` the card was charged at the merchant's own gateway: nothing is posted, no fee is due. Amounts
    in minor units.
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
    """A part of a payment, or all of it, that a merchant gave back. `posting_id` is chosen before it is posted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(MerchantPayment, on_delete=models.PROTECT, related_name="refunds")
    posting_id = models.UUIDField(unique=True)
    amount = models.BigIntegerField()
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
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="merchant_refund_amount")
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
