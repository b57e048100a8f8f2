"""A merchant's balance that goes to a bank account by itself, a day at a time."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from core.ids import uuid7
from wallet.models.merchants import Merchant, organizations_of
from wallet.models.payouts import Payout


class SettlementRunQuerySet(models.QuerySet["SettlementRun"]):
    def visible_to(self, user: Any) -> "SettlementRunQuerySet":
        return self.filter(organization__in=organizations_of(user))


class SettlementRun(models.Model):
    """One Lagos day of a merchant whose balance is sent by itself: there is one row for it, and so one payout.

    The payout has this row's id. LEFT: there was less than the merchant wants to have sent. PARKED: something stood in
    the way, and `reason` says what; the next day tries anew.
    """

    class State(models.TextChoices):
        DUE = "DUE", _("Due")
        SENT = "SENT", _("Sent")
        LEFT = "LEFT", _("Too little to send")
        PARKED = "PARKED", _("Not sent")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="settlement_runs", db_index=False
    )
    due_date = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, related_name="settlement_run")
    next_try_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = SettlementRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily settlement")
        verbose_name_plural = _("daily settlements")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "due_date"], name="settlement_run_once"),
            models.CheckConstraint(
                condition=Q(state="DUE", next_try_at__isnull=False, ended_at__isnull=True)
                | (~Q(state="DUE") & Q(next_try_at__isnull=True, ended_at__isnull=False)),
                name="settlement_run_ended",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", payout__isnull=False) | (~Q(state="SENT") & Q(payout__isnull=True)),
                name="settlement_run_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="settlement_run_of_org"),
            models.Index(fields=["next_try_at"], condition=Q(state="DUE"), name="settlement_run_due"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.due_date}"
