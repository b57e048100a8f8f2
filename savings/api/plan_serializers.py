"""Plans, their terms, and what saving under them would come to. Amounts are in minor units, rates percent a year."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import MoneyField, ObjectField, StrictSerializer
from savings.events import PLAN, TERMS
from savings.services.terms import LONGEST
from wallet.api.serializers import CurrencyField, OpenEnumField


def percent(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=4, **kwargs)


class SavingsRateSerializer(serializers.Serializer[Any]):
    """One cell of a rate table: from a length and an amount on, up to those where the next cell begins."""

    days_from = serializers.IntegerField(help_text=_("From so many days on."))
    days_below = serializers.IntegerField(allow_null=True, help_text=_("Null: however long."))
    amount_from = MoneyField(help_text=_("From this balance on."))
    amount_below = MoneyField(allow_null=True, help_text=_("Null: however much."))
    rate = percent()
    apy = serializers.DecimalField(
        max_digits=30,
        decimal_places=2,
        help_text=_("What the rate comes to in a year with all that is paid left in, before tax."),
    )


class SavingsTermsSerializer(serializers.Serializer[Any]):
    """What a plan pays and asks from a day on. They never change; new ones come with a day of their own."""

    id = IdField(TERMS)
    from_date = serializers.DateField()
    day_count = OpenEnumField(help_text=_("ACT/365F, ACT/360, ACT/ACT-ISDA, 30E/360."))
    method = OpenEnumField(
        help_text=_("WHOLE: the balance at the rate of its band. MARGINAL: each part at its own.")
    )
    capitalised = OpenEnumField(help_text=_("When interest starts to earn: DAY, MONTH, QUARTER, … END."))
    paid = OpenEnumField(help_text=_("When interest reaches the balance: DAY, MONTH, QUARTER, … END."))
    up_front = serializers.BooleanField(
        help_text=_("Whether interest is paid to the wallet on the first day.")
    )
    rounding = OpenEnumField(help_text=_("HALF_EVEN, HALF_UP, DOWN."))
    tax = percent(help_text=_("Withheld of interest when it is paid."))
    minimum = MoneyField(help_text=_("The least that is taken at a time."))
    maximum = MoneyField(allow_null=True, help_text=_("The most that a saving holds."))
    shortest = serializers.IntegerField(allow_null=True, help_text=_("In days."))
    longest = serializers.IntegerField(allow_null=True, help_text=_("In days."))
    cut_off = serializers.TimeField(
        allow_null=True, help_text=_("In Lagos. What comes later counts from the next day.")
    )
    free_withdrawals = serializers.IntegerField(allow_null=True, help_text=_("In a month. Null: all."))
    withdrawal_fee = percent(help_text=_("Of the amount, for those beyond the free ones."))
    penalty = OpenEnumField(help_text=_("For ending early: NONE, LOWER_RATE, SHARE."))
    penalty_percent = percent(help_text=_("Taken off the rate, or off what was saved."))
    rates = SavingsRateSerializer(many=True)


class SavingsPlanSerializer(serializers.Serializer[Any]):
    """Something to save under. `terms` are in force today; `next_terms` come after them, where that is known."""

    id = IdField(PLAN)
    object = ObjectField("savings_plan")
    code = serializers.CharField()
    kind = OpenEnumField(help_text=_("FLEXIBLE, TARGET, FIXED, GROUP."))
    name = serializers.CharField()
    summary = serializers.CharField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    is_open = serializers.BooleanField(help_text=_("Whether it takes new savings."))
    terms = SavingsTermsSerializer(allow_null=True)
    next_terms = SavingsTermsSerializer(allow_null=True)


class SavingsProjectionInput(StrictSerializer):
    amount = MoneyField(help_text=_("What is saved on the first day."))
    currency = CurrencyField()
    monthly = MoneyField(
        min_value=0, required=False, default=0, help_text=_("What is added on the same day of each month.")
    )
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST, required=False, help_text=_("For how long. Left out: for 365 days.")
    )


class HalfWaySerializer(serializers.Serializer[Any]):
    """What ending half-way would pay out, and cost against a plan that takes nothing for it."""

    day = serializers.DateField()
    pays_out = MoneyField()
    costs = MoneyField()


class ProjectedMonthSerializer(serializers.Serializer[Any]):
    """How it stands when a month ends, with what was paid in it and withheld of that."""

    day = serializers.DateField()
    balance = MoneyField()
    interest = MoneyField()
    tax = MoneyField()


class SavingsProjectionSerializer(serializers.Serializer[Any]):
    """What saving comes to when it begins now and nothing changes. Nothing is opened, and nothing promised."""

    object = ObjectField("savings_projection")
    plan = IdField(PLAN)
    terms = IdField(TERMS)
    currency = serializers.CharField(help_text=_("ISO 4217."))
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    rate = percent(help_text=_("On the first amount."))
    apy = serializers.DecimalField(max_digits=30, decimal_places=2)
    saved = MoneyField()
    interest = MoneyField(help_text=_("Before tax."))
    tax = MoneyField()
    up_front = MoneyField(
        help_text=_("What of the interest is paid to the wallet on the first day, after tax.")
    )
    comes_to = MoneyField(help_text=_("What was saved and the interest after tax."))
    half_way = HalfWaySerializer()
    months = ProjectedMonthSerializer(many=True)
