"""Organisations that are paid: what they are to us, and their payment links."""

import secrets
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization
from core.actors import OrganizationCaller
from core.ids import BASE62, uuid7
from wallet.models.deposits import PaymentGateway
from wallet.models.ledger import Account, Currency
from wallet.models.payouts import BankAccount

# 12 of 62 letters: 71 bits, which nobody finds by trying.
SLUG_LENGTH = 12
# The bucket of what is shown beside payment links.
PICTURES = "payment-links"


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

    def settling_daily(self, on: date) -> "MerchantQuerySet":
        """Those whose balance is sent by itself on this day."""
        return self.filter(state=Merchant.State.ACTIVE, settles_since__lte=on)


class Merchant(models.Model):
    """An organisation that takes money with us. What it was paid stands on `account`, which no person owns.

    Staff decide whether it may. With `own_gateway`, cards are charged at the merchant's own account with a gateway:
    that money never comes to us. With `settles_to`, the balance is sent to that bank account each day from
    `settles_since` on, where it is at least `settles_from` (minor units).
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
    settles_to = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="+")
    settles_from = models.BigIntegerField(null=True)
    settles_since = models.DateField(null=True)
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
            models.CheckConstraint(
                condition=models.Q(settles_to=None, settles_from=None, settles_since=None)
                | models.Q(settles_to__isnull=False, settles_from__gt=0, settles_since__isnull=False),
                name="merchant_settles_daily",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def brings_gateway(self) -> bool:
        return self.own_gateway_id is not None

    @property
    def settles_daily(self) -> bool:
        return self.settles_to_id is not None


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
    picture = models.CharField(max_length=60, blank=True)
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

    @property
    def picture_url(self) -> str:
        """Where a browser finds its picture; nothing where there is none."""
        return f"/storage/v1/object/public/{PICTURES}/{self.picture}" if self.picture else ""

    def is_expired(self, at: Any) -> bool:
        return self.expires_at is not None and self.expires_at <= at
