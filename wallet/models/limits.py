from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7
from wallet.models.ledger import Account, Currency

KEPT_FOR = timedelta(days=30)
# No limit is above this: sums of a day stay far from what 64 bits hold.
MOST = 10**18


class TierRuleQuerySet(models.QuerySet["TierRule"]):
    def in_force(self, *, currency: str, on: date) -> "TierRuleQuerySet":
        """The newest rule of each tier that holds on a day."""
        held = TierRule.objects.filter(currency=currency, from_date__lte=on)
        newest = held.order_by("tier", "-from_date").distinct("tier")
        return self.filter(pk__in=newest.values("pk"))


class LimitCounter(models.Model):
    """What an account has used of a daily limit in the Lagos day that runs now; a `limit` of None is no limit."""

    class Kind(models.TextChoices):
        SENDING = "SENDING", _("Sending")
        RECEIVING = "RECEIVING", _("Receiving")

    pk = models.CompositePrimaryKey("account_id", "kind")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="counters", db_constraint=False)
    kind = models.TextField(choices=Kind.choices)
    day = models.DateField()
    used = models.BigIntegerField()
    limit = models.BigIntegerField(null=True)
    resets_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "wallet_limitcounter"

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.day}"

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


class CoolingOffRule(models.Model):
    """What one account may send in all (minor units) for a day after its owner's way in changed, from a date on."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    from_date = models.DateField()
    amount = models.BigIntegerField()
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("cooling-off rule")
        verbose_name_plural = _("cooling-off rules")
        constraints = [
            models.UniqueConstraint(fields=["currency", "from_date"], name="cooling_off_rule_once"),
            models.CheckConstraint(
                condition=models.Q(amount__range=(0, MOST)), name="cooling_off_rule_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.from_date}"


class ReversalRule(models.Model):
    """The most (minor units) that one member of staff takes back alone, from a date on; above, it takes two people."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    from_date = models.DateField()
    amount = models.BigIntegerField()
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("rule on reversals")
        verbose_name_plural = _("rules on reversals")
        constraints = [
            models.UniqueConstraint(fields=["currency", "from_date"], name="reversal_rule_once"),
            models.CheckConstraint(condition=models.Q(amount__range=(0, MOST)), name="reversal_rule_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.from_date}"


class TierRule(models.Model):
    """What a tier allows from a date on, what it asks for, and whose rule it is; in force until a later one's day.

    Amounts are in minor units, null without limit. `requires` lists codes of `accounts.kyc.steps`. `grace_days` is how
    long a new customer may go without a number that it asks for; null: for ever.
    """

    tier = models.PositiveSmallIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    from_date = models.DateField()
    daily_sending = models.BigIntegerField(null=True)
    daily_receiving = models.BigIntegerField(null=True)
    single_amount = models.BigIntegerField(null=True)
    balance_cap = models.BigIntegerField(null=True)
    requires = ArrayField(models.CharField(max_length=20), default=list)
    grace_days = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")

    objects = TierRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier rule")
        verbose_name_plural = _("tier rules")
        permissions = [
            ("propose_limits", _("Can propose limits")),
            ("approve_limits", _("Can approve limits")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tier", "currency", "from_date"], name="tier_rule_once"),
            *[
                models.CheckConstraint(
                    condition=models.Q((f"{name}__range", (0, MOST))), name=f"tier_rule_{name}"
                )
                for name in ("daily_sending", "daily_receiving", "single_amount", "balance_cap")
            ],
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.currency_id} {self.from_date}"


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
