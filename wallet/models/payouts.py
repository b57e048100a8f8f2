from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from core.ids import posting_id as new_posting
from core.ids import uuid7
from wallet.models.deposits import PaymentGateway
from wallet.models.ledger import Account, Currency


class Bank(models.Model):
    """A bank or another institution that a gateway pays out to, as it stood on the gateway's list when last read."""

    gateway = models.ForeignKey(
        PaymentGateway, on_delete=models.CASCADE, related_name="banks", db_index=False
    )
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    listed = models.BooleanField(default=True)
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = _("bank")
        verbose_name_plural = _("banks")
        constraints = [models.UniqueConstraint(fields=["gateway", "code"], name="bank_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class BankAccountQuerySet(models.QuerySet["BankAccount"]):
    def visible_to(self, user: Any) -> "BankAccountQuerySet":
        return self.filter(owner_id=user.pk)

    def saved(self) -> "BankAccountQuerySet":
        """Those on their owner's list: not removed, and not only paid once from a file."""
        return self.filter(saved=True, removed_at=None)


class BankAccount(models.Model):
    """An account at a bank that money may be paid out to, under the codes of the gateway that told its holder's name.

    The number is sealed at its place and found by a keyed index; only its end is shown. One that was removed stays, for
    what was paid to it.
    """

    class Holder(models.TextChoices):
        SELF = "SELF", _("In the owner's own name")
        SIMILAR = "SIMILAR", _("In a similar name")
        OTHER = "OTHER", _("In another name")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    bank_code = models.CharField(max_length=20)
    bank_name = models.CharField(max_length=120)
    sealed = models.TextField()
    blind_index = models.CharField(max_length=64)
    last_four = models.CharField(max_length=4)
    holder_name = models.CharField(max_length=200)
    holder = models.CharField(max_length=8, choices=Holder.choices)
    is_default = models.BooleanField(default=False)
    saved = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = BankAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(organization__isnull=True), name="bank_account_of_one"
            ),
            models.UniqueConstraint(
                fields=["owner", "gateway", "blind_index"],
                condition=Q(owner__isnull=False),
                name="bank_account_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "gateway", "blind_index"],
                condition=Q(organization__isnull=False),
                name="bank_account_of_organization_once",
            ),
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(is_default=True, owner__isnull=False),
                name="bank_account_one_default",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(removed_at__isnull=True, saved=True),
                name="bank_account_default_is_saved",
            ),
        ]
        indexes = [models.Index(fields=["gateway", "bank_code"], name="bank_account_at")]

    def __str__(self) -> str:
        return f"{self.bank_name} •••• {self.last_four}"


class PayoutQuerySet(models.QuerySet["Payout"]):
    def visible_to(self, user: Any) -> "PayoutQuerySet":
        return self.filter(account__owner_id=user.pk)

    def open(self) -> "PayoutQuerySet":
        return self.filter(state__in=Payout.OPEN_STATES)

    def due(self, at: datetime) -> "PayoutQuerySet":
        return self.filter(next_check_at__lte=at)


class Payout(models.Model):
    """Money on its way from an account of ours to one at a bank, in minor units (kobo).

    Everything is named before anybody is asked: the reference at the gateway, the hold, the postings. `amount` arrives,
    `fee` comes on top, and `fee_lines` say of what it is made; together they are the hold. UNKNOWN is what a payout is
    from the moment the gateway is called until its answer is stored: it may have been sent or not.
    """

    class State(models.TextChoices):
        HELD = "HELD", _("Set aside, not sent")
        UNKNOWN = "UNKNOWN", _("Without an answer")
        SENT = "SENT", _("On its way")
        SUCCEEDED = "SUCCEEDED", _("Paid out")
        FAILED = "FAILED", _("Not sent")
        RETURNED = "RETURNED", _("Came back")

    class Purpose(models.TextChoices):
        WITHDRAWAL = "WITHDRAWAL", _("Withdrawal")
        SCHEDULED = "SCHEDULED", _("Scheduled transfer")
        BULK = "BULK", _("Of a file")
        SETTLEMENT = "SETTLEMENT", _("A merchant's settlement")

    OPEN_STATES = (State.HELD, State.UNKNOWN, State.SENT)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=50)
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payouts", db_index=False)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="payouts")
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.WITHDRAWAL)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    fee_lines = models.JSONField(default=list)
    fee_schedule = models.CharField(max_length=40, blank=True)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    note = models.CharField(max_length=140, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    hold_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    posting_id = models.UUIDField(unique=True, default=new_posting, editable=False)
    gateway_fee_posting_id = models.UUIDField(unique=True, default=new_posting, editable=False)
    return_posting_id = models.UUIDField(unique=True, default=new_posting, editable=False)
    # By which the gateway's fee, or a part of it, came back with the money; null while none did.
    fee_return_posting_id = models.UUIDField(unique=True, null=True, editable=False)
    recipient = models.CharField(max_length=100, blank=True)
    gateway_transfer = models.CharField(max_length=100, blank=True)
    session = models.CharField(max_length=60, blank=True)
    gateway_fee = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    orders = models.PositiveSmallIntegerField(default=0)
    checks = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    objects = PayoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        permissions = [
            ("check_payout", "Can have the gateway asked about a payout"),
            ("propose_payout_outcome", "Can propose what became of a payout"),
            ("approve_payout_outcome", "Can approve what became of a payout"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="payout_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, fee__gte=0), name="payout_amounts"),
            models.CheckConstraint(
                condition=Q(state="UNKNOWN", unknown_since__isnull=False)
                | (~Q(state="UNKNOWN") & Q(unknown_since__isnull=True)),
                name="payout_unknown_since",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["HELD", "UNKNOWN", "SENT"], settled_at__isnull=True)
                | (~Q(state__in=["HELD", "UNKNOWN", "SENT"]) & Q(settled_at__isnull=False)),
                name="payout_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="payout_of_account"),
            models.Index(
                fields=["next_check_at"], condition=Q(next_check_at__isnull=False), name="payout_to_check"
            ),
            models.Index(fields=["unknown_since"], condition=Q(state="UNKNOWN"), name="payout_unknown"),
            models.Index(fields=["reference"], name="payout_by_reference"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def total(self) -> int:
        return self.amount + self.fee
