from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from credit.models.applications import Application
from credit.models.providers import AutoRule, ProductTerms, Provider
from credit.titles import loan_number, titled


class BidQuerySet(models.QuerySet["Bid"]):
    def visible_to(self, user: Any) -> "BidQuerySet":
        """A borrower sees the offers made to them, a lender its own alone."""
        # Not by a join: a lender sees no row of the application.
        to_me, of_mine = Application.objects.visible_to(user), Provider.objects.visible_to(user)
        return self.filter(Q(application__in=to_me) | Q(provider__in=of_mine))

    def live(self, at: datetime) -> "BidQuerySet":
        return self.filter(state=Bid.State.LIVE, expires_at__gt=at)


class Bid(models.Model):
    """One offer of a lender for an application: a point, never a range. What it offers never changes.

    Amounts are minor units (kobo), rates percent a year; `count` instalments. `apr`, `total_payable` and `received` are
    worked out by us. `terms` is the one spelling of everything it binds to, `sha256` its hash. While it is live its
    amount, less its fees and with what it owes us, is held on the lender's account under `hold_id`. What it owes us
    (`our_fee`, and `our_tax` on it) is never a key of any order.
    """

    class State(models.TextChoices):
        LIVE = "LIVE", _("Open")
        SUPERSEDED = "SUPERSEDED", _("Replaced by a newer offer")
        WITHDRAWN = "WITHDRAWN", _("Taken back")
        EXPIRED = "EXPIRED", _("Expired")
        LOST = "LOST", _("Not chosen")
        ACCEPTED = "ACCEPTED", _("Chosen")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="bids", db_index=False
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="bids", db_index=False)
    product_terms = models.ForeignKey(ProductTerms, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(AutoRule, on_delete=models.PROTECT, null=True, related_name="bids")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by"
    )
    amount = models.BigIntegerField()
    count = models.PositiveSmallIntegerField()
    rate = models.DecimalField(max_digits=9, decimal_places=4)
    fees = models.BigIntegerField(default=0)
    received = models.BigIntegerField()
    total_payable = models.BigIntegerField()
    apr = models.DecimalField(max_digits=30, decimal_places=12)
    our_fee = models.BigIntegerField(default=0)
    our_tax = models.BigIntegerField(default=0)
    conditions = ArrayField(models.CharField(max_length=300), default=list)
    terms = models.TextField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LIVE)
    hold_id = models.UUIDField(unique=True)
    made_by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = BidQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "provider"], condition=Q(state="LIVE"), name="bid_live_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=1, count__gte=1), name="bid_amounts"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="bid_lasts"),
        ]
        indexes = [
            models.Index(fields=["application", "state"], name="bid_of_application"),
            models.Index(fields=["provider", "-id"], name="bid_of_provider"),
            models.Index(fields=["expires_at", "id"], condition=Q(state="LIVE"), name="bid_expiring"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def reserve(self) -> int:
        """What it sets aside: what the borrower receives, and what the lender owes us for it."""
        return self.received + self.our_fee + self.our_tax


class Contract(models.Model):
    """What a borrower accepted: the terms of one offer, or of a pool of them at its blended rate. Never changed.

    `terms` and `sha256` are what both sides sign; with one offer they are the offer's own. `rules` is what the schedule
    is made from, as data. A second listing makes a second contract; at most one goes on (`ended_at` null).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="contracts")
    amount = models.BigIntegerField()
    count = models.PositiveSmallIntegerField()
    rate = models.DecimalField(max_digits=14, decimal_places=10)
    fees = models.BigIntegerField(default=0)
    received = models.BigIntegerField()
    total_payable = models.BigIntegerField()
    apr = models.DecimalField(max_digits=30, decimal_places=12)
    cooling_off_days = models.PositiveSmallIntegerField()
    rules = models.JSONField()
    late = models.JSONField()
    terms = models.TextField()
    sha256 = models.CharField(max_length=64)
    accepted_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    cooling_off_until = models.DateTimeField(null=True)
    # The last day on which a part may be asked for; none where it is paid out whole.
    draw_until = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("loan contract")
        verbose_name_plural = _("loan contracts")
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(ended_at=None), name="contract_going_on_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def number(self) -> str:
        """The number that its loan has, or would have."""
        return loan_number(self.application_id)

    @property
    def staff_name(self) -> str:
        return titled(self.number, at=self.accepted_at)


class Share(models.Model):
    """How much of a contract one lender carries, at its own rate (percent a year); minor units. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="shares")
    bid = models.OneToOneField(Bid, on_delete=models.PROTECT, related_name="share")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="shares")
    amount = models.BigIntegerField()
    rate = models.DecimalField(max_digits=9, decimal_places=4)
    fees = models.BigIntegerField(default=0)
    our_fee = models.BigIntegerField(default=0)
    our_tax = models.BigIntegerField(default=0)
    # What it has set aside, from the acceptance on until the money is paid out or the contract ends.
    hold_id = models.UUIDField(unique=True)

    @property
    def received(self) -> int:
        """What the borrower receives of it: its fees are kept back."""
        return self.amount - self.fees

    class Meta:
        verbose_name = _("share of a loan")
        verbose_name_plural = _("shares of loans")
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="share_amount")]

    def __str__(self) -> str:
        return str(self.pk)


class Disbursement(models.Model):
    """That a signed share is to be paid out, under the posting's id: written first, so that it is paid once.

    A worker that dies leaves it DUE; what stands in the way (`code`) is tried again until somebody looks at it. An OPEN
    one is paid out in parts as the borrower asks for them, each under an id of its own; what is set aside for the rest
    is held under `hold_id`, before the first part under the share's.
    """

    class State(models.TextChoices):
        DUE = "DUE", _("To be paid out")
        OPEN = "OPEN", _("In parts, as it is asked for")
        PAID = "PAID", _("Paid out")
        STOPPED = "STOPPED", _("Stopped")

    share = models.OneToOneField(
        Share, on_delete=models.PROTECT, primary_key=True, related_name="disbursement"
    )
    posting_id = models.UUIDField(default=posting_id, unique=True, editable=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    hold_id = models.UUIDField(null=True, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payout of a share")
        verbose_name_plural = _("payouts of shares")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="DUE", next_try_at__isnull=False)
                | Q(state="OPEN", next_try_at=None, ended_at=None)
                | (~Q(state__in=("DUE", "OPEN")) & Q(next_try_at=None, ended_at__isnull=False)),
                name="disbursement_waits_or_ended",
            )
        ]
        indexes = [
            models.Index(fields=["next_try_at", "share"], condition=Q(state="DUE"), name="disbursement_due")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Signature(models.Model):
    """That one side signed a contract's very terms, and who did so for it. Append-only."""

    class Side(models.TextChoices):
        BORROWER = "BORROWER", _("Borrower")
        PROVIDER = "PROVIDER", _("Lender")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="signatures", db_index=False
    )
    side = models.CharField(max_length=8, choices=Side.choices)
    # The person, or the provider.
    party_id = models.UUIDField()
    by_id = models.UUIDField(null=True)
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            models.UniqueConstraint(fields=["contract", "side", "party_id"], name="signature_once")
        ]

    def __str__(self) -> str:
        return self.side
