from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from savings.models.groups import SavingsGroup
from savings.models.plans import PlanTerms, SavingsPlan
from wallet.models import Account

_RANDOM = (1 << 80) - 1


class UserSavingsQuerySet(models.QuerySet["UserSavings"]):
    def visible_to(self, user: Any) -> "UserSavingsQuerySet":
        return self.filter(user_id=user.pk)


class UserSavings(models.Model):
    """What one person saves under a plan, in a ledger account of its own. Amounts are minor units (kobo).

    A saving with an end keeps the terms that it was opened under; one without follows its plan's.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Not started")
        ACTIVE = "ACTIVE", _("Active")
        PAUSED = "PAUSED", _("Paused")
        FROZEN = "FROZEN", _("Frozen")
        MATURED = "MATURED", _("Matured")
        BROKEN = "BROKEN", _("Broken early")
        CLOSED = "CLOSED", _("Closed")
        ROLLED_OVER = "ROLLED_OVER", _("Rolled over")
        PAID_OUT = "PAID_OUT", _("Paid out")
        CANCELLED = "CANCELLED", _("Cancelled")

    class AtMaturity(models.TextChoices):
        PAY_OUT = "PAY_OUT", _("Pay all of it to my wallet")
        ROLL_PRINCIPAL = "ROLL_PRINCIPAL", _("Save again, and pay the interest to my wallet")
        ROLL_ALL = "ROLL_ALL", _("Save all of it again")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    plan = models.ForeignKey(SavingsPlan, on_delete=models.PROTECT, related_name="savings")
    terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, related_name="+", null=True)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    target = models.BigIntegerField(null=True)
    target_date = models.DateField(null=True)
    opened_on = models.DateField(null=True)
    matures_on = models.DateField(null=True)
    at_maturity = models.CharField(max_length=14, choices=AtMaturity.choices, default=AtMaturity.PAY_OUT)
    group = models.ForeignKey(SavingsGroup, on_delete=models.PROTECT, null=True, related_name="savings")
    rolled_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="rolled_into"
    )
    # Interest for the whole term that was paid on the first day, and the tax withheld of it.
    paid_at_start = models.BigIntegerField(default=0)
    tax_at_start = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    objects = UserSavingsQuerySet.as_manager()

    class Meta:
        verbose_name = _("saving")
        verbose_name_plural = _("savings")
        permissions = [
            ("freeze_saving", "Can freeze savings and lift that"),
            ("retry_parked", "Can have the days of a parked saving closed again"),
            ("propose_backdated", "Can propose back-dated entries"),
            ("approve_backdated", "Can approve back-dated entries"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(target=None) | Q(target__gt=0), name="saving_target"),
            models.CheckConstraint(
                condition=Q(matures_on=None) | Q(matures_on__gt=models.F("opened_on")), name="saving_matures"
            ),
            models.UniqueConstraint(
                fields=["group", "user"],
                condition=Q(state__in=("DRAFT", "ACTIVE", "PAUSED", "FROZEN", "MATURED")),
                name="saving_in_group_once",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="saving_of_user"),
            models.Index(
                fields=["matures_on", "id"],
                condition=Q(state__in=("ACTIVE", "PAUSED", "MATURED")),
                name="saving_maturing",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """How far a saving's interest is worked out: the one row that the daily roll changes.

    `balance` is what earns on `next_day`, the first day that is not closed yet; minor units. `carry` is what was
    earned and not paid, `capital` how much of it earns itself. A parked saving waits for someone to look at it.
    """

    saving = models.OneToOneField(
        UserSavings, on_delete=models.PROTECT, primary_key=True, related_name="position"
    )
    account_id = models.UUIDField()
    plan_id = models.UUIDField()
    terms_id = models.UUIDField(null=True)
    term = models.PositiveIntegerField(default=0)
    next_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    earns = models.BooleanField(default=True)
    balance = models.BigIntegerField(default=0)
    carry = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    capital = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    parked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        indexes = [
            models.Index(fields=["parked_at"], condition=Q(parked_at__isnull=False), name="position_parked")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Move(models.Model):
    """What came into a saving or left it by somebody's will, with the day from which it counts. Append-only.

    `amount` is minor units, below zero for what left. Interest and its tax stand in the accruals.
    """

    class Kind(models.TextChoices):
        CONTRIBUTION = "CONTRIBUTION", _("Saved")
        WITHDRAWAL = "WITHDRAWAL", _("Taken out")
        PENALTY = "PENALTY", _("Penalty")
        FEE = "FEE", _("Fee")
        REVERSAL = "REVERSAL", _("Taken back")

    posting_id = models.UUIDField(primary_key=True, editable=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="moves", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount = models.BigIntegerField()
    value_date = models.DateField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("movement of a saving")
        verbose_name_plural = _("movements of savings")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="move_of_something")]
        indexes = [
            models.Index(fields=["saving", "value_date"], name="move_of_saving"),
            models.Index(fields=["value_date", "saving"], name="move_of_day"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


def accrual_id(saving_id: UUID, day: date) -> UUID:
    """Return the one id that a saving's row of a day can have: the day's first moment, and the saving's own lower bits.

    It makes a second row of that day impossible, puts it into the day's month, and finds a saving's days without an
    index of their own.
    """
    begins = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return UUID(int=begins << 80 | saving_id.int & _RANDOM)


class AccrualQuerySet(models.QuerySet["Accrual"]):
    def of(self, saving: UserSavings, *, since: date, before: date) -> "AccrualQuerySet":
        """A saving's days from one on, before another, found by their ids: there is no other index."""
        days = range((before - since).days)
        return self.filter(pk__in=[accrual_id(saving.pk, since + timedelta(days=n)) for n in days])


class Accrual(models.Model):
    """One day of one saving, closed: what it held at the end, earned, and was paid. Append-only.

    `rate` is percent a year on the balance; `accrued` and `carry` are minor units to ten places.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    saving = models.ForeignKey(
        UserSavings, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()
    terms_id = models.UUIDField()
    balance = models.BigIntegerField()
    rate = models.DecimalField(max_digits=9, decimal_places=4)
    accrued = models.DecimalField(max_digits=30, decimal_places=10)
    carry = models.DecimalField(max_digits=30, decimal_places=10)
    paid = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    posting_id = models.UUIDField(null=True)
    tax_posting_id = models.UUIDField(null=True)

    objects = AccrualQuerySet.as_manager()

    class Meta:
        verbose_name = _("day's interest")
        verbose_name_plural = _("days' interest")

    def __str__(self) -> str:
        return f"{self.saving_id} {self.day}"


class StateChange(models.Model):
    """One step of a saving from state to state. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="changes")
    was = models.CharField(max_length=12, choices=UserSavings.State.choices)
    now = models.CharField(max_length=12, choices=UserSavings.State.choices)
    event = models.CharField(max_length=20)
    reason = models.CharField(max_length=300, blank=True)
    on = models.DateField()
    actor_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"
