from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7
from savings.models.savings import UserSavings


class InterestChoiceQuerySet(models.QuerySet["InterestChoice"]):
    def visible_to(self, user: Any) -> "InterestChoiceQuerySet":
        return self.filter(user_id=user.pk)


class InterestChoice(models.Model):
    """From which day on a customer's savings earn, or do not, by their own wish. Append-only; the newest one holds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    earns = models.BooleanField()
    from_date = models.DateField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = InterestChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice about interest")
        verbose_name_plural = _("choices about interest")
        indexes = [models.Index(fields=["user", "-id"], name="interest_choice_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.from_date} {self.earns}"


class Replay(models.Model):
    """A saving's days, closed anew from a day on, because something of that day became known later. Append-only.

    `posting_id` is the movement that became known. Days of closed months are not closed anew: what they would have
    paid more (or less, below zero) is `interest` before tax and `tax`, posted once as `adjusting_id`, and `stands_from`
    is the first day that was, with the balance, carry and capital it began with. Minor units.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="replays")
    posting_id = models.UUIDField(unique=True, editable=False)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateField()
    stands_from = models.DateField(null=True)
    balance = models.BigIntegerField(default=0)
    carry = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    capital = models.DecimalField(max_digits=30, decimal_places=10, default=0)
    interest = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    adjusting_id = models.UUIDField(null=True, unique=True, editable=False)
    reason = models.CharField(max_length=300)
    actor_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")

    def __str__(self) -> str:
        return f"{self.saving_id} {self.since}"


class ReplacedAccrual(models.Model):
    """A day's interest as it stood before a replay. Append-only; units as in `Accrual`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    replay = models.ForeignKey(Replay, on_delete=models.PROTECT, related_name="replaced", db_index=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="+", db_index=False)
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

    class Meta:
        verbose_name = _("day's interest before a replay")
        verbose_name_plural = _("days' interest before replays")
        constraints = [
            models.UniqueConstraint(fields=["replay", "day"], name="replaced_accrual_once"),
            models.CheckConstraint(condition=Q(paid__gte=0, tax__gte=0), name="replaced_accrual_amounts"),
        ]
        indexes = [models.Index(fields=["saving", "day"], name="replaced_accrual_of_saving")]

    def __str__(self) -> str:
        return f"{self.saving_id} {self.day}"
