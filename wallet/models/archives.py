from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Archive
from wallet.models.ledger import Account


class ArchivedRun(models.Model):
    """Versions of an account in a month that was taken out, without a gap, and the balances round them."""

    id = models.BigAutoField(primary_key=True)
    archive = models.ForeignKey(Archive, models.DO_NOTHING, related_name="+", db_constraint=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    first_version = models.BigIntegerField()
    last_version = models.BigIntegerField()
    opening = models.BigIntegerField()
    closing = models.BigIntegerField()
    money_in = models.BigIntegerField()
    money_out = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_archivedrun"
        verbose_name = _("archived run")
        verbose_name_plural = _("archived runs")

    def __str__(self) -> str:
        return f"{self.account_id} {self.first_version} to {self.last_version}"


class RecallQuerySet(models.QuerySet["Recall"]):
    def visible_to(self, user: Any) -> "RecallQuerySet":
        return self.filter(account__in=Account.objects.visible_to(user).values("pk"))


class Recall(models.Model):
    """That the entries of one account in one archived month are wanted, and whether they are here."""

    class State(models.TextChoices):
        WAITING = "WAITING", _("Being fetched")
        READY = "READY", _("Here")

    id = models.BigAutoField(primary_key=True)
    archive = models.ForeignKey(Archive, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)

    objects = RecallQuerySet.as_manager()

    class Meta:
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")
        constraints = [models.UniqueConstraint(fields=["account", "archive"], name="recall_once")]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(state="WAITING"), name="recall_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.archive_id}"
