"""What one member of staff proposes and others decide on: the proposals, and how many people each takes."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7


class ApprovalBandQuerySet(models.QuerySet["ApprovalBand"]):
    def holding(self, *, action: str, amount: int | None) -> "ApprovalBand":
        """The band of an amount: the action's own, else the one that holds for all others."""
        found = self.filter(action__in=[action, ApprovalBand.ANY], from_amount__lte=amount or 0)
        return found.order_by("-action", "-from_amount")[:1].get()


class ApprovalBand(models.Model):
    """From which amount (kobo) an action takes how many checkers, and how long they have.

    Only a migration writes these: what says that two people are needed is nothing that people change at work.
    """

    # Sorts before every code of an action.
    ANY = ""

    id = models.BigAutoField(primary_key=True)
    action = models.CharField(max_length=60, blank=True)
    from_amount = models.BigIntegerField(default=0)
    approvals_needed = models.PositiveSmallIntegerField()
    expires_hours = models.PositiveSmallIntegerField()

    objects = ApprovalBandQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval band")
        verbose_name_plural = _("approval bands")
        constraints = [
            models.UniqueConstraint(fields=["action", "from_amount"], name="approval_band_once"),
            models.CheckConstraint(
                condition=Q(
                    from_amount__gte=0, approvals_needed__in=[1, 2], expires_hours__range=(1, 24 * 90)
                ),
                name="approval_band_sound",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action or '*'} {self.from_amount}"


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting(self, at: datetime) -> "ApprovalQuerySet":
        """Those that somebody may still decide on."""
        return self.filter(state=Approval.State.PENDING, expires_at__gt=at)

    def decidable_by(self, user: Any, *, actions: list[str], at: datetime) -> "ApprovalQuerySet":
        """Those of these actions that wait for this person's word: neither proposed nor approved by them."""
        mine = Q(maker=user) | Q(checker=user)
        return self.waiting(at).filter(action__in=actions).exclude(mine)


class Approval(models.Model):
    """That somebody proposes an action, frozen as it was proposed, and what others said.

    `payload_hash` is a keyed hash over what will be done and to what; `payload` keeps secrets sealed. `target_version`
    is the state of `target` when it was proposed. Above its band's amount it takes two checkers; the first one's word
    leaves it pending. `decided_by` ended it. `description` is what `payload` meant on that day. `posting_id` is set
    where applying it moves money.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        APPLIED = "APPLIED", _("Applied")
        REJECTED = "REJECTED", _("Rejected")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        EXPIRED = "EXPIRED", _("Expired")
        STALE = "STALE", _("Overtaken")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    target_version = models.CharField(max_length=200, blank=True)
    amount = models.BigIntegerField(null=True)
    approvals_needed = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=80, blank=True)
    maker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    checker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    checked_at = models.DateTimeField(null=True)
    second_checker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    description = models.JSONField(null=True)
    posting_id = models.UUIDField(null=True, unique=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.CheckConstraint(
                condition=(Q(checker=None) | ~Q(checker=F("maker")))
                & (
                    Q(second_checker=None) | (~Q(second_checker=F("maker")) & ~Q(second_checker=F("checker")))
                ),
                name="approval_different_people",
            ),
            models.CheckConstraint(
                condition=Q(checker=None, checked_at=None, second_checker=None)
                | Q(checker__isnull=False, checked_at__isnull=False),
                name="approval_checkers_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state="PENDING", decided_by=None, decided_at=None, second_checker=None)
                | (Q(decided_at__isnull=False) & ~Q(state="PENDING")),
                name="approval_decided_at",
            ),
            models.CheckConstraint(
                condition=~Q(state="APPLIED")
                | (
                    Q(checker__isnull=False, decided_by__isnull=False, decided_at__lt=F("expires_at"))
                    & (
                        Q(approvals_needed=1, decided_by=F("checker"))
                        | Q(second_checker__isnull=False, decided_by=F("second_checker"))
                    )
                ),
                name="approval_applied_by_enough",
            ),
            models.CheckConstraint(
                condition=Q(state="WITHDRAWN", decided_by__isnull=False, decided_by=F("maker"))
                | (Q(state="REJECTED", decided_by__isnull=False) & ~Q(decided_by=F("maker")))
                | Q(state__in=["PENDING", "APPLIED"])
                | Q(state__in=["EXPIRED", "STALE"], decided_by=None),
                name="approval_ended_by",
            ),
            models.CheckConstraint(
                condition=Q(approvals_needed__in=[1, 2], expires_at__gt=F("made_at"))
                & (Q(amount=None) | Q(amount__gte=0)),
                name="approval_sound",
            ),
            models.UniqueConstraint(
                fields=["action", "target", "payload_hash"],
                condition=Q(state="PENDING"),
                name="approval_pending_once",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="PENDING"), name="approval_waiting"),
            models.Index(fields=["target", "-id"], name="approval_of_target"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def is_open(self, at: datetime) -> bool:
        return self.state == self.State.PENDING and self.expires_at > at
