from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.ledger import Account

KEPT_FOR = timedelta(days=30)


class LimitRaise(models.Model):
    """That an owner may move more than before: their tier rose, or a restriction was lifted.

    Written by a trigger on the customer, and deleted when what waited for it has been looked at.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class PausedTransferQuerySet(models.QuerySet["PausedTransfer"]):
    def visible_to(self, user: Any) -> "PausedTransferQuerySet":
        return self.filter(owner_id=user.pk)

    def waiting(self, at: datetime) -> "PausedTransferQuerySet":
        return self.filter(state=PausedTransfer.State.WAITING, created_at__gt=at - KEPT_FOR)


class PausedTransfer(models.Model):
    """A transfer that a limit stopped, as it was asked for. It is offered again and never posts by itself.

    `code` and `facts` are the refusal's. `offered_at` says when its owner was told that it can be sent now.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        SENT = "SENT", _("Sent")
        DISMISSED = "DISMISSED", _("Not wanted any more")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipient_name = models.CharField(max_length=80)
    typed = models.CharField(max_length=254)
    amount = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    code = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    posting_id = models.UUIDField(null=True)

    objects = PausedTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("paused transfer")
        verbose_name_plural = _("paused transfers")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="paused_transfer_amount"),
            models.CheckConstraint(
                condition=models.Q(state="WAITING", ended_at__isnull=True)
                | (~models.Q(state="WAITING") & models.Q(ended_at__isnull=False)),
                name="paused_transfer_ended",
            ),
            models.CheckConstraint(
                condition=models.Q(state="SENT", posting_id__isnull=False)
                | (~models.Q(state="SENT") & models.Q(posting_id__isnull=True)),
                name="paused_transfer_sent_by_a_posting",
            ),
            models.UniqueConstraint(
                fields=["source", "recipient", "amount", "note"],
                condition=models.Q(state="WAITING"),
                name="paused_transfer_once",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="paused_transfer_of_owner"),
            models.Index(fields=["id"], condition=models.Q(state="WAITING"), name="paused_transfer_waiting"),
        ]

    def __str__(self) -> str:
        return str(self.id)
