"""Sanctions lists as they were loaded, and whom among our customers they may mean."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.checks import KycCheck
from accounts.models.people import Customer, User
from core.ids import uuid7


class SanctionsList(models.Model):
    """One load of a list. The newest of its name is active; the others stay to say what was screened against when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    source = models.CharField(max_length=300, blank=True)  # where the file is published
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    new_rows = models.PositiveIntegerField()  # that no earlier load had in these words
    active = models.BooleanField(default=True)
    loaded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sanctions list")
        verbose_name_plural = _("sanctions lists")
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(active=True), name="sanctions_list_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.loaded_at:%Y-%m-%d}"


class SanctionsEntry(models.Model):
    """A person on an active list. `searched` holds every two words of each of their names, as screening asks for them.

    `content` is the SHA-256 of all that the list says of them. `since` is when they first stood there in these words:
    a load that brings nothing new about somebody keeps it.
    """

    id = models.BigAutoField(primary_key=True)
    load = models.ForeignKey(SanctionsList, on_delete=models.CASCADE, related_name="entries", db_index=False)
    external_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    aliases = models.JSONField(default=list)
    searched = models.TextField()
    born = models.CharField(max_length=10, blank=True)  # a date, or only the year
    country = models.CharField(max_length=2, blank=True)
    programme = models.CharField(max_length=200, blank=True)
    content = models.CharField(max_length=64)
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("entry of a sanctions list")
        verbose_name_plural = _("entries of sanctions lists")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["load", "external_id"], name="sanctions_entry_once"),
        ]
        indexes = [
            GinIndex(fields=["searched"], opclasses=["gin_trgm_ops"], name="sanctions_entry_by_name"),
            models.Index(fields=["since"], name="sanctions_entry_since"),
        ]

    def __str__(self) -> str:
        return self.external_id


# From this score on a name is the same but for how it is spelt.
EXACT = Decimal("0.97")


class ScreeningHitQuerySet(models.QuerySet["ScreeningHit"]):
    def standing(self) -> "ScreeningHitQuerySet":
        """Those that nobody has cleared."""
        return self.exclude(state=ScreeningHit.State.CLEARED)


class ScreeningHit(models.Model):
    """An entry of a list that may mean a customer, as it was when it was found. Staff clear or confirm it, once.

    `content` is the entry's: what was cleared does not come back until the list says something else. `check_row` is
    None for a customer who never applied for anything. `same_birth` says whether the dates of birth agree to the day.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("To be decided")
        CLEARED = "CLEARED", _("Somebody else")
        CONFIRMED = "CONFIRMED", _("The same person")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="screening_hits", db_index=False
    )
    check_row = models.ForeignKey(KycCheck, on_delete=models.PROTECT, null=True, related_name="hits")
    list_name = models.CharField(max_length=60)
    external_id = models.CharField(max_length=100)
    content = models.CharField(max_length=64)
    entry = models.JSONField()  # name, aliases, born, country, programme
    score = models.DecimalField(max_digits=5, decimal_places=4)  # 0 to 1
    same_birth = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = ScreeningHitQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening hit")
        verbose_name_plural = _("screening hits")
        permissions = [("decide_screening", _("Can clear and confirm screening hits"))]
        constraints = [
            models.UniqueConstraint(fields=["customer", "content"], name="screening_hit_once"),
            models.CheckConstraint(
                condition=models.Q(state="OPEN", decided_by=None, decided_at=None)
                | models.Q(
                    state__in=["CLEARED", "CONFIRMED"], decided_by__isnull=False, decided_at__isnull=False
                ),
                name="screening_hit_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("customer")),
                name="screening_hit_not_by_oneself",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["OPEN", "CONFIRMED"]),
                name="screening_hit_standing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} {self.external_id}"

    @property
    def is_exact(self) -> bool:
        """Whether name and date of birth leave no doubt that a machine could have."""
        return self.same_birth and self.score >= EXACT

    @property
    def names(self) -> list[Any]:
        return [self.entry.get("name", ""), *self.entry.get("aliases", [])]
