from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from savings.models.savings import UserSavings
from wallet import rhythm


class AutoSavingQuerySet(models.QuerySet["AutoSaving"]):
    def visible_to(self, user: Any) -> "AutoSavingQuerySet":
        return self.filter(saving__user_id=user.pk)

    def due(self, on: date) -> "AutoSavingQuerySet":
        return self.filter(state=AutoSaving.State.ACTIVE, next_date__lte=on)


class AutoSaving(models.Model):
    """How a saving is paid into by itself. Amounts are minor units (kobo).

    A rhythm saves `amount` on its days, anchored on `first_date`. A round-up saves, each day, what was missing of
    every payment of the day before to the next multiple of `amount`. A sweep saves, each day, what the wallet holds
    above `amount`.
    """

    class Kind(models.TextChoices):
        RHYTHM = "RHYTHM", _("A fixed amount")
        ROUND_UP = "ROUND_UP", _("Round up what I spend")
        SWEEP = "SWEEP", _("What I hold above an amount")

    class Rhythm(models.TextChoices):
        DAILY = rhythm.DAILY, _("Every day")
        WEEKLY = rhythm.WEEKLY, _("Every week")
        MONTHLY = rhythm.MONTHLY, _("Every month")

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("On")
        PAUSED = "PAUSED", _("Paused")
        ENDED = "ENDED", _("Ended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="automatic")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    rhythm = models.CharField(max_length=7, choices=Rhythm.choices, default=Rhythm.DAILY)
    amount = models.BigIntegerField()
    # Whether the amount follows from the target: what is missing, shared out over the days that are left.
    follows_target = models.BooleanField(default=False)
    first_date = models.DateField()
    next_date = models.DateField(null=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.ACTIVE)
    reason = models.CharField(max_length=300, blank=True)
    skipped = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    objects = AutoSavingQuerySet.as_manager()

    class Meta:
        verbose_name = _("automatic saving")
        verbose_name_plural = _("automatic savings")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="auto_saving_amount"),
            models.CheckConstraint(
                condition=Q(next_date=None) | Q(next_date__gte=F("first_date")), name="auto_saving_days"
            ),
            models.CheckConstraint(
                condition=Q(state="ENDED", next_date=None) | ~Q(state="ENDED"), name="auto_saving_ended"
            ),
            # One of a kind goes on at a time.
            models.UniqueConstraint(
                fields=["saving", "kind"], condition=~Q(state="ENDED"), name="auto_saving_once"
            ),
        ]
        indexes = [
            models.Index(fields=["next_date", "id"], condition=Q(state="ACTIVE"), name="auto_saving_due")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def goes_on(self) -> bool:
        return self.state != self.State.ENDED


class AutoRun(models.Model):
    """One day of automatic saving: what it saved, or why it did not. There is one row for a day.

    `amount` is minor units, and what was owed on that day; `next_amount` is what each day after a skipped one comes to,
    where the amount follows from the target.
    """

    class State(models.TextChoices):
        DUE = "DUE", _("Waiting")
        SAVED = "SAVED", _("Saved")
        NOTHING = "NOTHING", _("Nothing to save")
        SKIPPED = "SKIPPED", _("Skipped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    automatic = models.ForeignKey(AutoSaving, on_delete=models.PROTECT, related_name="runs", db_index=False)
    due_date = models.DateField()
    amount = models.BigIntegerField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    next_amount = models.BigIntegerField(null=True)
    posting_id = models.UUIDField(default=posting_id, editable=False, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("day of automatic saving")
        verbose_name_plural = _("days of automatic saving")
        constraints = [
            models.UniqueConstraint(fields=["automatic", "due_date"], name="auto_run_once"),
            models.CheckConstraint(
                condition=Q(state="DUE", next_try_at__isnull=False)
                | (~Q(state="DUE") & Q(next_try_at=None, ended_at__isnull=False)),
                name="auto_run_waits_or_ended",
            ),
        ]
        indexes = [models.Index(fields=["next_try_at", "id"], condition=Q(state="DUE"), name="auto_run_due")]

    def __str__(self) -> str:
        return f"{self.automatic_id} {self.due_date}"
