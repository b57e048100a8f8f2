"""Money that goes back the way it came: because we send it, or because the payer's bank asks for it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.deposits import Payment, PaymentGateway
from wallet.models.ledger import Account, Currency
from wallet.models.money_in import SuspendedDeposit
from wallet.models.payouts import BankAccount

REFUND_UNNAMED = ("ASKED", "HELD", "UNKNOWN")
REFUND_OPEN = (*REFUND_UNNAMED, "PENDING", "NEEDS_ATTENTION")


class RefundQuerySet(models.QuerySet["Refund"]):
    def visible_to(self, user: Any) -> "RefundQuerySet":
        return self.filter(account__owner_id=user.pk).defer("reason")

    def open(self) -> "RefundQuerySet":
        return self.filter(state__in=REFUND_OPEN)

    def due(self, at: Any) -> "RefundQuerySet":
        return self.open().filter(next_check_at__lte=at)


class Refund(models.Model):
    """Money of a charge on its way back to who paid it, set aside on `account` until the gateway tells the outcome.

    A gateway knows no name of ours for a refund, so there is never more than one of a charge that it has not named yet:
    whatever it shows that we do not know is that one.
    """

    class State(models.TextChoices):
        ASKED = "ASKED", _("Being looked at")
        HELD = "HELD", _("Waiting to be sent")
        UNKNOWN = "UNKNOWN", _("No answer yet")
        PENDING = "PENDING", _("On its way")
        NEEDS_ATTENTION = "NEEDS_ATTENTION", _("Needs a bank account")
        SUCCEEDED = "SUCCEEDED", _("Paid back")
        FAILED = "FAILED", _("Not paid back")

    OPEN_STATES, UNNAMED_STATES = REFUND_OPEN, REFUND_UNNAMED

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # By which it was paid back; of what the account did not have, and we bear, by the second.
    posting_id = models.UUIDField(unique=True, null=True, editable=False)
    rest_posting_id = models.UUIDField(unique=True, null=True, editable=False)
    hold_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="refunds")
    suspended = models.ForeignKey(
        SuspendedDeposit, on_delete=models.PROTECT, null=True, related_name="refunds"
    )
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=100)
    gateway_refund = models.CharField(max_length=100, blank=True)
    amount = models.BigIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    # What of it the account did not have when the gateway had paid it back unasked: that part is ours to bear.
    shortfall = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.HELD)
    reason = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=140, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)
    checks = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    # Where its customer has it sent instead, when what it came from takes nothing.
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="refunds")

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        permissions = [
            ("propose_refund", "Can propose a refund"),
            ("approve_refund", "Can approve a refund"),
            ("settle_refund", "Can decide on a refund without an answer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "reference"],
                condition=models.Q(state__in=REFUND_UNNAMED),
                name="refund_one_unnamed",
            ),
            models.UniqueConstraint(
                fields=["gateway", "gateway_refund"],
                condition=~models.Q(gateway_refund=""),
                name="refund_known_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, shortfall__gte=0, shortfall__lte=models.F("amount")),
                name="refund_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(payment__isnull=False) ^ models.Q(suspended__isnull=False),
                name="refund_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="refund_of_account"),
            models.Index(fields=["gateway", "reference"], name="refund_of_charge"),
            models.Index(
                fields=["next_check_at"],
                condition=models.Q(next_check_at__isnull=False),
                name="refund_to_check",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def needs_account(self) -> bool:
        """Whether its customer should say where else it may go."""
        return self.state == self.State.NEEDS_ATTENTION and self.bank_account_id is None


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, user: Any) -> "DisputeQuerySet":
        return self.filter(account__owner_id=user.pk).defer("evidence")

    def open(self) -> "DisputeQuerySet":
        return self.filter(state=Dispute.State.OPEN)


class Dispute(models.Model):
    """The payer's bank asks for the money of a charge back. `held` of it is set aside until that is decided."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("Being decided")
        WON = "WON", _("Kept")
        LOST = "LOST", _("Taken back")

    class Answer(models.TextChoices):
        ACCEPT = "ACCEPT", _("Give the money back")
        DECLINE = "DECLINE", _("The payment was right")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # By which it was taken back; of what the account did not have, and we bear, by the second.
    posting_id = models.UUIDField(unique=True, null=True, editable=False)
    rest_posting_id = models.UUIDField(unique=True, null=True, editable=False)
    hold_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway_dispute = models.CharField(max_length=100)
    reference = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    held = models.BigIntegerField(default=0)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    due_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    evidence = models.TextField(max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    # When the gateway had taken the answer.
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        permissions = [("answer_dispute", "Can answer a dispute")]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "gateway_dispute"], name="dispute_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, held__gte=0, held__lte=models.F("amount")),
                name="dispute_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="dispute_of_account"),
            models.Index(fields=["due_at"], condition=models.Q(state="OPEN"), name="dispute_open"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.gateway_dispute}"

    @property
    def shortfall(self) -> int:
        """What we would bear (kobo) if it were taken back now."""
        return self.amount - self.held

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
