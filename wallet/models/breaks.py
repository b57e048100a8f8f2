"""Where the two sides do not fit, and what became of it; the days that were found to fit and closed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7
from wallet.models.ledger import Account


class BreakQuerySet(models.QuerySet["Break"]):
    def unresolved(self) -> "BreakQuerySet":
        return self.exclude(state=Break.State.RESOLVED)

    def open(self) -> "BreakQuerySet":
        return self.filter(state=Break.State.OPEN)

    def aged(self, step: str, *, at: datetime) -> "BreakQuerySet":
        """Those as old as a step of `Break.AGES`, by when the money moved."""
        youngest, oldest = Break.AGES[step]
        found = self.filter(happened_at__lte=at - timedelta(days=youngest))
        return found.filter(happened_at__gt=at - timedelta(days=oldest)) if oldest else found


class Break(models.Model):
    """A group of rows and postings whose sums differ. Once resolved it stays so; the same group may break anew.

    `gateway_amount` and `book_amount` are None where a side has nothing. OPEN keeps its day from closing, EXPLAINED is
    known and accepted for now, RESOLVED fits.
    """

    class Kind(models.TextChoices):
        MISSING_IN_BOOKS = "MISSING_IN_BOOKS", _("Not in our books")
        MISSING_AT_GATEWAY = "MISSING_AT_GATEWAY", _("Not at the gateway")
        AMOUNT = "AMOUNT", _("Amounts differ")
        FEE = "FEE", _("Fees differ")
        DUPLICATE = "DUPLICATE", _("Twice at the gateway")
        CURRENCY = "CURRENCY", _("Another currency")

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        EXPLAINED = "EXPLAINED", _("Explained")
        RESOLVED = "RESOLVED", _("Resolved")

    # Days from, and to (None: any older).
    AGES = {"day": (0, 1), "week": (1, 7), "month": (7, 30), "older": (30, None)}
    STEPS = (
        ("day", _("Under a day")),
        ("week", _("Under a week")),
        ("month", _("Under a month")),
        ("older", _("Longer")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Accounts are never deleted: a key would only cost, as in the ledger itself.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    key = models.UUIDField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    gateway_amount = models.BigIntegerField(null=True)
    book_amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    happened_at = models.DateTimeField()
    reference = models.CharField(max_length=120, blank=True)
    explanation = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    objects = BreakQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        permissions = [("reconcile", "Can match, take apart and explain differences")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "account"], condition=~Q(state="RESOLVED"), name="break_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="EXPLAINED") | ~Q(explanation=""), name="break_explained_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="RESOLVED", resolved_at__isnull=False)
                | (~Q(state="RESOLVED") & Q(resolved_at__isnull=True)),
                name="break_resolved_when",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "day"], name="break_of_day"),
            models.Index(fields=["happened_at"], condition=Q(state="OPEN"), name="break_by_age"),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.key)

    @property
    def difference(self) -> int:
        """What the books have more than the gateway."""
        return (self.book_amount or 0) - (self.gateway_amount or 0)


class BreakChange(models.Model):
    """One step in a difference's life. Never changed."""

    break_found = models.ForeignKey(
        Break, on_delete=models.PROTECT, related_name="changes", db_constraint=False
    )
    was = models.CharField(max_length=9, blank=True)
    state = models.CharField(max_length=9, choices=Break.State.choices)
    kind = models.CharField(max_length=20, choices=Break.Kind.choices)
    gateway_amount = models.BigIntegerField(null=True)
    book_amount = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    actor_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("change of a difference")
        verbose_name_plural = _("changes of differences")

    def __str__(self) -> str:
        return f"{self.break_found_id} {self.state}"


class ReconciledDay(models.Model):
    """That a clearing account was found to fit on a day, and closed: one person proposed it, another approved.

    `figures` is what both saw, `signature` its sha256. `opening_difference` is what lies before the first row we have.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    figures = models.JSONField()
    signature = models.CharField(max_length=64)
    opening_difference = models.BigIntegerField(default=0)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reconciled day")
        verbose_name_plural = _("reconciliation")
        permissions = [
            ("propose_day", "Can propose that a day is closed"),
            ("approve_day", "Can approve that a day is closed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="reconciled_day_once"),
            models.CheckConstraint(
                condition=~Q(checked_by=F("made_by")) & ~Q(signature=""), name="reconciled_day_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day}"


class SuspenseItem(models.Model):
    """Money that was put aside because nobody knew whose it is; until a posting gave it to somebody.

    Written by who follows the books (wallet/sql/suspense.sql): its id is the transaction's.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    posting_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=40)
    description = models.CharField(max_length=500, blank=True)
    suspended_at = models.DateTimeField()
    attributed_by = models.UUIDField(null=True)
    attributed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("suspended amount")
        verbose_name_plural = _("suspense")
        indexes = [
            models.Index(fields=["posting_id"], name="suspense_of_posting"),
            models.Index(fields=["suspended_at"], condition=Q(attributed_by=None), name="suspense_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.id)
