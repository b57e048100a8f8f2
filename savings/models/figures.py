from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from savings.models.plans import PlanTerms, SavingsPlan


class PlanDay(models.Model):
    """What a plan's savings came to at the end of a day that was closed for all of them.

    `saved` is minor units (kobo); `owed` is interest that was earned and not paid yet, minor units to ten places. A
    saving that was parked on that day is not in it.
    """

    plan = models.ForeignKey(SavingsPlan, on_delete=models.PROTECT, related_name="days", db_index=False)
    day = models.DateField()
    savings = models.BigIntegerField()
    saved = models.BigIntegerField()
    owed = models.DecimalField(max_digits=30, decimal_places=10)

    class Meta:
        verbose_name = _("day of a plan")
        verbose_name_plural = _("days of plans")
        constraints = [models.UniqueConstraint(fields=["plan", "day"], name="plan_day_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.day}"


class TermsTold(models.Model):
    """How far the holders of open-ended savings were told of new terms: all whose saving has an id up to `last`.

    Who opens one before the day of the terms is told too.
    """

    terms = models.OneToOneField(PlanTerms, on_delete=models.PROTECT, primary_key=True, related_name="told")
    last = models.UUIDField(null=True)
    many = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("announcement of terms")
        verbose_name_plural = _("announcements of terms")
        constraints = [
            models.CheckConstraint(condition=Q(many__gte=0), name="terms_told_many"),
        ]
        indexes = [models.Index(fields=["terms"], condition=Q(done_at=None), name="terms_told_open")]

    def __str__(self) -> str:
        return str(self.pk)
