from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from wallet import fees
from wallet.models.ledger import Currency
from wallet.models.limits import MOST


class FeeScheduleQuerySet(models.QuerySet["FeeSchedule"]):
    def in_force(self, *, on: date, currency: str) -> "FeeScheduleQuerySet":
        """The newest schedule of each kind and tier that holds on a day."""
        held = FeeSchedule.objects.filter(currency=currency, from_date__lte=on)
        newest = held.order_by("kind", "tier", "-from_date").distinct("kind", "tier")
        return self.filter(pk__in=newest.values("pk"))


class FeeSchedule(models.Model):
    """What one kind of movement costs from a date on, as a whole: in force until a later one's day.

    One without a tier holds for every tier that has none of its own. One without rules says that it costs nothing.
    Append-only, with its rules: a price is only ever followed by one of a later day.
    """

    class Kind(models.TextChoices):
        TRANSFER = "TRANSFER", _("Transfer to a person")
        WITHDRAWAL = "WITHDRAWAL", _("Withdrawal to a bank")
        DEPOSIT = "DEPOSIT", _("Money added")
        MERCHANT_PAYMENT = "MERCHANT_PAYMENT", _("Payment to a merchant")
        PAYOUT = "PAYOUT", _("Payout from a list")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    tier = models.PositiveSmallIntegerField(null=True)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    from_date = models.DateField()
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5, default=0)
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = FeeScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("fee schedule")
        verbose_name_plural = _("fee schedules")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "currency", "tier", "from_date"],
                name="fee_schedule_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(tax_rate__range=(0, 1)), name="fee_schedule_tax_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.currency_id} {self.from_date}"

    def tariff(self) -> fees.Tariff:
        """Itself for the arithmetic; its rules are to be fetched with it."""
        return fees.Tariff(tuple(rule.band() for rule in self.rules.all()), self.tax_rate, self.pk)


class FeeRule(models.Model):
    """What one charge costs for amounts from `from_amount` (minor units) on, up to the next rule of that charge.

    `rate` is a share of the amount (0.015 is 1.5 %); `waived_for` names what exempts from it.
    """

    class Charge(models.TextChoices):
        FEE = fees.FEE, _("Fee")
        STAMP_DUTY = fees.STAMP_DUTY, _("Stamp duty")
        LEVY = fees.LEVY, _("Levy, borne by who receives")

    class Waiver(models.TextChoices):
        SALARY = "SALARY", _("Salary")
        OWN_ACCOUNT = "OWN_ACCOUNT", _("Own account in the same bank")

    schedule = models.ForeignKey(FeeSchedule, on_delete=models.PROTECT, related_name="rules", db_index=False)
    charge = models.CharField(max_length=10, choices=Charge.choices)
    from_amount = models.BigIntegerField(default=0)
    flat = models.BigIntegerField(default=0)
    rate = models.DecimalField(max_digits=8, decimal_places=7, default=0)
    minimum = models.BigIntegerField(default=0)
    maximum = models.BigIntegerField(null=True)
    waived_for = ArrayField(models.CharField(max_length=20, choices=Waiver.choices), default=list)

    class Meta:
        verbose_name = _("fee rule")
        verbose_name_plural = _("fee rules")
        constraints = [
            models.UniqueConstraint(fields=["schedule", "charge", "from_amount"], name="fee_rule_once"),
            models.CheckConstraint(condition=models.Q(rate__range=(0, 1)), name="fee_rule_rate"),
            models.CheckConstraint(
                condition=models.Q(maximum=None) | models.Q(maximum__gte=models.F("minimum")),
                name="fee_rule_bounds",
            ),
            *[
                models.CheckConstraint(
                    condition=models.Q((f"{name}__range", (0, MOST))), name=f"fee_rule_{name}"
                )
                for name in ("from_amount", "flat", "minimum", "maximum")
            ],
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.charge} {self.from_amount}"

    def band(self) -> fees.Band:
        return fees.Band(
            charge=self.charge,
            from_amount=self.from_amount,
            flat=self.flat,
            rate=self.rate,
            minimum=self.minimum,
            maximum=self.maximum,
            waived_for=frozenset(self.waived_for),
            rule_id=self.pk,
        )
