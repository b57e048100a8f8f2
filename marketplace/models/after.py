"""What comes after the goods: money asked back, disputes, reviews. And what a seller takes in by file."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from marketplace.models.catalogue import Product
from marketplace.models.orders import Order, OrderItem
from marketplace.models.sellers import Seller


class RefundRequest(models.Model):
    """A buyer's wish for `amount` (kobo) of an order back; `refunded` of it went back by `posting_id`."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        GRANTED = "GRANTED", _("Granted")
        REFUSED = "REFUSED", _("Refused")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        DISPUTED = "DISPUTED", _("Disputed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refund_requests", db_index=False)
    amount = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=500)
    answer = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    posting_id = models.UUIDField(default=posting_id, editable=False, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("refund asked for")
        verbose_name_plural = _("refunds asked for")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="OPEN"), name="refund_request_open_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, refunded__range=(0, models.F("amount"))),
                name="refund_request_amounts",
            ),
        ]
        indexes = [models.Index(fields=["order", "-id"], name="refund_request_of_order")]

    def __str__(self) -> str:
        return str(self.pk)


class Dispute(models.Model):
    """An order that buyer and seller do not agree about. Staff decide: `refund` (kobo) goes back to the buyer."""

    class Outcome(models.TextChoices):
        BUYER = "BUYER", _("For the buyer")
        PART = "PART", _("In part")
        SELLER = "SELLER", _("For the seller")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="dispute")
    reason = models.CharField(max_length=1000)
    answer = models.CharField(max_length=1000, blank=True)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, blank=True)
    refund = models.BigIntegerField(null=True)
    posting_id = models.UUIDField(default=posting_id, editable=False, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dispute about an order")
        verbose_name_plural = _("disputes about orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", refund=None, decided_at=None)
                | (~Q(outcome="") & Q(refund__gte=0, decided_at__isnull=False)),
                name="dispute_decided",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(decided_at=None), name="order_dispute_open")]

    def __str__(self) -> str:
        return str(self.pk)


class Review(models.Model):
    """What a buyer says of an item they bought, once. One that is hidden counts for nothing."""

    class State(models.TextChoices):
        SHOWN = "SHOWN", _("Shown")
        HIDDEN = "HIDDEN", _("Hidden")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = models.OneToOneField(OrderItem, on_delete=models.PROTECT, related_name="review")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="reviews", db_index=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stars = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.SHOWN)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="review_stars")]
        indexes = [models.Index(fields=["product", "-id"], name="review_of_product")]

    def __str__(self) -> str:
        return str(self.pk)


class ReviewReport(models.Model):
    """Somebody's word that a review should not stand. Staff decide it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="reports", db_index=False)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("report of a review")
        verbose_name_plural = _("reports of reviews")
        constraints = [models.UniqueConstraint(fields=["review", "reporter"], name="review_report_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ProductImport(models.Model):
    """A file of products that a seller takes in: looked at first, then row by row. `errors` says what, in which row."""

    class State(models.TextChoices):
        PREVIEW = "PREVIEW", _("Looked at")
        RUNNING = "RUNNING", _("Being taken in")
        DONE = "DONE", _("Taken in")
        CALLED_OFF = "CALLED_OFF", _("Called off")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="imports", db_index=False)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    made_by_id = models.UUIDField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import of products")
        verbose_name_plural = _("imports of products")
        constraints = [
            models.CheckConstraint(condition=Q(rows_done__lte=models.F("rows")), name="product_import_rows")
        ]
        indexes = [models.Index(fields=["seller", "-id"], name="product_import_of_seller")]

    def __str__(self) -> str:
        return self.name
