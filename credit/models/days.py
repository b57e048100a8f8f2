from datetime import UTC, date, datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from credit.delinquency import Bucket
from credit.models.loans import Loan

_RANDOM = (1 << 80) - 1


class Position(models.Model):
    """Where a loan stands: the one row of it that changes each day. Minor units; worked out again from its events.

    `next_day` is the first day that is not closed yet, null once the loan no longer earns. Every day adds `per_day` to
    `accrued`, all that was earned up to then, until on `next_event_on` (an instalment is due, a late charge, a year
    ends) the fold says better. `noted` is how much of it the closed days say (`LoanDay`), `charged` the interest of the
    rows that are due.
    `due_since` is the due day of the oldest instalment that is unpaid, `overdue_days` how long that is by the close of
    the last day, without paused ones. A parked loan waits for somebody to look at it.
    """

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, primary_key=True, related_name="position")
    next_day = models.DateField(null=True)
    next_event_on = models.DateField(null=True)
    per_day = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    accrued = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    noted = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    charged = models.BigIntegerField(default=0)
    principal = models.BigIntegerField(default=0)
    due_interest = models.BigIntegerField(default=0)
    due_principal = models.BigIntegerField(default=0)
    fees = models.BigIntegerField(default=0)
    penalties = models.BigIntegerField(default=0)
    overpaid = models.BigIntegerField(default=0)
    penalties_charged = models.BigIntegerField(default=0)
    # The last instalment for which a late charge was looked at.
    charged_row = models.PositiveSmallIntegerField(default=0)
    recovered = models.BigIntegerField(default=0)
    next_due_on = models.DateField(null=True)
    next_due_amount = models.BigIntegerField(default=0)
    due_since = models.DateField(null=True)
    overdue_days = models.PositiveIntegerField(default=0)
    paused_until = models.DateField(null=True)
    bucket = models.CharField(max_length=12, choices=Bucket.choices, default=Bucket.CURRENT)
    stage = models.PositiveSmallIntegerField(default=1)
    # Since when nothing is overdue: a loan goes back a stage after enough days of it.
    cured_since = models.DateField(null=True)
    parked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("position of a loan")
        verbose_name_plural = _("positions of loans")
        constraints = [models.CheckConstraint(condition=Q(stage__range=(1, 3)), name="position_stage")]
        indexes = [
            models.Index(fields=["parked_at"], condition=Q(parked_at__isnull=False), name="loan_parked"),
            models.Index(fields=["due_since"], condition=Q(due_since__isnull=False), name="loan_overdue"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def due(self) -> int:
        """What is due now: instalments, fees and late charges."""
        return self.due_interest + self.due_principal + self.fees + self.penalties


class LoanStanding(models.Model):
    """The fold over a loan's events, as data (`credit/terms_data.py`): what its next event goes on from.

    It changes when something happens to the loan, and when a row is due. `transactions` is how many are in it.
    """

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, primary_key=True, related_name="standing")
    data = models.JSONField()
    transactions = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("standing of a loan")
        verbose_name_plural = _("standings of loans")

    def __str__(self) -> str:
        return str(self.pk)


def loan_day_id(loan_id: UUID, day: date) -> UUID:
    """Return the one id that a loan's row of a day can have: the day's first moment, and the loan's own lower bits."""
    begins = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return UUID(int=begins << 80 | loan_id.int & _RANDOM)


class LoanDay(models.Model):
    """One day of one loan, closed: what was owed at its end, what it earned, how late it was. Append-only.

    `accrued` is the day's interest, `adjusted` what earlier days turn out to have earned more (less, below zero): a
    rounded instalment, a payment that counts from an earlier day. Their sum is what the loan has earned. `allowance` is
    the loss expected by `stage` (minor units).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    loan = models.ForeignKey(
        Loan, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()
    principal = models.BigIntegerField()
    accrued = models.DecimalField(max_digits=30, decimal_places=10)
    adjusted = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    overdue = models.BigIntegerField(default=0)
    overdue_days = models.PositiveIntegerField(default=0)
    bucket = models.CharField(max_length=12, choices=Bucket.choices)
    stage = models.PositiveSmallIntegerField()
    allowance = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("day of a loan")
        verbose_name_plural = _("days of loans")

    def __str__(self) -> str:
        return f"{self.loan_id} {self.day}"


class BucketChange(models.Model):
    """That a loan went into another bucket or stage on a day. Append-only."""

    id = models.UUIDField(primary_key=True, db_default=models.Func(function="uuidv7"), editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="buckets", db_index=False)
    day = models.DateField()
    was = models.CharField(max_length=12, choices=Bucket.choices)
    now = models.CharField(max_length=12, choices=Bucket.choices)
    stage_was = models.PositiveSmallIntegerField()
    stage_now = models.PositiveSmallIntegerField()
    overdue_days = models.PositiveIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("change of bucket")
        verbose_name_plural = _("changes of buckets")
        constraints = [models.UniqueConstraint(fields=["loan", "day"], name="bucket_change_once")]
        indexes = [models.Index(fields=["day"], name="bucket_change_of_day")]

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"


class LossRates(models.Model):
    """What is expected to be lost, by stage, from a day on: probability of default and loss given default, percent."""

    id = models.BigAutoField(primary_key=True)
    from_date = models.DateField(unique=True)
    stage_1 = models.DecimalField(max_digits=7, decimal_places=4)
    stage_2 = models.DecimalField(max_digits=7, decimal_places=4)
    stage_3 = models.DecimalField(max_digits=7, decimal_places=4)
    loss = models.DecimalField(max_digits=7, decimal_places=4)
    source = models.CharField(max_length=500)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("loss rates")
        verbose_name_plural = _("loss rates")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    stage_1__range=(0, 100),
                    stage_2__range=(0, 100),
                    stage_3__range=(0, 100),
                    loss__range=(0, 100),
                ),
                name="loss_rates_percent",
            )
        ]

    def __str__(self) -> str:
        return self.from_date.isoformat()


class LoanRoll(models.Model):
    """The closing of one day for all loans, cut into chunks that any number of workers take."""

    day = models.DateField(primary_key=True)
    loans = models.BigIntegerField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("daily close of loans")
        verbose_name_plural = _("daily closes of loans")

    def __str__(self) -> str:
        return self.day.isoformat()


class LoanRollChunk(models.Model):
    """The loans from `first` on, before `next`, by id, and what closing the day for them came to (minor units)."""

    roll = models.ForeignKey(LoanRoll, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    first = models.UUIDField()
    next = models.UUIDField()
    closed = models.BigIntegerField(default=0)
    folded = models.BigIntegerField(default=0)
    parked = models.BigIntegerField(default=0)
    accrued = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("part of a daily close of loans")
        verbose_name_plural = _("parts of daily closes of loans")
        constraints = [models.UniqueConstraint(fields=["roll", "number"], name="loan_roll_chunk_once")]
        indexes = [
            models.Index(fields=["roll", "number"], condition=Q(done_at=None), name="loan_roll_chunk_open")
        ]

    def __str__(self) -> str:
        return f"{self.roll_id} {self.number}"


class Collection(models.Model):
    """An instalment's day on which it is taken from the borrower's wallet, as agreed: what was taken, or why not.

    Tried on the due day and 1, 3 and 5 days after; each try takes what is there of what is due (minor units).
    """

    class State(models.TextChoices):
        DUE = "DUE", _("Waiting")
        TAKEN = "TAKEN", _("Taken")
        PAID = "PAID", _("Paid otherwise")
        GIVEN_UP = "GIVEN_UP", _("Not taken")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="collections", db_index=False)
    due_date = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    taken = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    posting_id = models.UUIDField(default=posting_id, unique=True, editable=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        constraints = [
            models.UniqueConstraint(fields=["loan", "due_date"], name="collection_once"),
            models.CheckConstraint(
                condition=Q(state="DUE", next_try_at__isnull=False)
                | (~Q(state="DUE") & Q(next_try_at=None, ended_at__isnull=False)),
                name="collection_waits_or_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state="DUE"), name="collection_due")
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.due_date}"


class Reminder(models.Model):
    """That a borrower was reminded of an instalment; each kind once for each due day."""

    class Kind(models.TextChoices):
        SOON = "SOON", _("Due soon")
        TODAY = "TODAY", _("Due today")
        LATE = "LATE", _("Late")
        LATE_WEEK = "LATE_WEEK", _("A week late")
        LATE_MONTH = "LATE_MONTH", _("A month late")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="reminders", db_index=False)
    due_date = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [models.UniqueConstraint(fields=["loan", "due_date", "kind"], name="reminder_once")]

    def __str__(self) -> str:
        return self.kind
