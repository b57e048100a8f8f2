"""What comes out about a lender, its products, rules and loans, and what goes in. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.organizations.serializers import ORGANIZATION
from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, TextField
from credit.api.lender_base import LenderFilter, LenderInput
from credit.api.product_serializers import (
    DAYS_LATE,
    LateChargeSerializer,
    RepaymentRulesSerializer,
    rules_shown,
)
from credit.events import CONTRACT, LOAN, PRODUCT, PROVIDER, RULE, TRANSACTION
from credit.models import AutoRule, Bucket, LoanProduct, LoanTransaction, ProductTerms, Provider
from credit.terms_data import late_of, rules_of
from wallet.api.serializers import OpenEnumField


def percent(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=4, **kwargs)


def yearly(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=30, decimal_places=4, **kwargs)


class LendingOrganizationSerializer(serializers.Serializer[Provider]):
    """An organisation that lends its own money. It is admitted, priced and stopped by our staff."""

    id = IdField(PROVIDER)
    object = ObjectField("lender")
    organization = IdField(ORGANIZATION, source="organization_id")
    display_name = serializers.CharField()
    state = OpenEnumField(help_text=_("APPLIED, ACTIVE, SUSPENDED."))
    licence_number = serializers.CharField()
    licensed_until = serializers.DateField(allow_null=True)
    applied_at = InstantField()


class LendingBucketSerializer(serializers.Serializer[Any]):
    """How many loans are so late, and what principal of them is owed."""

    bucket = serializers.CharField()
    loans = serializers.IntegerField()
    owed = MoneyField()


class LendingMonthSerializer(serializers.Serializer[Any]):
    """What was lent in a month, came back and was earned, and what changes of loans came to."""

    month = serializers.DateField(source="first", help_text=_("Its first day."))
    lent = MoneyField()
    returned = MoneyField()
    earned = MoneyField()
    modified = MoneyField(
        help_text=_("What changes of what was agreed came to; below zero a loss. No money moved.")
    )


class LendingSummarySerializer(serializers.Serializer[Any]):
    """How a lender's money does now, and month by month in the last year."""

    object = ObjectField("lending_summary")
    lender = IdField(PROVIDER)
    currency = serializers.CharField(help_text=_("ISO 4217."))
    available = MoneyField(help_text=_("What may still be promised."))
    promised = MoneyField(help_text=_("What offers and agreements have set aside."))
    open_offers = serializers.IntegerField(source="offers")
    loans = serializers.IntegerField(help_text=_("Those whose money is out."))
    lent = MoneyField(help_text=_("In all."))
    owed = MoneyField(help_text=_("Principal that is out."))
    interest = MoneyField(help_text=_("Received."))
    charges = MoneyField(help_text=_("Fees and late charges received."))
    late_loans = serializers.IntegerField()
    late = MoneyField(help_text=_("What of them is overdue: of whole loans, where others carry a part."))
    buckets = LendingBucketSerializer(many=True)
    months = LendingMonthSerializer(many=True)


class LendingProductTermsSerializer(serializers.Serializer[Any]):
    """One version of what a product lends. Rates are percent a year, lengths instalments."""

    from_date = serializers.DateField()
    least = MoneyField()
    most = MoneyField()
    shortest = serializers.IntegerField()
    longest = serializers.IntegerField()
    lowest_rate = percent()
    highest_rate = percent()
    fee_percent = serializers.DecimalField(max_digits=7, decimal_places=4)
    fee_fixed = MoneyField()
    rules = RepaymentRulesSerializer(help_text=_("How it is paid back."))
    late_charge = LateChargeSerializer(source="late")
    cooling_off_days = serializers.IntegerField(help_text=_("Working days."))
    conditions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, instance: ProductTerms) -> dict[str, Any]:
        read = {"rules": rules_shown(rules_of(instance.rules)), "late": late_of(instance.late)}
        return super().to_representation({**vars(instance), **read})


class LendingProductSerializer(serializers.Serializer[LoanProduct]):
    """What you lend, by name. Members make products and change their terms on their pages."""

    id = IdField(PRODUCT)
    object = ObjectField("lending_product")
    name = serializers.CharField()
    summary = serializers.CharField()
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    is_open = serializers.BooleanField()
    terms = LendingProductTermsSerializer(
        source="in_force", allow_null=True, help_text=_("Those in force today; null where they begin later.")
    )
    created_at = InstantField(source="made_at")


class LendingRuleSerializer(serializers.Serializer[AutoRule]):
    """Offers made by themselves, to whoever released what meets the conditions. The lowest `position` comes first."""

    id = IdField(RULE)
    object = ObjectField("lending_rule")
    product = IdField(PRODUCT, source="product_id")
    name = serializers.CharField()
    position = serializers.IntegerField()
    conditions = serializers.DictField(
        child=serializers.DictField(), help_text=_("By released field: `min`, `max`, or `in`.")
    )
    rate = percent(help_text=_("Percent a year."))
    valid_days = serializers.IntegerField(help_text=_("How many days an offer stands."))
    is_on = serializers.BooleanField()
    created_at = InstantField(source="made_at")
    ended_at = InstantField(allow_null=True)


