from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval, Organization
from core.ids import uuid7
from wallet.models import Account

MOST_BASIS_POINTS = 10_000


class SellerQuerySet(models.QuerySet["Seller"]):
    def visible_to(self, user: Any) -> "SellerQuerySet":
        """Those of the organisations that somebody belongs to; an organisation's own program sees its own."""
        return self.filter(organization__in=Organization.objects.visible_to(user))


class Seller(models.Model):
    """An organisation that sells here. What its buyers paid goes to `account` once an order is completed.

    `ships_within` is days from payment until the goods are on their way, `return_days` days from delivery in which
    they may come back. Staff decide whether it sells; what a paused one lists, nobody finds.
    """

    class State(models.TextChoices):
        APPLIED = "APPLIED", _("Being looked at")
        APPROVED = "APPROVED", _("Sells")
        PAUSED = "PAUSED", _("Paused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="seller")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    display_name = models.CharField(max_length=80)
    about = models.CharField(max_length=500, blank=True)
    support_email = models.EmailField(max_length=254)
    ships_within = models.PositiveSmallIntegerField(default=3)
    return_days = models.PositiveSmallIntegerField(default=7)
    state = models.CharField(max_length=8, choices=State.choices, default=State.APPLIED)
    reason = models.CharField(max_length=300, blank=True)
    applied_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    objects = SellerQuerySet.as_manager()

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        permissions = [
            ("propose_seller", "Can propose to approve, price and pause sellers"),
            ("approve_seller", "Can approve to approve, price and pause sellers"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ships_within__range=(1, 30)), name="seller_ships_within"),
            models.CheckConstraint(condition=Q(return_days__range=(0, 90)), name="seller_return_days"),
        ]
        indexes = [models.Index(fields=["state"], name="seller_state")]

    def __str__(self) -> str:
        return self.display_name


class SellerCommission(models.Model):
    """What we keep of what a seller sells, in basis points, from a day on. Append-only."""

    id = models.BigAutoField(primary_key=True)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="commissions", db_index=False)
    from_date = models.DateField()
    basis_points = models.PositiveIntegerField()
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("seller's commission")
        verbose_name_plural = _("sellers' commissions")
        constraints = [
            models.UniqueConstraint(fields=["seller", "from_date"], name="seller_commission_once"),
            models.CheckConstraint(
                condition=Q(basis_points__lte=MOST_BASIS_POINTS), name="seller_commission_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller_id} {self.from_date}"
