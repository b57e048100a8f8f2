from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval, Organization
from core.ids import uuid7
from wallet.models import Account

MOST_RATE = 1000


class ProviderQuerySet(models.QuerySet["Provider"]):
    def visible_to(self, user: Any) -> "ProviderQuerySet":
        """Those of the organisations that somebody belongs to; an organisation's own program sees its own."""
        return self.filter(organization__in=Organization.objects.visible_to(user))

    def lending(self, on: date) -> "ProviderQuerySet":
        """Those that may offer on a day: active, and licensed that day."""
        return self.filter(state=Provider.State.ACTIVE, licensed_until__gte=on)


class Provider(models.Model):
    """An organisation that lends its own money on the marketplace, out of a ledger account of its own.

    What it may still promise is what that account has available: each live offer holds its amount there.
    """

    class State(models.TextChoices):
        APPLIED = "APPLIED", _("Being looked at")
        ACTIVE = "ACTIVE", _("Active")
        SUSPENDED = "SUSPENDED", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="provider")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    display_name = models.CharField(max_length=80)
    about = models.CharField(max_length=500, blank=True)
    licence_number = models.CharField(max_length=60)
    licensed_until = models.DateField(null=True)
    complaints_email = models.EmailField(max_length=254)
    complaints_phone = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.APPLIED)
    reason = models.CharField(max_length=300, blank=True)
    applied_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("lender")
        verbose_name_plural = _("lenders")
        permissions = [
            ("propose_provider", "Can propose to admit, price and suspend lenders"),
            ("approve_provider", "Can approve to admit, price and suspend lenders"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ACTIVE") | Q(licensed_until__isnull=False), name="provider_licensed"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="provider_state")]

    def __str__(self) -> str:
        return self.display_name


class Commission(models.Model):
    """What a provider owes us of what it lends, in percent, from a day on, and the tax on that. Append-only.

    No borrower pays it, and it never counts where offers are put in order.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="commissions", db_index=False
    )
    from_date = models.DateField()
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    tax = models.DecimalField(max_digits=7, decimal_places=4, default=Decimal("7.5"))
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("commission")
        verbose_name_plural = _("commissions")
        constraints = [
            models.UniqueConstraint(fields=["provider", "from_date"], name="commission_once"),
            models.CheckConstraint(
                condition=Q(percent__range=(0, 100), tax__range=(0, 100)), name="commission_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class LoanProduct(models.Model):
    """What a provider lends, by name. Its terms are versions, each from a day on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="products", db_index=False)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=300, blank=True)
    currency = models.ForeignKey(
        "wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    is_open = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("loan product")
        verbose_name_plural = _("loan products")
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="loan_product_named_once")]

    def __str__(self) -> str:
        return self.name


class ProductTermsQuerySet(models.QuerySet["ProductTerms"]):
    def in_force(self, on: date) -> "ProductTermsQuerySet":
        """The latest terms of each product that began by this day."""
        begun = self.filter(from_date__lte=on).order_by("product", "-from_date")
        return begun.distinct("product")


class ProductTerms(models.Model):
    """One version of what a product lends and how it is paid back; never changed.

    Amounts are minor units (kobo), rates and shares percent, terms a number of instalments. `rules` holds what a
    schedule is made from (`credit/terms_data.py`) and `late` the late charge, both as data. `lowest_rate` to
    `highest_rate` is what an offer may cost; a calculator shows the highest.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    product = models.ForeignKey(LoanProduct, on_delete=models.PROTECT, related_name="terms", db_index=False)
    from_date = models.DateField()
    least = models.BigIntegerField()
    most = models.BigIntegerField()
    shortest = models.PositiveSmallIntegerField()
    longest = models.PositiveSmallIntegerField()
    lowest_rate = models.DecimalField(max_digits=9, decimal_places=4)
    highest_rate = models.DecimalField(max_digits=9, decimal_places=4)
    fee_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    fee_fixed = models.BigIntegerField(default=0)
    rules = models.JSONField()
    late = models.JSONField()
    cooling_off_days = models.PositiveSmallIntegerField(default=3)
    conditions = ArrayField(models.CharField(max_length=300), default=list)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by_id = models.UUIDField(null=True)

    objects = ProductTermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("terms of a loan product")
        verbose_name_plural = _("terms of loan products")
        constraints = [
            models.UniqueConstraint(fields=["product", "from_date"], name="product_terms_once"),
            models.CheckConstraint(
                condition=Q(least__gte=1, most__gte=F("least")), name="product_terms_amounts"
            ),
            models.CheckConstraint(
                condition=Q(shortest__gte=1, longest__gte=F("shortest"), longest__lte=1200),
                name="product_terms_length",
            ),
            models.CheckConstraint(
                condition=Q(
                    lowest_rate__gte=0, highest_rate__gte=F("lowest_rate"), highest_rate__lte=MOST_RATE
                ),
                name="product_terms_rates",
            ),
            models.CheckConstraint(
                condition=Q(fee_percent__range=(0, 100), fee_fixed__gte=0), name="product_terms_fees"
            ),
            # Three working days is what the law asks; a lender may give more.
            models.CheckConstraint(
                condition=Q(cooling_off_days__range=(3, 30)), name="product_terms_cooling_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.from_date}"


class AutoRule(models.Model):
    """A provider's automatic bid: whoever's released file meets `conditions` is offered the product at `rate`.

    `conditions` maps a released field to its bounds (`credit/automatic.py`); what was not released meets none.
    Rules are tried by `position`; the first that fits makes the one offer a provider may have.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="rules", db_index=False)
    product = models.ForeignKey(LoanProduct, on_delete=models.PROTECT, related_name="rules")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    conditions = models.JSONField(default=dict)
    rate = models.DecimalField(max_digits=9, decimal_places=4)
    valid_days = models.PositiveSmallIntegerField(default=7)
    is_on = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("automatic bid rule")
        verbose_name_plural = _("automatic bid rules")
        constraints = [
            models.CheckConstraint(condition=Q(rate__range=(0, MOST_RATE)), name="auto_rule_rate"),
            models.CheckConstraint(condition=Q(valid_days__range=(1, 30)), name="auto_rule_days"),
        ]
        indexes = [models.Index(fields=["provider", "position", "id"], name="auto_rule_of_provider")]

    def __str__(self) -> str:
        return self.name


class ProviderMove(models.Model):
    """Money that a provider put in to lend, or took out again; minor units. Append-only."""

    class Kind(models.TextChoices):
        FUNDING = "FUNDING", _("Put in")
        WITHDRAWAL = "WITHDRAWAL", _("Taken out")

    posting_id = models.UUIDField(primary_key=True, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("lender's money in or out")
        verbose_name_plural = _("lenders' money in and out")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="provider_move_amount")]

    def __str__(self) -> str:
        return str(self.pk)
