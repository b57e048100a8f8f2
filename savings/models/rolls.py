from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Roll(models.Model):
    """The closing of one day for all savings, cut into chunks that any number of workers take."""

    day = models.DateField(primary_key=True)
    savings = models.BigIntegerField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("daily roll")
        verbose_name_plural = _("daily rolls")

    def __str__(self) -> str:
        return self.day.isoformat()


class RollChunk(models.Model):
    """The savings from `first` on, before `next`, by id, and what closing the day for them came to (minor units)."""

    roll = models.ForeignKey(Roll, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    first = models.UUIDField()
    next = models.UUIDField()
    closed = models.BigIntegerField(default=0)
    parked = models.BigIntegerField(default=0)
    accrued = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    paid = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("part of a daily roll")
        verbose_name_plural = _("parts of daily rolls")
        constraints = [models.UniqueConstraint(fields=["roll", "number"], name="roll_chunk_once")]
        indexes = [models.Index(fields=["roll", "number"], condition=Q(done_at=None), name="roll_chunk_open")]

    def __str__(self) -> str:
        return f"{self.roll_id} {self.number}"
