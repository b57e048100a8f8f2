from datetime import date
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.money import MAX_AMOUNT
from marketplace.models.sellers import Seller

DEEPEST = 5
LONGEST_PATH = 300


class CategoryQuerySet(models.QuerySet["Category"]):
    def under(self, path: str) -> "CategoryQuerySet":
        """A category and all that stands below it."""
        return self.filter(Q(path=path) | Q(path__startswith=f"{path}/"))


class Category(models.Model):
    """A shelf of the shop. `path` is its slug behind those it stands under, `fashion/shoes`: the database makes it.

    A category neither moves nor changes its slug, so its address stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    slug = models.SlugField(max_length=50, db_index=False)
    path = models.CharField(max_length=LONGEST_PATH, unique=True, db_collation="C", editable=False)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.path or self.slug


class TaxClass(models.Model):
    """How goods are taxed, by name; the rate is a version of its own."""

    code = models.SlugField(primary_key=True, max_length=20)
    name = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("tax class")
        verbose_name_plural = _("tax classes")

    def __str__(self) -> str:
        return self.name


class TaxRateQuerySet(models.QuerySet["TaxRate"]):
    def on(self, day: date) -> "TaxRateQuerySet":
        """The rate of each class that holds on a day."""
        return self.filter(from_date__lte=day).order_by("tax_class", "-from_date").distinct("tax_class")


class TaxRate(models.Model):
    """The percent of value added tax contained in a class's prices, from a day on. Append-only."""

    id = models.BigAutoField(primary_key=True)
    tax_class = models.ForeignKey(TaxClass, on_delete=models.PROTECT, related_name="rates", db_index=False)
    from_date = models.DateField()
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    source = models.CharField(max_length=300)

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("rate of tax")
        verbose_name_plural = _("rates of tax")
        constraints = [
            models.UniqueConstraint(fields=["tax_class", "from_date"], name="tax_rate_once"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="tax_rate_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.tax_class_id} {self.from_date}"


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, user: Any) -> "ProductQuerySet":
        """Those that a person's organisations sell, in whatever state."""
        return self.filter(seller__in=Seller.objects.visible_to(user))


class Product(models.Model):
    """Something a seller sells. Prices and stock are its variants'.

    Kept by the database: `words`, what a search finds it by; `lowest_price` (kobo), the least that a variant costs
    today; `stars`, the mean of `reviews` reviews. `weight` is grams.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        IN_REVIEW = "IN_REVIEW", _("Being looked at")
        LIVE = "LIVE", _("On sale")
        PAUSED = "PAUSED", _("Paused")
        REMOVED = "REMOVED", _("Removed")

    CURRENCY = "NGN"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="products", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products", db_index=False)
    tax_class = models.ForeignKey(TaxClass, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=150)
    description = models.CharField(max_length=5000, blank=True)
    weight = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    reason = models.CharField(max_length=300, blank=True)
    words = SearchVectorField(null=True, editable=False)
    lowest_price = models.BigIntegerField(null=True, editable=False)
    stars = models.DecimalField(max_digits=3, decimal_places=2, null=True, editable=False)
    reviews_count = models.PositiveIntegerField(default=0, editable=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    live_at = models.DateTimeField(null=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="product_title"),
            models.CheckConstraint(condition=Q(weight__lte=1_000_000), name="product_weight"),
            models.CheckConstraint(
                condition=~Q(state="LIVE") | Q(lowest_price__isnull=False, live_at__isnull=False),
                name="product_live_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(stars=None, reviews_count=0) | Q(stars__range=(1, 5), reviews_count__gt=0),
                name="product_stars",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="product_of_state"),
            models.Index(fields=["seller", "-id"], name="product_of_seller"),
            models.Index(fields=["category", "-id"], name="product_of_category"),
            models.Index(fields=["tax_class"], name="product_of_tax_class"),
            GinIndex(fields=["words"], name="product_words"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="product_title_letters"),
        ]

    def __str__(self) -> str:
        return self.title


class Variant(models.Model):
    """One way a product is sold: `options` says which, as `{"Size": "42"}`; a product without options has one of `{}`.

    `stock` is pieces there are, `reserved` how many of them are promised to checkouts that go on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants", db_index=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="+", db_index=False)
    sku = models.CharField(max_length=60)
    options = models.JSONField(default=dict)
    stock = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["seller", "sku"], name="variant_sku_once"),
            models.UniqueConstraint(fields=["product", "options"], name="variant_options_once"),
            models.CheckConstraint(condition=~Q(sku=""), name="variant_sku"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("stock")), name="variant_not_oversold"
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def available(self) -> int:
        """Pieces that nobody has been promised."""
        return self.stock - self.reserved


class PriceQuerySet(models.QuerySet["Price"]):
    def on(self, day: date) -> "PriceQuerySet":
        return self.filter(valid__contains=day)


class Price(models.Model):
    """What a variant costs (kobo, value added tax included) on the days of `valid`; no two of them hold on one day."""

    id = models.BigAutoField(primary_key=True)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="prices", db_index=False)
    amount = models.BigIntegerField()
    valid = DateRangeField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            ExclusionConstraint(
                name="price_one_at_a_time",
                expressions=[("variant", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False, valid__startswith__isnull=False), name="price_valid"
            ),
            models.CheckConstraint(condition=Q(amount__range=(1, MAX_AMOUNT)), name="price_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.amount}"


class Picture(models.Model):
    """A picture of a product, by the name of its file in the bucket of product pictures; `text` says what it shows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="pictures", db_index=False)
    name = models.CharField(max_length=60, unique=True)
    text = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("picture of a product")
        verbose_name_plural = _("pictures of products")
        indexes = [models.Index(fields=["product", "position", "id"], name="picture_of_product")]

    def __str__(self) -> str:
        return self.name


class DeliveryOption(models.Model):
    """A way a seller brings its goods: what an order's delivery costs (kobo, tax included) and how many days it takes.

    `states` names the states of Nigeria that it goes to; none named is all. From `free_from` (kobo) it costs nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, related_name="delivery_options", db_index=False
    )
    name = models.CharField(max_length=80)
    amount = models.BigIntegerField(default=0)
    free_from = models.BigIntegerField(null=True)
    least_days = models.PositiveSmallIntegerField(default=1)
    most_days = models.PositiveSmallIntegerField(default=3)
    heaviest = models.PositiveIntegerField(null=True)
    states = models.JSONField(default=list)
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("delivery option")
        verbose_name_plural = _("delivery options")
        constraints = [
            models.UniqueConstraint(fields=["seller", "name"], name="delivery_option_named_once"),
            models.CheckConstraint(
                condition=Q(amount__range=(0, MAX_AMOUNT)) & (Q(free_from=None) | Q(free_from__gt=0)),
                name="delivery_option_amounts",
            ),
            models.CheckConstraint(
                condition=Q(most_days__gte=F("least_days"), most_days__lte=60), name="delivery_option_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name