class LendingRuleInput(LenderInput):
    product = IdField(PRODUCT)
    name = TextField(max_length=80)
    conditions = serializers.DictField(
        child=serializers.DictField(),
        required=False,
        default=dict,
        help_text=_(
            "By released field, all of which must be met: `min` and `max` for amount, count, income, expenses, debts, "
            "score and employed_since, `in` for purpose and employment."
        ),
    )
    rate = percent(min_value=0, max_value=1000, help_text=_("Percent a year."))
    valid_days = serializers.IntegerField(min_value=1, max_value=30, required=False, default=7)


class LendingPartSerializer(serializers.Serializer[Any]):
    """Your part of a loan. `interest` and `charges` are what you received of them."""

    lent = MoneyField()
    owed = MoneyField()
    interest = MoneyField()
    charges = MoneyField()


class LendingLoanSerializer(serializers.Serializer[Any]):
    """A loan that you carry, or a part of it. Figures are of the whole loan, but for `own`."""

    id = IdField(LOAN, source="pk")
    object = ObjectField("lending_loan")
    number = serializers.CharField()
    contract = IdField(CONTRACT, source="contract_id")
    state = OpenEnumField(
        source="application.state",
        help_text=_(
            "ACTIVE, OVERPAID, CLOSED_MET, CLOSED_REFINANCED, CHARGED_OFF, WRITTEN_OFF, CANCELLED, SIGNED."
        ),
    )
    amount = MoneyField()
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    rate = serializers.DecimalField(
        source="contract.rate", max_digits=14, decimal_places=10, help_text=_("Percent a year, as agreed.")
    )
    principal = MoneyField(source="position.principal", help_text=_("Owed still."))
    bucket = OpenEnumField(source="position.bucket", help_text=", ".join(Bucket.values))
    days_late = serializers.IntegerField(source="position.overdue_days", help_text=DAYS_LATE)
    next_due_on = serializers.DateField(source="position.next_due_on", allow_null=True)
    next_due_amount = MoneyField(source="position.next_due_amount")
    own = LendingPartSerializer()
    opened_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)


class LendingLoanFilter(LenderFilter):
    bucket = serializers.RegexField(r"^[A-Z0-9_]{1,12}$", required=False, max_length=12)
    state = serializers.RegexField(r"^[A-Z_]{1,20}$", required=False, max_length=20)


class LendingScheduleRowSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    start = serializers.DateField()
    due = serializers.DateField()
    opening = MoneyField(help_text=_("Principal before it."))
    interest = MoneyField()
    principal = MoneyField()
    paid_interest = MoneyField()
    paid_principal = MoneyField()
    status = OpenEnumField(help_text=_("PAID, LATE, DUE, COMING."))
    days_late = serializers.IntegerField(help_text=DAYS_LATE)


class LendingScheduleSerializer(serializers.Serializer[Any]):
    """A loan's instalments as they stand today: those to come as if what is overdue were paid today."""

    object = ObjectField("lending_schedule")
    loan = IdField(LOAN)
    on = serializers.DateField()
    rate = serializers.CharField(help_text=_("Percent a year, now."))
    principal = MoneyField(source="outstanding.principal", help_text=_("Owed still."))
    interest = MoneyField(source="outstanding.interest")
    fees = MoneyField(source="outstanding.fees")
    penalties = MoneyField(source="outstanding.penalties")
    due = MoneyField(source="outstanding.due", help_text=_("What of it is asked for already."))
    rows = LendingScheduleRowSerializer(many=True)


class LendingPayoutSerializer(serializers.Serializer[Any]):
    """What moved for you; below zero is what you paid out, or gave back."""

    principal = MoneyField()
    interest = MoneyField()
    charges = MoneyField()


class LendingTransactionSerializer(serializers.Serializer[LoanTransaction]):
    """Something that happened to a loan. Figures are of the whole loan, but for `own`."""

    id = IdField(TRANSACTION)
    object = ObjectField("lending_transaction")
    loan = IdField(LOAN, source="loan_id")
    number = serializers.IntegerField(help_text=_("Counted from 1 for each loan."))
    kind = OpenEnumField(help_text=_("DISBURSEMENT, REPAYMENT, PAY_OFF, PENALTY, REVERSAL, and others."))
    on = serializers.DateField()
    amount = MoneyField()
    interest = MoneyField()
    principal = MoneyField()
    fees = MoneyField()
    penalties = MoneyField()
    overpaid = MoneyField()
    reverses = IdField(TRANSACTION, source="reverses_id", allow_null=True)
    own = LendingPayoutSerializer(allow_null=True, help_text=_("Null where nothing moved for you."))
    created_at = InstantField(source="made_at")
