from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.documents import Document
from wallet.models.ledger import Account


class StatementQuerySet(models.QuerySet["Statement"]):
    def visible_to(self, user: Any) -> "StatementQuerySet":
        return self.filter(account__in=Account.objects.visible_to(user).values("pk"))

    def ready(self) -> "StatementQuerySet":
        return self.filter(state=Statement.State.READY)


class Statement(models.Model):
    """What moved on an account from one day (Lagos) to another, by when we recorded it, and that it adds up.

    It is the entries `first_version` to `last_version`; none is before or after it twice, since versions rise with
    the time of recording. `opening` + `money_in` - `money_out` = `closing`, in minor units. `by_kind` holds money in
    and out by kind, `names` those of the other sides as they were. While WAITING, its months are being fetched from
    the archive.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Being prepared")
        READY = "READY", _("Ready")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateField()
    until = models.DateField()
    monthly = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    first_version = models.BigIntegerField(null=True)
    last_version = models.BigIntegerField(null=True)
    opening = models.BigIntegerField(null=True)
    closing = models.BigIntegerField(null=True)
    money_in = models.BigIntegerField(null=True)
    money_out = models.BigIntegerField(null=True)
    by_kind = models.JSONField(default=dict)
    names = models.JSONField(default=dict)
    language = models.CharField(max_length=10, default="en")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "since"], condition=Q(monthly=True), name="statement_of_month_once"
            ),
            models.UniqueConstraint(
                fields=["account", "since", "until", "last_version"],
                condition=Q(monthly=False),
                nulls_distinct=False,
                name="statement_of_range_once",
            ),
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="statement_days"),
            models.CheckConstraint(
                condition=Q(state="WAITING", document=None, made_at=None)
                | Q(
                    state="READY",
                    document__isnull=False,
                    made_at__isnull=False,
                    first_version__gte=1,
                    last_version__gte=F("first_version") - 1,
                    money_in__gte=0,
                    money_out__gte=0,
                    closing=F("opening") + F("money_in") - F("money_out"),
                ),
                name="statement_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="statement_of_account"),
            models.Index(fields=["asked_at"], condition=Q(state="WAITING"), name="statement_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.since} {self.until}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def lines(self) -> int:
        """How many entries it has."""
        return (self.last_version or 0) - (self.first_version or 1) + 1
