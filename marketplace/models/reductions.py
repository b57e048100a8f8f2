from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from marketplace.models.carts import Checkout
from marketplace.models.sellers import Seller
from marketplace.promotions import Kind


class Promotion(models.Model):
    """What is taken off orders from `since` until `until`, by itself or, with a `code`, by a coupon that is typed.

    `value` is percent or kobo; `budget`, `given`, `most` and `least` are kobo. `only` names the ids of products,
    sellers and categories that it is for; none is all. A `seller`'s comes out of what they are left, else of ours.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, null=True, related_name="promotions")
    name = models.CharField(max_length=80)
    code = models.CharField(max_length=30, null=True)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    value = models.DecimalField(max_digits=20, decimal_places=4)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    most = models.BigIntegerField(null=True)
    least = models.BigIntegerField(default=0)
    only = ArrayField(models.UUIDField(), default=list)
    budget = models.BigIntegerField(null=True)
    given = models.BigIntegerField(default=0)
    uses_each = models.PositiveSmallIntegerField(null=True)
    is_combinable = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints = [
            models.UniqueConstraint(fields=["code"], name="promotion_code_once"),
            models.CheckConstraint(
                condition=Q(kind="PERCENT", value__gt=0, value__lte=100) | Q(kind="AMOUNT", value__gte=1),
                name="promotion_value",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="promotion_days"),
            models.CheckConstraint(
                condition=Q(given__gte=0, least__gte=0) & (Q(budget=None) | Q(given__lte=F("budget"))),
                name="promotion_within_budget",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromotionUse(models.Model):
    """What a promotion took off a checkout (kobo). One that ended unpaid gives it back: `returned_at`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="uses", db_index=False)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT, related_name="reductions")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("use of a promotion")
        verbose_name_plural = _("uses of promotions")
        constraints = [
            models.UniqueConstraint(fields=["promotion", "checkout"], name="promotion_use_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="promotion_use_amount"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
