from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.money import MAX_AMOUNT
from marketplace.models.carts import Checkout
from marketplace.models.catalogue import DeliveryOption, Variant
from marketplace.models.sellers import MOST_BASIS_POINTS, Seller
from marketplace.pricing import MOST_PIECES
from marketplace.states import State


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: Any) -> "OrderQuerySet":
        """What somebody bought, and what the organisations they belong to are to deliver."""
        return self.filter(Q(customer_id=user.pk) | Q(seller__in=Seller.objects.visible_to(user)))


class Order(models.Model):
    """What one seller is to deliver of a checkout. Amounts (kobo) and names are frozen when it was placed.

    `paid` is `goods` after `reduced`, and `delivery`; `tax` is contained in it. What is kept of it is worked out by
    `commission_points` (basis points) and `commission_tax` (percent). `refunded` is how much of it went back. It lapses
    at `lapses_at` where its next step was not taken, and is completed at `completes_at` where nobody objects.
    """

    State = State
    CURRENCY = "NGN"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT, related_name="orders", db_index=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="orders", db_index=False)
    seller_name = models.CharField(max_length=80)
    delivery_option = models.ForeignKey(DeliveryOption, on_delete=models.PROTECT, null=True, related_name="+")
    ship_to = models.JSONField()
    goods = models.BigIntegerField()
    reduced = models.BigIntegerField(default=0)
    delivery = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    paid = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0)
    commission_points = models.PositiveIntegerField()
    commission_tax = models.DecimalField(max_digits=7, decimal_places=4)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLACED)
    came_from = models.CharField(max_length=16, choices=State.choices, blank=True)
    return_days = models.PositiveSmallIntegerField()
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now())
    lapses_at = models.DateTimeField(null=True)
    completes_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["checkout", "seller"], name="order_of_seller_once"),
            models.CheckConstraint(
                condition=Q(
                    paid=F("goods") + F("delivery") - F("reduced"),
                    goods__range=(1, MAX_AMOUNT),
                    reduced__range=(0, F("goods")),
                    delivery__gte=0,
                    tax__range=(0, F("paid")),
                ),
                name="order_adds_up",
            ),
            models.CheckConstraint(condition=Q(refunded__range=(0, F("paid"))), name="order_refunded"),
            models.CheckConstraint(
                condition=Q(commission_points__lte=MOST_BASIS_POINTS), name="order_commission"
            ),
            models.CheckConstraint(
                condition=Q(state="REFUND_REQUESTED", came_from__in=("SHIPPED", "DELIVERED", "COMPLETED"))
                | (~Q(state="REFUND_REQUESTED") & Q(came_from="")),
                name="order_came_from",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="order_of_customer"),
            models.Index(fields=["seller", "state", "-id"], name="order_of_seller"),
            models.Index(
                fields=["lapses_at", "id"], condition=Q(lapses_at__isnull=False), name="order_lapsing"
            ),
            models.Index(
                fields=["completes_at", "id"],
                condition=Q(completes_at__isnull=False),
                name="order_completing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class OrderItem(models.Model):
    """A line of an order as it was bought. Append-only.

    `price` is kobo for one piece, `paid` kobo for all of them after `reductions` (kobo by promotion), `tax` kobo of
    `tax_percent` contained in it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="items", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=150)
    sku = models.CharField(max_length=60)
    options = models.JSONField(default=dict)
    price = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    reductions = models.JSONField(default=dict)
    paid = models.BigIntegerField()
    tax_percent = models.DecimalField(max_digits=7, decimal_places=4)
    tax = models.BigIntegerField()

    class Meta:
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="order_item_once"),
            models.CheckConstraint(condition=Q(quantity__range=(1, MOST_PIECES)), name="order_item_quantity"),
            models.CheckConstraint(
                condition=Q(
                    price__range=(1, MAX_AMOUNT),
                    paid__range=(0, F("price") * F("quantity")),
                    tax__range=(0, F("paid")),
                ),
                name="order_item_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} × {self.quantity}"


class OrderChange(models.Model):
    """One step of an order from state to state, and who took it. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    was = models.CharField(max_length=16, choices=State.choices)
    now = models.CharField(max_length=16, choices=State.choices)
    event = models.CharField(max_length=20)
    who = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("change of an order")
        verbose_name_plural = _("changes of orders")

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"


class OrderMove(models.Model):
    """What the ledger moved for an order (kobo), written with the posting that moved it. Append-only."""

    class Kind(models.TextChoices):
        ESCROW = "ESCROW", _("Set aside until it arrives")
        RELEASE = "RELEASE", _("To the seller")
        COMMISSION = "COMMISSION", _("Commission")
        COMMISSION_TAX = "COMMISSION_TAX", _("Tax on the commission")
        REFUND = "REFUND", _("Back to the buyer")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="moves")
    posting_id = models.UUIDField()
    kind = models.CharField(max_length=14, choices=Kind.choices)
    amount = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("money of an order")
        verbose_name_plural = _("money of orders")
        constraints = [
            models.UniqueConstraint(fields=["posting_id", "order", "kind"], name="order_move_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_move_amount"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Shipment(models.Model):
    """Goods of an order on their way, and what their carrier calls them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    carrier = models.CharField(max_length=80)
    tracking = models.CharField(max_length=80, blank=True)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = [
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(delivered_at__gte=F("shipped_at")), name="shipment_times"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
