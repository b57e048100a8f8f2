from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from savings.models.plans import SavingsPlan


class SavingsGroupQuerySet(models.QuerySet["SavingsGroup"]):
    def visible_to(self, user: Any) -> "SavingsGroupQuerySet":
        """Those that a person made, and those that they save in."""
        return self.filter(Q(organiser_id=user.pk) | Q(savings__user_id=user.pk)).distinct()


class SavingsGroup(models.Model):
    """One goal that several people save for, each in a saving of their own. `target` is minor units, for all together.

    Whoever has `code` may join until the group is closed to new people.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organiser = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    plan = models.ForeignKey(SavingsPlan, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    target = models.BigIntegerField()
    target_date = models.DateField()
    code = models.CharField(max_length=32, unique=True)
    closed_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = SavingsGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("savings group")
        verbose_name_plural = _("savings groups")
        constraints = [models.CheckConstraint(condition=Q(target__gt=0), name="group_target")]
        indexes = [models.Index(fields=["organiser", "-id"], name="group_of_organiser")]

    def __str__(self) -> str:
        return self.name
