"""What the sandbox remembers. The wallet reaches none of it but over HTTP, as it would reach Paystack."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SandboxCharge(models.Model):
    """One charge as Paystack knows it, from initialisation on. Amounts in kobo."""

    class Status(models.TextChoices):
        ABANDONED = "ABANDONED", _("Not paid yet")
        SUCCESS = "SUCCESS", _("Paid")
        FAILED = "FAILED", _("Declined")

    reference = models.CharField(max_length=100, unique=True)
    access_code = models.CharField(max_length=20, unique=True)
    email = models.EmailField()
    currency = models.CharField(max_length=3)
    requested_amount = models.BigIntegerField()
    amount = models.BigIntegerField()
    fees = models.BigIntegerField(null=True)
    callback_url = models.URLField(max_length=500, blank=True)
    metadata = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ABANDONED)
    gateway_response = models.CharField(max_length=100, blank=True)
    card_number = models.CharField(max_length=19, blank=True)
    # Kinds of Fault that colour how this charge is told, in verify and webhook alike.
    quirks = models.JSONField(default=list)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, requested_amount__gte=0),
                name="sandbox_charge_amounts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_paid(self) -> bool:
        return self.status == self.Status.SUCCESS


class SandboxCustomer(models.Model):
    """Somebody who may be identified, by the code that Paystack gives out."""

    code = models.CharField(max_length=30, unique=True)
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class SandboxDelivery(models.Model):
    """One webhook: the exact body, and every attempt to bring it (when, which copy, HTTP status or error)."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("On its way")
        DELIVERED = "DELIVERED", _("Delivered")
        GIVEN_UP = "GIVEN_UP", _("Given up")
        DROPPED = "DROPPED", _("Dropped by a fault")

    charge = models.ForeignKey(SandboxCharge, on_delete=models.CASCADE, null=True, related_name="deliveries")
    customer = models.ForeignKey(
        SandboxCustomer, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    event = models.CharField(max_length=50)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    copies = models.PositiveSmallIntegerField(default=1)
    tries = models.PositiveSmallIntegerField(default=0)
    attempts = models.JSONField(default=list)
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(charge=None) ^ Q(customer=None), name="sandbox_delivery_of_one_thing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"

    @property
    def about(self) -> str:
        """The reference by which faults know what it tells of."""
        return self.charge.reference if self.charge else self.customer.code if self.customer else ""


def fault_kinds() -> list[tuple[str, Any]]:
    return Fault.Kind.choices


class Fault(models.Model):
    """A misbehaviour that the next `remaining` calls, payments or deliveries get, in order of making.

    `reference` narrows it to one charge and `endpoint` to one API call; empty means any.
    """

    class Kind(models.TextChoices):
        # An API call meets these.
        DELAY = "DELAY", _("Answer late, having done it (value: seconds)")
        BAD_GATEWAY_AFTER = "BAD_GATEWAY_AFTER", _("502 after doing it")
        BAD_GATEWAY_BEFORE = "BAD_GATEWAY_BEFORE", _("502 without doing it")
        HTML_503 = "HTML_503", _("503 with an HTML body")
        TOO_MANY = "TOO_MANY", _("429 (value: Retry-After, seconds)")
        WRONG_SHAPE = "WRONG_SHAPE", _("200 with a body that makes no sense")
        # A payment meets these.
        WRONG_AMOUNT = "WRONG_AMOUNT", _("Another amount asked for and paid (value: kobo)")
        UNDERPAID = "UNDERPAID", _("Less paid than asked for (value: kobo)")
        WRONG_CURRENCY = "WRONG_CURRENCY", _("Another currency (value: code)")
        CUSTOMER_BEARS_FEE = "CUSTOMER_BEARS_FEE", _("Customer bears the fee")
        NULL_FEES = "NULL_FEES", _("Fees null")
        METADATA_ZERO = "METADATA_ZERO", _("Metadata 0")
        AMOUNT_AS_STRING = "AMOUNT_AS_STRING", _("Amount as a string")
        DROP_WEBHOOK = "DROP_WEBHOOK", _("No webhook")
        DUPLICATE_WEBHOOK = "DUPLICATE_WEBHOOK", _("Webhook many times at once (value: how many)")
        WEBHOOK_DELAY = "WEBHOOK_DELAY", _("Webhook late (value: seconds)")
        # An attempt to deliver meets this.
        FORGED_SIGNATURE = "FORGED_SIGNATURE", _("Webhook signed with another key")

    class Endpoint(models.TextChoices):
        ANY = "", _("any call")
        INITIALIZE = "initialize", "initialize"
        VERIFY = "verify", "verify"
        BANK = "bank", "bank"
        RESOLVE = "resolve", "bank/resolve"
        CUSTOMER = "customer", "customer"
        IDENTIFY = "identify", "customer/…/identification"

    kind = models.CharField(max_length=20, choices=fault_kinds)
    value = models.CharField(max_length=20, blank=True)
    remaining = models.PositiveSmallIntegerField(default=1)
    reference = models.CharField(max_length=100, blank=True)
    endpoint = models.CharField(max_length=10, choices=Endpoint, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(remaining__gte=1), name="sandbox_fault_remaining_positive")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
