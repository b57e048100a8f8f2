"""How a customer pays in again without typing anything, and what came in that nobody is known for."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from wallet.models.deposits import Payment, PaymentGateway
from wallet.models.ledger import Account


class SavedCardQuerySet(models.QuerySet["SavedCard"]):
    def visible_to(self, user: Any) -> "SavedCardQuerySet":
        """A customer's own, without what could charge them."""
        return self.filter(owner_id=user.pk).defer("sealed", "card_index")


class SavedCard(models.Model):
    """A card that its owner asked us to keep. `sealed` is what charges it; a card that is removed leaves no row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.TextField()
    # A keyed hash of the card, the same whenever it pays: kept again, it takes the place of itself.
    card_index = models.CharField(max_length=64)
    brand = models.CharField(max_length=30)
    last4 = models.CharField(max_length=4)
    bank = models.CharField(max_length=80, blank=True)
    expires_month = models.PositiveSmallIntegerField()
    expires_year = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = SavedCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved card")
        verbose_name_plural = _("saved cards")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "owner", "card_index"], name="saved_card_once"),
            models.CheckConstraint(
                condition=models.Q(expires_month__gte=1, expires_month__lte=12), name="saved_card_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} •••• {self.last4}"


class DedicatedAccountQuerySet(models.QuerySet["DedicatedAccount"]):
    def visible_to(self, user: Any) -> "DedicatedAccountQuerySet":
        return self.filter(owner_id=user.pk)

    def standing(self) -> "DedicatedAccountQuerySet":
        """Asked for or given: of these a customer has one."""
        return self.filter(state__in=DedicatedAccount.STANDING)


class DedicatedAccount(models.Model):
    """A bank account number whose deposits are for one customer, given out by a gateway that was asked for it."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("Asked for")
        ACTIVE = "ACTIVE", _("In use")
        FAILED = "FAILED", _("Not given")
        CLOSED = "CLOSED", _("Closed")

    STANDING = (State.REQUESTED, State.ACTIVE)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    account_number = models.CharField(max_length=10, blank=True)
    account_name = models.CharField(max_length=150, blank=True)
    bank_name = models.CharField(max_length=80, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    gateway_account = models.CharField(max_length=100, blank=True)
    customer_code = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    # When its owner last had the gateway look for a transfer.
    searched_at = models.DateTimeField(null=True)

    objects = DedicatedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account number")
        verbose_name_plural = _("account numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(state__in=("REQUESTED", "ACTIVE")),
                name="dedicated_account_one_each",
            ),
            models.UniqueConstraint(
                fields=["gateway", "account_number"],
                condition=models.Q(state="ACTIVE"),
                name="dedicated_account_number_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ACTIVE") | ~models.Q(account_number=""),
                name="dedicated_account_active_has_number",
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "customer_code"], name="dedicated_account_by_customer"),
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="dedicated_account_to_ask",
            ),
        ]

    def __str__(self) -> str:
        return self.account_number or str(self.pk)


class SuspendedDepositQuerySet(models.QuerySet["SuspendedDeposit"]):
    def open(self) -> "SuspendedDepositQuerySet":
        return self.filter(state=SuspendedDeposit.State.OPEN)


class SuspendedDeposit(models.Model):
    """Money that came in and stands in suspense: nobody is known for it, or it is not what was asked for.

    `posting_id` is how it came in; nothing was posted where we keep no books in its currency. `resolved_by` is who
    gave it to a customer, by `resolved_posting_id`, or had it sent back.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Nobody’s yet")
        ATTRIBUTED = "ATTRIBUTED", _("Given to a customer")
        RETURNING = "RETURNING", _("On its way back")
        RETURNED = "RETURNED", _("Sent back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=100)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="suspended")
    posting_id = models.UUIDField(unique=True, default=posting_id, editable=False)
    is_posted = models.BooleanField(default=False)
    amount = models.BigIntegerField()
    currency_code = models.CharField(max_length=3)
    fee = models.BigIntegerField(null=True)
    why = models.CharField(max_length=40)
    # What the gateway says of who sent it, as far as it helps to find whose it is.
    sender = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    received_at = models.DateTimeField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_posting_id = models.UUIDField(null=True, unique=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    objects = SuspendedDepositQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspended deposit")
        verbose_name_plural = _("suspended deposits")
        permissions = [
            ("resolve_suspended", "Can propose whose a suspended deposit is, and send it back"),
            ("approve_suspended", "Can approve whose a suspended deposit is"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="suspended_deposit_once"),
            models.CheckConstraint(
                condition=~models.Q(state="ATTRIBUTED")
                | models.Q(account__isnull=False, resolved_posting_id__isnull=False),
                name="suspended_deposit_attributed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=models.Q(state="OPEN"), name="suspended_deposit_open"
            )
        ]

    def __str__(self) -> str:
        return self.reference
