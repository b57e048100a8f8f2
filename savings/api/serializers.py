"""What goes in (strictly) and what comes out about a person's savings. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from savings.events import CORRECTION, GROUP, MOVEMENT, PLAN, QUOTE, SAVING, TERMS
from savings.models import Accrual, ClosingQuote, Replay, UserSavings
from savings.services.opening import LONGEST_NAME
from savings.services.terms import LONGEST
from wallet.api.serializers import ACCOUNT, TRANSACTION, CurrencyField, OpenEnumField

LONGEST_REASON = 300


class SavingProgressSerializer(serializers.Serializer[Any]):
    """How a target stands. `projected_date` is when it is reached at the present rate; null where that is never."""

    percent = serializers.IntegerField(help_text=_("Rounded down."))
    missing = MoneyField()
    expected_by_now = MoneyField(allow_null=True, help_text=_("Null where there is no day to have it by."))
    behind = MoneyField()
    projected_date = serializers.DateField(allow_null=True)


class SavingSerializer(serializers.Serializer[Any]):
    """What you save under a plan. With an end, it keeps the terms that it was opened under."""

    id = IdField(SAVING, source="saving.pk")
    object = ObjectField("saving")
    plan = IdField(PLAN, source="saving.plan_id")
    terms = IdField(TERMS, source="saving.terms_id", allow_null=True, help_text=_("Null: those of its plan."))
    account = IdField(ACCOUNT, source="saving.account_id", help_text=_("Its entries are its history."))
    name = serializers.CharField(source="saving.name")
    state = OpenEnumField(
        source="saving.state",
        help_text=_("DRAFT, ACTIVE, PAUSED, FROZEN, MATURED, CLOSED, ROLLED_OVER, PAID_OUT, CANCELLED."),
    )
    balance = MoneyField()
    interest_to_come = MoneyField(
        source="earned", help_text=_("Interest of days that are over, which is not paid yet; before tax.")
    )
    currency = serializers.CharField(source="saving.plan.currency_id", help_text=_("ISO 4217."))
    is_looked_into = serializers.BooleanField(
        source="is_parked",
        help_text=_("Whether we are looking into its interest; until then it does not end."),
    )
    target = MoneyField(source="saving.target", allow_null=True)
    target_date = serializers.DateField(source="saving.target_date", allow_null=True)
    progress = SavingProgressSerializer(allow_null=True)
    opened_on = serializers.DateField(
        source="saving.opened_on", allow_null=True, help_text=_("Its first day; null while nothing is saved.")
    )
    matures_on = serializers.DateField(
        source="saving.matures_on", allow_null=True, help_text=_("The first day on which it is over.")
    )
    at_maturity = OpenEnumField(
        source="saving.at_maturity", help_text=_("PAY_OUT, ROLL_PRINCIPAL, ROLL_ALL.")
    )
    group = IdField(GROUP, source="saving.group_id", allow_null=True)
    rolled_from = IdField(SAVING, source="saving.rolled_from_id", allow_null=True)
    created_at = InstantField(source="saving.made_at")
    ended_at = InstantField(source="saving.ended_at", allow_null=True)


class SavingInput(StrictSerializer):
    plan = IdField(PLAN)
    name = TextField(max_length=LONGEST_NAME)
    currency = CurrencyField()
    amount = MoneyField(required=False, help_text=_("What is saved now. A fixed saving begins with it."))
    target = MoneyField(required=False)
    target_date = serializers.DateField(required=False)
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST, required=False, help_text=_("For how long, for a fixed saving.")
    )
    at_maturity = serializers.ChoiceField(
        choices=UserSavings.AtMaturity.values, required=False, default=UserSavings.AtMaturity.PAY_OUT
    )
    terms = IdField(
        TERMS,
        required=False,
        help_text=_(
            "Those you showed. Where others are in force, it is refused with `savings_terms_changed`."
        ),
    )


class SavingChange(StrictSerializer):
    """All of it is done, or nothing."""

    name = TextField(max_length=LONGEST_NAME, required=False)
    at_maturity = serializers.ChoiceField(choices=UserSavings.AtMaturity.values, required=False)
    matures_on = serializers.DateField(required=False, help_text=_("A later day; never an earlier one."))


class SavingFilter(StrictSerializer):
    state = serializers.RegexField(r"^[A-Z_]{1,20}$", required=False, trim_whitespace=False, max_length=20)
    plan = IdField(PLAN, required=False)


class ReasonInput(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, required=False, allow_blank=True, default="")


class AccrualSerializer(serializers.Serializer[Accrual]):
    """The interest of one day. `accrued` of all days is what was `paid` in them and the last day's `carry`."""

    object = ObjectField("accrual")
    day = serializers.DateField()
    balance = MoneyField(help_text=_("What earned on this day."))
    rate = serializers.DecimalField(max_digits=9, decimal_places=4, help_text=_("Percent a year."))
    accrued = serializers.DecimalField(max_digits=30, decimal_places=10, help_text=_("In parts of a kobo."))
    carry = serializers.DecimalField(
        max_digits=30,
        decimal_places=10,
        help_text=_(
            "Earned and not paid, this day included. Below zero where it was paid before it was earned."
        ),
    )
    paid = MoneyField(help_text=_("Paid into the balance as the day ended, before tax."))
    tax = MoneyField(help_text=_("Withheld of what was paid."))
    transaction = IdField(TRANSACTION, source="posting_id", allow_null=True)
    tax_transaction = IdField(TRANSACTION, source="tax_posting_id", allow_null=True)


