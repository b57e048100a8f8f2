from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7
from savings import interest
from wallet.models import Currency


class SavingsPlan(models.Model):
    """A product that people save under. What it pays and asks stands in its terms, which change from a day on."""

    class Kind(models.TextChoices):
        FLEXIBLE = "FLEXIBLE", _("Flexible")
        TARGET = "TARGET", _("Target")
        FIXED = "FIXED", _("Fixed")
        GROUP = "GROUP", _("Group")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=300)
    is_open = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("savings plan")
        verbose_name_plural = _("savings plans")
        permissions = [
            ("propose_plan_terms", "Can propose savings plans and their terms"),
            ("approve_plan_terms", "Can approve savings plans and their terms"),
            ("open_plan", "Can open and close plans for new savings"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanTermsQuerySet(models.QuerySet["PlanTerms"]):
    def in_force(self, on: date) -> "PlanTermsQuerySet":
        """The newest terms of each plan that hold on a day."""
        newest = (
            PlanTerms.objects.filter(from_date__lte=on).order_by("plan_id", "-from_date").distinct("plan_id")
        )
        return self.filter(pk__in=newest.values("pk"))


class PlanTerms(models.Model):
    """One version of a plan's terms, in force until a later one's day. Append-only, with its rates.

    Amounts are minor units (kobo), terms are days, rates and penalties percent.
    """

    class DayCount(models.TextChoices):
        ACTUAL_365 = "ACT/365F", _("Actual days, a year of 365")
        ACTUAL_360 = "ACT/360", _("Actual days, a year of 360")
        ACTUAL_ACTUAL = "ACT/ACT-ISDA", _("Actual days, the year's own length")
        THIRTY_360 = "30E/360", _("Months of 30 days, a year of 360")

    class Method(models.TextChoices):
        WHOLE = interest.Method.WHOLE, _("The whole balance at the rate of its band")
        MARGINAL = interest.Method.MARGINAL, _("Each part at the rate of its band")

    class Every(models.TextChoices):
        DAY = interest.Every.DAY, _("Each day")
        MONTH = interest.Every.MONTH, _("Each month")
        QUARTER = interest.Every.QUARTER, _("Each quarter")
        HALF_YEAR = interest.Every.HALF_YEAR, _("Each half-year")
        YEAR = interest.Every.YEAR, _("Each year")
        END = interest.Every.END, _("At the end")

    class Rounding(models.TextChoices):
        HALF_EVEN = interest.Rounding.HALF_EVEN, _("To the nearest kobo, a half to the even one")
        HALF_UP = interest.Rounding.HALF_UP, _("To the nearest kobo, a half up")
        DOWN = interest.Rounding.DOWN, _("Down")

    class Penalty(models.TextChoices):
        NONE = "NONE", _("Nothing is lost")
        LOWER_RATE = "LOWER_RATE", _("A lower rate for the whole time")
        SHARE = "SHARE", _("A share of what was saved")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(SavingsPlan, on_delete=models.PROTECT, related_name="terms", db_index=False)
    from_date = models.DateField()
    day_count = models.CharField(max_length=12, choices=DayCount.choices, default=DayCount.ACTUAL_365)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.WHOLE)
    capitalised = models.CharField(max_length=9, choices=Every.choices, default=Every.END)
    paid = models.CharField(max_length=9, choices=Every.choices, default=Every.MONTH)
    up_front = models.BooleanField(default=False)
    rounding = models.CharField(max_length=9, choices=Rounding.choices, default=Rounding.HALF_EVEN)
    tax = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    minimum = models.BigIntegerField(default=0)
    maximum = models.BigIntegerField(null=True)
    shortest = models.PositiveIntegerField(null=True)
    longest = models.PositiveIntegerField(null=True)
    cut_off = models.TimeField(null=True)
    free_withdrawals = models.PositiveSmallIntegerField(null=True)
    withdrawal_fee = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    penalty = models.CharField(max_length=10, choices=Penalty.choices, default=Penalty.NONE)
    penalty_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PlanTermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("terms of a plan")
        verbose_name_plural = _("terms of plans")
        constraints = [
            models.UniqueConstraint(fields=["plan", "from_date"], name="plan_terms_once"),
            models.CheckConstraint(condition=Q(tax__range=(0, 100)), name="plan_terms_tax"),
            models.CheckConstraint(condition=Q(penalty_percent__range=(0, 100)), name="plan_terms_penalty"),
            models.CheckConstraint(condition=Q(withdrawal_fee__range=(0, 100)), name="plan_terms_fee"),
            models.CheckConstraint(
                condition=Q(minimum__gte=0) & (Q(maximum=None) | Q(maximum__gte=F("minimum"))),
                name="plan_terms_amounts",
            ),
            models.CheckConstraint(
                condition=Q(shortest=None, longest=None)
                | Q(shortest__gte=1, longest__gte=F("shortest"), longest__lte=3660),
                name="plan_terms_length",
            ),
            models.CheckConstraint(
                condition=Q(up_front=False) | Q(paid="END", capitalised="END"), name="plan_terms_up_front"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.from_date}"

    def cells(self) -> list[interest.Rate]:
        """Its rate table for the arithmetic; its rates are to be fetched with it."""
        return [interest.Rate(rate.term.lower, rate.amount.lower, rate.rate) for rate in self.rates.all()]

    def for_term(self, days: int) -> interest.Terms:
        """What a saving of so many days earns under these terms. Raises ValueError for a term it does not cover."""
        return interest.Terms(
            bands=interest.bands_of(self.cells(), days),
            method=interest.Method(self.method),
            day_count=self.day_count,
            capitalised=interest.Every(self.capitalised),
            paid=interest.Every(self.paid),
            rounding=interest.Rounding(self.rounding),
            tax=self.tax,
        )


class PlanRate(models.Model):
    """What terms pay for a range of terms (days) and of balances (minor units), both half-open; percent a year.

    `base` is a year's interest on the band's floor times 100: with it, one formula serves both methods. The database
    refuses cells that overlap and, when the transaction ends, a table that leaves a gap.
    """

    terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, related_name="rates", db_index=False)
    term = IntegerRangeField()
    amount = BigIntegerRangeField()
    rate = models.DecimalField(max_digits=9, decimal_places=4)
    base = models.DecimalField(max_digits=30, decimal_places=4)

    class Meta:
        verbose_name = _("rate of a plan")
        verbose_name_plural = _("rates of plans")
        constraints = [
            ExclusionConstraint(
                name="plan_rate_overlap",
                expressions=[
                    ("terms", RangeOperators.EQUAL),
                    ("term", RangeOperators.OVERLAPS),
                    ("amount", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(rate__range=(0, 1000)), name="plan_rate_percent"),
            models.CheckConstraint(
                condition=Q(term__isempty=False, amount__isempty=False, amount__startswith__gte=0),
                name="plan_rate_ranges",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} %"
