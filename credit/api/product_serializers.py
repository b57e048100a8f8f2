"""What lenders lend and what that comes to. Amounts are in minor units, rates percent a year."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.ids import IdField
from core.api.serializers import MoneyField, ObjectField, StrictSerializer
from credit.application_rules import LEAST, LONGEST, MOST
from credit.events import PRODUCT, PROVIDER
from credit.models.providers import MOST_RATE
from credit.product_rules import ProductRules
from credit.terms import Method
from wallet.api.serializers import CurrencyField, OpenEnumField


def percentage(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=4, **kwargs)


DAYS_LATE = _("Whole days over since it was due and not paid, up to yesterday, without those of a pause.")


def yearly(**kwargs: Any) -> serializers.DecimalField:
    """A rate of cost as it is disclosed: two places."""
    return serializers.DecimalField(max_digits=30, decimal_places=2, **kwargs)


class LenderSerializer(serializers.Serializer[Any]):
    """Who lends, and where to complain about it."""

    id = IdField(PROVIDER)
    name = serializers.CharField(source="display_name")
    licence_number = serializers.CharField()
    complaints_email = serializers.CharField()
    complaints_phone = serializers.CharField(help_text=_("May be empty."))


class LateChargeSerializer(serializers.Serializer[Any]):
    """What an instalment costs that is paid late, beside interest: a percent of what is late, once for each."""

    percent = percentage()
    most = MoneyField(allow_null=True, help_text=_("For one instalment. Null: no such limit."))
    cap = percentage(help_text=_("Of what was lent: never more than that in all."))
    days_free = serializers.IntegerField(help_text=_("Days after the due day that cost nothing."))


class GraceSerializer(serializers.Serializer[Any]):
    """For how many instalments from the first on."""

    no_principal = serializers.IntegerField(help_text=_("No principal is asked for."))
    interest_later = serializers.IntegerField(
        help_text=_("Interest waits, and is asked for with the first after.")
    )
    interest_free = serializers.IntegerField(help_text=_("No interest is charged."))
    capitalised = serializers.BooleanField(help_text=_("Interest that waits becomes principal instead."))


class RoundingSerializer(serializers.Serializer[Any]):
    multiple = MoneyField(help_text=_("Instalments are a multiple of it; the last takes what is left."))
    to = OpenEnumField(help_text=_("NEAREST, UP, DOWN."))
    interest = OpenEnumField(help_text=_("Half a kobo of interest: EVEN, UP."))
    smoothed = serializers.BooleanField(help_text=_("The last instalment is brought near the others."))


class PayingSerializer(serializers.Serializer[Any]):
    """What a payment is for."""

    order = serializers.ListField(
        child=OpenEnumField(),
        help_text=_("What is due is paid in this order: INTEREST, PRINCIPAL, FEE, PENALTY."),
    )
    row_by_row = serializers.BooleanField(help_text=_("The oldest instalment whole, before the next."))
    accrued_first = serializers.BooleanField(
        help_text=_("What is more than is due pays interest earned since, before principal.")
    )
    counts = OpenEnumField(
        help_text=_("Paid early, interest is charged to the DAY, or the end of its PERIOD.")
    )
    effect = OpenEnumField(
        help_text=_("Paying more: SMALLER, FEWER or POSTPONED instalments, unless the borrower chooses.")
    )


class PartsSerializer(serializers.Serializer[Any]):
    """In how many parts at most a loan is paid out, as its borrower asks for them. One part is the whole, at once."""

    parts = serializers.IntegerField()
    least_percent = percentage(source="least", help_text=_("Of the loan: the smallest part but the last."))
    days = serializers.IntegerField(help_text=_("After signing, in which one may be asked for."))


class RepaymentRulesSerializer(serializers.Serializer[Any]):
    """How a loan is paid out and back. What the method has no use for is null."""

    method = OpenEnumField(
        help_text=_("LEVEL, EQUAL_PRINCIPAL, FLAT, INTEREST_ONLY, BALLOON, GRADUATED, STEPPED.")
    )
    rhythm = OpenEnumField(help_text=_("DAILY, WEEKLY, MONTHLY: how far apart instalments are."))
    every = serializers.IntegerField(help_text=_("2 with WEEKLY is every second week."))
    day_count = OpenEnumField(help_text=_("The convention by which interest counts days."))
    balloon_percent = percentage(allow_null=True, help_text=_("Of the loan: waits for the last instalment."))
    growth_percent = percentage(allow_null=True, help_text=_("From one instalment to the next."))
    growth_every = serializers.IntegerField(allow_null=True, help_text=_("Instalments before they change."))
    weights = serializers.ListField(
        child=serializers.DecimalField(max_digits=6, decimal_places=2),
        allow_null=True,
        help_text=_("One for each instalment; after the last they begin again."),
    )
    grace = GraceSerializer()
    rounding = RoundingSerializer()
    paying = PayingSerializer()
    capitalise_unpaid = serializers.BooleanField(
        help_text=_("An instalment may be less than its interest; the rest becomes principal.")
    )
    arrears_earn = serializers.BooleanField(help_text=_("Interest that is overdue earns interest."))
    payout = PartsSerializer()


def rules_shown(rules: ProductRules) -> dict[str, Any]:
    """Return the rules as `RepaymentRulesSerializer` draws them."""
    is_graduated = rules.method is Method.GRADUATED
    same = ("method", "rhythm", "every", "day_count", "grace", "rounding", "paying")
    return {
        "payout": rules.drawdown,
        **{name: getattr(rules, name) for name in (*same, "capitalise_unpaid", "arrears_earn")},
        "balloon_percent": rules.balloon if rules.method is Method.BALLOON else None,
        "growth_percent": rules.growth if is_graduated else None,
        "growth_every": rules.growth_every if is_graduated else None,
        "weights": rules.weights if rules.method is Method.STEPPED else None,
    }


class LoanTermsSerializer(serializers.Serializer[Any]):
    """What a product lends from a day on, and how it is paid back."""

    from_date = serializers.DateField()
    least_amount = MoneyField(source="least")
    most_amount = MoneyField(source="most")
    fewest_instalments = serializers.IntegerField(source="shortest")
    most_instalments = serializers.IntegerField(source="longest")
    lowest_rate = percentage()
    highest_rate = percentage(help_text=_("No offer under these terms costs more."))
    fee_percent = percentage(help_text=_("Of what is lent; kept back when it is paid out."))
    fee_fixed = MoneyField()
    method = OpenEnumField(
        help_text=_("LEVEL, EQUAL_PRINCIPAL, FLAT, INTEREST_ONLY, BALLOON, GRADUATED, STEPPED.")
    )
    rhythm = OpenEnumField(help_text=_("DAILY, WEEKLY, MONTHLY: how far apart instalments are."))
    every = serializers.IntegerField(help_text=_("2 with WEEKLY is every second week."))
    rules = RepaymentRulesSerializer()
    late_charge = LateChargeSerializer()
    cooling_off_days = serializers.IntegerField(help_text=_("Working days in which it can be cancelled."))
    conditions = serializers.ListField(child=serializers.CharField())


class LoanCostSerializer(serializers.Serializer[Any]):
    """What a loan comes to at a rate. `apr` has every fee in it: by it loans are compared."""

    rate = percentage()
    apr = yearly()
    received = MoneyField(help_text=_("What is paid out: the amount without the fees."))
    fees = MoneyField()
    interest = MoneyField()
    total_payable = MoneyField()
    instalment = MoneyField(help_text=_("The largest one."))


class LoanFiguresSerializer(serializers.Serializer[Any]):
    """What was asked for under a product. Both costs are null where `bars` says that it lends nothing like it."""

    amount = MoneyField()
    count = serializers.IntegerField()
    bars = serializers.ListField(
        child=OpenEnumField(), help_text=_("AMOUNT, TERM, RHYTHM; TIER: more than your wallet may hold.")
    )
    at_highest_rate = LoanCostSerializer(allow_null=True)
    at_lowest_rate = LoanCostSerializer(allow_null=True)


class LoanProductSerializer(serializers.Serializer[Any]):
    """Something that a lender lends. What an offer costs, the lender says once it has seen an application."""

    id = IdField(PRODUCT)
    object = ObjectField("loan_product")
    lender = LenderSerializer()
    name = serializers.CharField()
    summary = serializers.CharField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    terms = LoanTermsSerializer()
    figures = LoanFiguresSerializer(allow_null=True, help_text=_("Null unless an amount was asked for."))


class ProductQuery(StrictSerializer):
    """`amount` and `count` go together."""

    amount = serializers.IntegerField(
        min_value=LEAST, max_value=MOST, required=False, help_text=_("In minor units: works out `figures`.")
    )
    count = serializers.IntegerField(
        min_value=1, max_value=LONGEST, required=False, help_text=_("Monthly instalments.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"amount", "count"} & attrs.keys()) == 1:
            missing = "count" if "amount" in attrs else "amount"
            raise serializers.ValidationError(
                {missing: [ErrorDetail(_now("Amount and count go together."), code="required")]}
            )
        return attrs


class ProductFilter(ProductQuery):
    lender = IdField(PROVIDER, required=False)


class CalculationInput(StrictSerializer):
    """Under a product, `rate` left out is its highest one; without a product it has to be given."""

    product = IdField(PRODUCT, required=False)
    amount = MoneyField(min_value=LEAST)
    currency = CurrencyField()
    count = serializers.IntegerField(min_value=1, max_value=LONGEST, help_text=_("Monthly instalments."))
    rate = percentage(min_value=0, max_value=MOST_RATE, required=False)
    fee_percent = percentage(
        min_value=0, max_value=99, required=False, help_text=_("Without a product: of what is lent.")
    )


class PlannedInstalmentSerializer(serializers.Serializer[Any]):
    """What one instalment asks; `left` of the loan stays owed after it."""

    number = serializers.IntegerField()
    due_date = serializers.DateField()
    interest = MoneyField()
    principal = MoneyField()
    payment = MoneyField()
    left = MoneyField()


class CalculationSerializer(serializers.Serializer[Any]):
    """A loan worked out to the kobo, as if it were paid out today, by the way every offer and contract goes."""

    object = ObjectField("loan_calculation")
    product = IdField(PRODUCT, allow_null=True)
    amount = MoneyField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    count = serializers.IntegerField()
    cost = LoanCostSerializer()
    starts_on = serializers.DateField()
    instalments = PlannedInstalmentSerializer(many=True)
