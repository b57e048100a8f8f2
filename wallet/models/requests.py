"""Money that people ask of one another: requests, bills they split, and links by which they are paid."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.ledger import Currency
from wallet.models.merchants import SLUG_LENGTH, new_slug

PERSON = settings.AUTH_USER_MODEL


class SplitBill(models.Model):
    """A bill that one person paid and others owe a share of. `own_share` is the payer's own; amounts in minor units."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=140)
    total = models.BigIntegerField()
    own_share = models.BigIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("split bill")
        verbose_name_plural = _("split bills")
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gt=0, own_share__gte=0) & Q(own_share__lt=models.F("total")),
                name="split_bill_amounts",
            )
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="split_bill_of_owner")]

    def __str__(self) -> str:
        return self.title


class PaymentRequestQuerySet(models.QuerySet["PaymentRequest"]):
    def visible_to(self, user: Any) -> "PaymentRequestQuerySet":
        """Those a person made, and those made of them; nothing of who they blocked."""
        return self.filter(Q(asker_id=user.pk) | (Q(payer_id=user.pk) & ~Exists(self._blocked())))

    def of_payer(self, user: Any) -> "PaymentRequestQuerySet":
        return self.filter(~Exists(self._blocked()), payer_id=user.pk)

    def open(self, at: datetime) -> "PaymentRequestQuerySet":
        return self.filter(state=PaymentRequest.State.OPEN, expires_at__gt=at)

    def _blocked(self) -> models.QuerySet["RequestBlock"]:
        return RequestBlock.objects.filter(owner=OuterRef("payer"), blocked=OuterRef("asker"))


class PaymentRequest(models.Model):
    """One person asks another for an amount (minor units). It is paid whole, by one transfer, or not at all.

    Whoever blocked the asker is never told of it and never sees it; to the asker it is a request like any other.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        PAID = "PAID", _("Paid")
        DECLINED = "DECLINED", _("Declined")
        CANCELLED = "CANCELLED", _("Taken back")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asker = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", db_index=False)
    payer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    note = models.CharField(max_length=140, blank=True)
    split = models.ForeignKey(SplitBill, on_delete=models.PROTECT, null=True, related_name="requests")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    posting_id = models.UUIDField(null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = PaymentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment request")
        verbose_name_plural = _("payment requests")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_request_amount"),
            models.CheckConstraint(condition=~Q(asker=models.F("payer")), name="payment_request_between_two"),
            models.CheckConstraint(
                condition=Q(state="OPEN", ended_at__isnull=True)
                | (~Q(state="OPEN") & Q(ended_at__isnull=False)),
                name="payment_request_ended",
            ),
            models.CheckConstraint(
                condition=Q(state="PAID", posting_id__isnull=False)
                | (~Q(state="PAID") & Q(posting_id__isnull=True)),
                name="payment_request_paid_by_a_posting",
            ),
        ]
        indexes = [
            models.Index(fields=["asker", "-id"], name="payment_request_of_asker"),
            models.Index(fields=["payer", "-id"], name="payment_request_of_payer"),
            models.Index(fields=["expires_at"], condition=Q(state="OPEN"), name="payment_request_to_expire"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class PaymentRequestChange(models.Model):
    """What happened to a request, in order: written once, never changed."""

    class Kind(models.TextChoices):
        ASKED = "ASKED", _("Asked")
        REMINDED = "REMINDED", _("Reminded")
        PAID = "PAID", _("Paid")
        DECLINED = "DECLINED", _("Declined")
        CANCELLED = "CANCELLED", _("Taken back")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(PaymentRequest, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    words = models.CharField(max_length=140, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("change of a payment request")
        verbose_name_plural = _("changes of payment requests")

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"


class RequestBlock(models.Model):
    """That somebody does not want to be asked for money by somebody else. Only the first ever sees it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+", db_index=False)
    blocked = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("block of requests")
        verbose_name_plural = _("blocks of requests")
        constraints = [
            models.UniqueConstraint(fields=["owner", "blocked"], name="request_block_once"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.blocked_id}"


class PayLink(models.Model):
    """A person's own address by which others send them money: an amount (minor units), or what the sender chooses."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=SLUG_LENGTH, unique=True, default=new_slug, editable=False)
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField(null=True)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    note = models.CharField(max_length=140, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("pay link")
        verbose_name_plural = _("pay links")
        constraints = [
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="pay_link_amount")
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="pay_link_of_owner")]

    def __str__(self) -> str:
        return self.slug