class CorrectionSerializer(serializers.Serializer[Replay]):
    """Days that were closed anew from one on, because what came or went on it became known later.

    Of closed months nothing is closed anew: what they should have paid more, or less, is paid once, as `interest`.
    """

    id = IdField(CORRECTION)
    object = ObjectField("saving_correction")
    saving = IdField(SAVING, source="saving_id")
    since = serializers.DateField()
    movement = IdField(MOVEMENT, source="posting_id", help_text=_("What became known."))
    interest = MoneyField(
        help_text=_("Of closed months, before tax; below zero where they had paid too much.")
    )
    tax = MoneyField()
    transaction = IdField(TRANSACTION, source="adjusting_id", allow_null=True)
    created_at = InstantField(source="made_at")


class ContributionInput(StrictSerializer):
    amount = MoneyField()
    currency = CurrencyField()


class ContributionSerializer(serializers.Serializer[Any]):
    """Money that came into a saving."""

    id = IdField(MOVEMENT, source="pk")
    object = ObjectField("contribution")
    saving = IdField(SAVING, source="saving_id")
    kind = OpenEnumField(help_text=_("CONTRIBUTION, or REVERSAL: put right by us."))
    amount = MoneyField()
    currency = serializers.CharField(source="saving.plan.currency_id", help_text=_("ISO 4217."))
    value_date = serializers.DateField(help_text=_("The day from which it counts."))
    transaction = IdField(TRANSACTION, source="pk")
    created_at = InstantField(source="made_at")


class CostQuery(StrictSerializer):
    amount = serializers.IntegerField(min_value=1, max_value=10**18, help_text=_("In minor units."))


class WithdrawalCostSerializer(serializers.Serializer[Any]):
    """What taking an amount out now would cost. `total` leaves the saving."""

    object = ObjectField("withdrawal_cost")
    amount = MoneyField()
    fee = MoneyField()
    total = MoneyField()
    free_left = serializers.IntegerField(
        allow_null=True, help_text=_("How many are free this month. Null: all are.")
    )
    currency = serializers.CharField(help_text=_("ISO 4217."))


class SavingWithdrawalInput(StrictSerializer):
    amount = MoneyField(help_text=_("What arrives in the wallet; the fee comes on top."))
    currency = CurrencyField()
    expected_fee = MoneyField(
        min_value=0,
        required=False,
        help_text=_("Refuse when it costs anything else, with `saving_cost_changed`."),
    )


class SavingWithdrawalSerializer(ContributionSerializer):
    """Money that left a saving for the wallet, and what that cost."""

    object = ObjectField("saving_withdrawal")
    kind = OpenEnumField(help_text=_("WITHDRAWAL, or REVERSAL: put right by us."))
    amount = serializers.SerializerMethodField()  # type: ignore[assignment]
    fee = serializers.SerializerMethodField()

    def get_amount(self, move: Any) -> int:
        return -int(move.amount)

    def get_fee(self, move: Any) -> int:
        """In minor units, on top of the amount."""
        return int(self.context["fees"].get(move.pk, 0))


class ClosingQuoteSerializer(serializers.Serializer[ClosingQuote]):
    """What ending a saving comes to, to the kobo: it is ended exactly so, or not at all.

    `pays_out` = `balance` + `interest` - `tax` - `taken_back` + `tax_back` - `penalty`.
    """

    id = IdField(QUOTE)
    object = ObjectField("closing_quote")
    saving = IdField(SAVING, source="saving_id")
    day = serializers.DateField(help_text=_("The day in Lagos for which it holds."))
    is_early = serializers.BooleanField()
    currency = serializers.CharField(source="saving.plan.currency_id", help_text=_("ISO 4217."))
    balance = MoneyField()
    earned = MoneyField(help_text=_("All interest up to the day, before tax."))
    interest = MoneyField(help_text=_("What of it is paid now, before tax."))
    tax = MoneyField()
    taken_back = MoneyField(help_text=_("Interest that was paid and is not due when it ends so early."))
    tax_back = MoneyField(help_text=_("The tax that had been withheld of that."))
    penalty = MoneyField()
    pays_out = MoneyField()
    costs = MoneyField(help_text=_("What of the money saved is lost by ending now."))
    created_at = InstantField(source="made_at")
    expires_at = InstantField()
    accepted_at = InstantField(source="used_at", allow_null=True)
