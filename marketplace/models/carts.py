from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from core.money import MAX_AMOUNT
from marketplace.models.catalogue import Product, Variant
from marketplace.pricing import MOST_PIECES


class CartQuerySet(models.QuerySet["Cart"]):
    def visible_to(self, user: Any) -> "CartQuerySet":
        return self.filter(customer_id=user.pk)


class Cart(models.Model):
    """What somebody means to buy: a customer's one cart, or a guest's, found by the keyed digest of their token."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    token_digest = models.CharField(max_length=64, null=True, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now())

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False, token_digest=None)
                | Q(customer=None, token_digest__isnull=False),
                name="cart_of_one",
            )
        ]
        indexes = [models.Index(fields=["changed_at"], condition=Q(customer=None), name="cart_of_guest")]

    def __str__(self) -> str:
        return str(self.pk)


class CartItem(models.Model):
    """So many pieces of a variant; `price` (kobo) is what one cost when it was put in, to name what has changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("item in a cart")
        verbose_name_plural = _("items in carts")
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_item_once"),
            models.CheckConstraint(condition=Q(quantity__range=(1, MOST_PIECES)), name="cart_item_quantity"),
            models.CheckConstraint(condition=Q(price__range=(1, MAX_AMOUNT)), name="cart_item_price"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Wish(models.Model):
    """A product that somebody keeps in mind."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        constraints = [models.UniqueConstraint(fields=["customer", "product"], name="wish_once")]

    def __str__(self) -> str:
        return str(self.pk)


class Address(models.Model):
    """Where somebody has goods brought to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recipient = models.CharField(max_length=80)
    phone = models.CharField(max_length=20)
    line = models.CharField(max_length=200)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=40)
    landmark = models.CharField(max_length=200, blank=True)
    is_default = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_default=True, removed_at=None),
                name="address_default_once",
            )
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="address_of_customer")]

    def __str__(self) -> str:
        return str(self.pk)


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def visible_to(self, user: Any) -> "CheckoutQuerySet":
        return self.filter(customer_id=user.pk)


class Checkout(models.Model):
    """One purchase, of one order for each seller. `amount` (kobo) is what all of them come to.

    It reserves its goods until `expires_at`. `hold_id` sets the money aside; `posting_id` then moves it to escrow. Both
    are known before anything moves, so that whatever is killed when can be done again.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        PAID = "PAID", _("Paid")
        EXPIRED = "EXPIRED", _("Not paid in time")
        CANCELLED = "CANCELLED", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    address = models.ForeignKey(Address, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    amount = models.BigIntegerField(null=True)
    hold_id = models.UUIDField(default=uuid7, editable=False, unique=True)
    posting_id = models.UUIDField(default=posting_id, editable=False, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__range=(0, MAX_AMOUNT)), name="checkout_amount"
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", ended_at=None) | (~Q(state="OPEN") & Q(ended_at__isnull=False)),
                name="checkout_open_or_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="checkout_of_customer"),
            models.Index(fields=["expires_at", "id"], condition=Q(state="OPEN"), name="checkout_expiring"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Reservation(models.Model):
    """Pieces of a variant that are promised to a checkout. SQL makes and ends it (`sql/stock.sql`)."""

    class State(models.TextChoices):
        HELD = "HELD", _("Set aside")
        SOLD = "SOLD", _("Sold")
        RELEASED = "RELEASED", _("Given back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checkout = models.ForeignKey(
        Checkout, on_delete=models.PROTECT, related_name="reservations", db_index=False
    )
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(fields=["checkout", "variant"], name="reservation_once"),
            models.CheckConstraint(
                condition=Q(quantity__range=(1, MOST_PIECES)), name="reservation_quantity"
            ),
            models.CheckConstraint(
                condition=Q(state="HELD", ended_at=None) | (~Q(state="HELD") & Q(ended_at__isnull=False)),
                name="reservation_held_or_ended",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
