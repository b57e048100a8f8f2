from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7


class FactorResetQuerySet(models.QuerySet["FactorReset"]):
    def open(self, at: datetime) -> "FactorResetQuerySet":
        """Those that somebody may still decide on."""
        return self.filter(state=FactorReset.State.ASKED, expires_at__gt=at)


class FactorReset(models.Model):
    """A wish of staff to take all second factors off a person who lost them. One asks, another decides."""

    class State(models.TextChoices):
        ASKED = "ASKED", _("Waiting for a second person")
        DONE = "DONE", _("Done")
        DECLINED = "DECLINED", _("Declined")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    target = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects = FactorResetQuerySet.as_manager()

    class Meta:
        verbose_name = _("factor reset")
        verbose_name_plural = _("factor resets")
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="factor_reset_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("target")) & (Q(decided_by=None) | ~Q(decided_by=F("target"))),
                name="factor_reset_not_own",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ASKED", "EXPIRED"], decided_by=None, decided_at=None)
                | Q(state__in=["DONE", "DECLINED"], decided_by__isnull=False, decided_at__isnull=False),
                name="factor_reset_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["target"], condition=Q(state="ASKED"), name="factor_reset_asked_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def is_open(self, at: datetime) -> bool:
        return self.state == self.State.ASKED and self.expires_at > at
