from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from wallet.models.ledger import Account, Currency


class PaymentGateway(models.Model):
    """A company that takes money in for us, or pays it out. Credentials are sealed; fees are to compare by only."""

    class Kind(models.TextChoices):
        PAYSTACK = "PAYSTACK", "Paystack"
        XPRESS_PAY = "XPRESS_PAY", "XpressPay"
        XPRESS_WALLET = "XPRESS_WALLET", "Xpress Wallet"

    code = models.SlugField(primary_key=True, max_length=30)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=60)
    currencies = models.JSONField(default=list)
    priority = models.PositiveSmallIntegerField(default=100)
    fee_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    fee_flat = models.BigIntegerField(default=0)
    fee_cap = models.BigIntegerField(null=True)
    # What it takes in one payment, in minor units; null says that it has no bound of its own.
    min_amount = models.BigIntegerField(null=True)
    max_amount = models.BigIntegerField(null=True)
    # The same of what it pays out, where it does.
    payout_fee_flat = models.BigIntegerField(default=0)
    payout_min_amount = models.BigIntegerField(null=True)
    payout_max_amount = models.BigIntegerField(null=True)
    active = models.BooleanField(default=True)
    credentials = models.TextField()

    # How the codes of those begin that merchants brought, whose money never comes to us.
    BROUGHT = "m-"

    class Meta:
        verbose_name = _("payment gateway")
        verbose_name_plural = _("payment gateways")
        permissions = [
            ("propose_credentials", _("Can propose new credentials of a gateway")),
            ("approve_credentials", _("Can approve new credentials of a gateway")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(min_amount__isnull=True)
                | models.Q(max_amount__isnull=True)
                | models.Q(min_amount__lte=models.F("max_amount")),
                name="gateway_amounts_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(payout_min_amount__isnull=True)
                | models.Q(payout_max_amount__isnull=True)
                | models.Q(payout_min_amount__lte=models.F("payout_max_amount")),
                name="gateway_payouts_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def first_currency(self) -> str:
        """What its limits and fees are in; naira where it takes nothing yet."""
        return str(self.currencies[0]) if self.currencies else "NGN"

    @property
    def is_brought(self) -> bool:
        return self.code.startswith(self.BROUGHT)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: Any) -> "PaymentQuerySet":
        return self.filter(account__owner_id=user.pk)

    def open(self) -> "PaymentQuerySet":
        return self.filter(state__in=Payment.OPEN_STATES)

    def not_in_balance(self) -> "PaymentQuerySet":
        """Those a customer still waits for: open, paid but held, or being looked into."""
        return self.filter(state__in=(*Payment.OPEN_STATES, Payment.State.HELD, Payment.State.REVIEW))

    def due(self, at: datetime) -> "PaymentQuerySet":
        """Those to ask the gateway about: a declined one may still be paid, so its time comes too."""
        return self.filter(next_check_at__lte=at).exclude(state__in=Payment.SETTLED_STATES)


class Payment(models.Model):
    """A deposit through a gateway. The posting's id is chosen before anyone is asked for money, so it posts once.

    `amount` is what was asked for, `fee` what the gateway kept, both in minor units.
    """

    class State(models.TextChoices):
        INTENT = "INTENT", _("Started")
        PENDING = "PENDING", _("Waiting for payment")
        SUCCEEDED = "SUCCEEDED", _("Paid")
        HELD = "HELD", _("Paid, waiting for an upgrade")
        REVIEW = "REVIEW", _("Being looked into")
        FAILED = "FAILED", _("Not paid")
        EXPIRED = "EXPIRED", _("Expired")

    class Method(models.TextChoices):
        CHECKOUT = "CHECKOUT", _("On the payment partner’s page")
        CARD = "CARD", _("By a saved card")
        TRANSFER = "TRANSFER", _("To their account number")

    OPEN_STATES = (State.INTENT, State.PENDING)
    SETTLED_STATES = (State.SUCCEEDED, State.HELD, State.REVIEW)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    posting_id = models.UUIDField(unique=True, default=posting_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments", db_index=False)
    gateway = models.ForeignKey(
        PaymentGateway, on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    # One that a gateway made for money nobody asked for may be longer than ours.
    reference = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    fee = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.INTENT)
    reason = models.CharField(max_length=200, blank=True)
    checkout_url = models.URLField(max_length=500, blank=True)
    # A keyed hash of the gateway's own fingerprint of the card, by which two customers of one card are found.
    card_index = models.CharField(max_length=64, blank=True, default="", db_default="")
    method = models.CharField(
        max_length=8, choices=Method.choices, default=Method.CHECKOUT, db_default=Method.CHECKOUT
    )
    # Whether it was paid by a card that may be charged again, so that its owner may be asked to keep it.
    card_offered = models.BooleanField(default=False, db_default=False)
    # The gateway's own id of the charge, by which its ledger names it.
    gateway_charge = models.CharField(max_length=100, blank=True, default="", db_default="")
    checks = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="payment_reference_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_amount_positive"),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="payment_of_account"),
            models.Index(
                fields=["next_check_at"],
                condition=models.Q(next_check_at__isnull=False),
                name="payment_to_check",
            ),
            models.Index(fields=["card_index"], condition=~models.Q(card_index=""), name="payment_by_card"),
            models.Index(
                fields=["gateway_charge"], condition=~models.Q(gateway_charge=""), name="payment_by_charge"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def is_paid(self) -> bool:
        return self.state in self.SETTLED_STATES

    @property
    def is_credited(self) -> bool:
        """Whether the money reached an account of the customer, so that its posting is theirs to see."""
        return self.state in (self.State.SUCCEEDED, self.State.HELD)


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    def waiting(self) -> "WebhookEventQuerySet":
        return self.filter(state__in=(WebhookEvent.State.RECEIVED, WebhookEvent.State.FAILED))


class WebhookEvent(models.Model):
    """What a gateway told us, as it came: kept raw, judged, processed once."""

    class State(models.TextChoices):
        RECEIVED = "RECEIVED", _("Waiting")
        PROCESSED = "PROCESSED", _("Processed")
        IGNORED = "IGNORED", _("Nothing to do")
        FAILED = "FAILED", _("Failed, will be tried again")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gateway = models.ForeignKey(PaymentGateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    event = models.CharField(max_length=100)
    reference = models.CharField(max_length=100, blank=True)
    dedupe_key = models.CharField(max_length=300)
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        permissions = [("replay_webhook", "Can have a webhook dealt with again")]
        constraints = [models.UniqueConstraint(fields=["gateway", "dedupe_key"], name="webhook_once")]
        indexes = [
            models.Index(fields=["reference"], name="webhook_by_reference"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(state__in=["RECEIVED", "FAILED"]),
                name="webhook_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.reference}"

    @property
    def is_waiting(self) -> bool:
        return self.state in (self.State.RECEIVED, self.State.FAILED)


class Case(models.Model):
    """Something about money that a person must look at: a wrong amount, an unknown reference, a customer's report."""

    class Kind(models.TextChoices):
        WRONG_AMOUNT = "WRONG_AMOUNT", _("Wrong amount")
        WRONG_CURRENCY = "WRONG_CURRENCY", _("Wrong currency")
        UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE", _("Unknown reference")
        LATE_PAYMENT = "LATE_PAYMENT", _("Account cannot take it")
        UNMAPPED_DEPOSIT = "UNMAPPED_DEPOSIT", _("Deposit that nobody is known for")
        UNKNOWN_PAYOUT = "UNKNOWN_PAYOUT", _("Payout without an answer")
        UNKNOWN_REFUND = "UNKNOWN_REFUND", _("Refund without an answer")
        DISPUTE = "DISPUTE", _("Disputed payment")
        BREAK = "BREAK", _("Difference found in reconciliation")
        REPORTED = "REPORTED", _("Reported by the customer")

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        CLOSED = "CLOSED", _("Closed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="cases")
    reference = models.CharField(max_length=100)
    data = models.JSONField(default=dict)
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="case_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
