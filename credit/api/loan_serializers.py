"""What goes in (strictly) and what comes out about running loans. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from credit.api.product_serializers import DAYS_LATE, LenderSerializer, yearly
from credit.events import APPLICATION, CONTRACT, HARDSHIP, LOAN, QUOTE, SCHEDULE
from credit.events import TRANSACTION as LOAN_TRANSACTION
from credit.models import HardshipRequest, LoanTransaction
from credit.services.hardship import LEAST_TEXT, MOST_TEXT
from credit.terms import Effect
from wallet.api.serializers import TRANSACTION, CurrencyField, OpenEnumField


class LoanSerializer(serializers.Serializer[Any]):
    """A loan that was paid out to you, as of the last day that is over and all that has happened since."""

    id = IdField(LOAN, source="pk")
    object = ObjectField("loan")
    number = serializers.CharField(help_text=_("As it stands on its papers."))
    application = IdField(APPLICATION, source="pk")
    contract = IdField(CONTRACT, source="contract_id")
    state = OpenEnumField(
        source="application.state",
        help_text=_(
            "ACTIVE, OVERPAID, CLOSED_MET, CLOSED_REFINANCED, CHARGED_OFF, WRITTEN_OFF, CANCELLED, SIGNED."
        ),
    )
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    amount = MoneyField(help_text=_("What was paid out so far."))
    apr = yearly(source="effective_rate", help_text=_("As it was when it was paid out."))
    principal = MoneyField(source="position.principal", help_text=_("Of the amount still owed."))
    due = MoneyField(source="position.due", help_text=_("What is asked for already, charges included."))
    next_due_date = serializers.DateField(source="position.next_due_on", allow_null=True)
    next_due_amount = MoneyField(source="position.next_due_amount")
    days_late = serializers.IntegerField(source="position.overdue_days", help_text=DAYS_LATE)
    is_looked_into = serializers.SerializerMethodField()
    replaced_by = IdField(LOAN, source="replaced_by_id", allow_null=True)
    opened_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)

    def get_is_looked_into(self, loan: Any) -> bool:
        """Whether we look into its figures: until then nothing is charged, and nothing can be paid."""
        return loan.position.parked_at is not None


class OutstandingSerializer(serializers.Serializer[Any]):
    """What would pay a loan off on the day, in parts that add up to `total`."""

    principal = MoneyField()
    interest = MoneyField()
    fees = MoneyField()
    penalties = MoneyField()
    total = MoneyField()
    due = MoneyField(help_text=_("What of it is asked for already."))


class LoanInstalmentSerializer(serializers.Serializer[Any]):
    """One instalment: what it asks, and what was paid of it so far."""

    number = serializers.IntegerField()
    start_date = serializers.DateField(source="start")
    due_date = serializers.DateField(source="due")
    opening = MoneyField(help_text=_("Principal before it."))
    interest = MoneyField()
    principal = MoneyField()
    payment = MoneyField()
    paid_interest = MoneyField()
    paid_principal = MoneyField()
    unpaid = MoneyField()
    status = OpenEnumField(help_text=_("PAID, LATE, DUE, COMING."))
    days_late = serializers.IntegerField(help_text=DAYS_LATE)


class LoanDetailSerializer(LoanSerializer):
    """A loan as it stands today, worked out from all that has happened to it."""

    as_of = serializers.DateField(source="reading.on")
    outstanding = OutstandingSerializer(source="reading.outstanding")
    next_instalment = LoanInstalmentSerializer(source="reading.next_row", allow_null=True)
    paid_principal = MoneyField(source="reading.paid_principal")
    paid_interest = MoneyField(source="reading.paid_interest")
    paid = MoneyField(source="reading.paid", help_text=_("With charges."))
    overpaid = MoneyField(source="reading.overpaid", help_text=_("Waits to be given back."))
    paused_until = serializers.DateField(
        source="position.paused_until", allow_null=True, help_text=_("Until then being late costs nothing.")
    )
    lenders = LenderSerializer(many=True)


class LoanScheduleSerializer(serializers.Serializer[Any]):
    object = ObjectField("loan_schedule")
    loan = IdField(LOAN)
    as_of = serializers.DateField(source="reading.on")
    currency = serializers.CharField(help_text=_("ISO 4217."))
    instalments = LoanInstalmentSerializer(source="reading.rows", many=True)


class AgreedInstalmentSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    start_date = serializers.DateField(source="start")
    due_date = serializers.DateField(source="due")
    opening = MoneyField()
    interest = MoneyField()
    principal = MoneyField()


class ScheduleVersionSerializer(serializers.Serializer[Any]):
    """The instalments to come as they were from one change to the next. It is kept for ever."""

    id = IdField(SCHEDULE)
    object = ObjectField("loan_schedule_version")
    loan = IdField(LOAN, source="loan_id")
    number = serializers.IntegerField()
    from_date = serializers.DateField(source="on")
    kind = OpenEnumField(source="transaction.kind", help_text=_("What changed it, as a transaction's kind."))
    transaction = IdField(LOAN_TRANSACTION, source="transaction_id")
    reason = serializers.CharField()
    instalments = AgreedInstalmentSerializer(many=True)


class LoanTransactionSerializer(serializers.Serializer[Any]):
    """One thing that happened to a loan. `interest` to `overpaid` say where a payment went."""

    id = IdField(LOAN_TRANSACTION)
    object = ObjectField("loan_transaction")
    loan = IdField(LOAN, source="loan_id")
    number = serializers.IntegerField(help_text=_("Counts them from 1 without a gap."))
    kind = OpenEnumField(
        help_text=_("DISBURSEMENT, REPAYMENT, PAY_OFF, FEE, PENALTY, REVERSAL, REFUND, and others.")
    )
    date = serializers.DateField(source="on")
    amount = MoneyField()
    interest = MoneyField()
    principal = MoneyField()
    fees = MoneyField()
    penalties = MoneyField()
    ahead = MoneyField(help_text=_("What of it was not due yet."))
    overpaid = MoneyField()
    reason = serializers.CharField()
    reverses = IdField(LOAN_TRANSACTION, source="reverses_id", allow_null=True)
    is_taken_back = serializers.SerializerMethodField()
    transaction = IdField(TRANSACTION, source="posting_id", allow_null=True)
    created_at = InstantField(source="made_at")

    def get_is_taken_back(self, row: LoanTransaction) -> bool:
        return hasattr(row, "reversed_by")


class TransactionFilter(StrictSerializer):
    kind = serializers.RegexField(r"^[A-Z_]{1,16}$", required=False, trim_whitespace=False, max_length=16)


class SplitSerializer(serializers.Serializer[Any]):
    """Where a payment goes. `ahead` is what of interest and principal is not due yet."""

    interest = MoneyField()
    principal = MoneyField()
    fees = MoneyField()
    penalties = MoneyField()
    ahead = MoneyField()
    overpaid = MoneyField()


class SplitInput(StrictSerializer):
    interest = MoneyField(min_value=0)
    principal = MoneyField(min_value=0)
    fees = MoneyField(min_value=0)
    penalties = MoneyField(min_value=0)
    ahead = MoneyField(min_value=0)
    overpaid = MoneyField(min_value=0)


class PaymentInput(StrictSerializer):
    amount = MoneyField()
    currency = CurrencyField()


class RepaymentInput(PaymentInput):
    effect = serializers.ChoiceField(
        choices=[str(one) for one in Effect],
        required=False,
        help_text=_("What paying more than is due does to the instalments to come. Else as was agreed."),
    )
    expected = SplitInput(
        required=False,
        help_text=_("The split you showed. Where it would be another, `loan_split_changed` refuses it."),
    )


class AheadSerializer(serializers.Serializer[Any]):
    """What is to come after a payment."""

    effect = OpenEnumField(help_text=_("SMALLER, FEWER, POSTPONED."))
    next_due_date = serializers.DateField(source="after.next_due", allow_null=True)
    next_amount = MoneyField(source="after.next_amount")
    then_amount = MoneyField(source="after.then_amount", help_text=_("The instalment after the next."))
    count = serializers.IntegerField(source="after.count")
    ends_on = serializers.DateField(source="after.ends_on", allow_null=True)
    saves = MoneyField(help_text=_("Interest that will not be asked for any more."))


class RepaymentPreviewSerializer(serializers.Serializer[Any]):
    """Where a payment would go today. `choices` begins with what was agreed; nothing has moved."""

    object = ObjectField("repayment_preview")
    loan = IdField(LOAN)
    amount = MoneyField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    split = SplitSerializer()
    left = MoneyField(help_text=_("What would pay the loan off after it."))
    choices = AheadSerializer(many=True)


class PayoffQuoteSerializer(serializers.Serializer[Any]):
    """What pays a loan off until its day in Lagos ends, to the kobo: it is paid exactly so, or not at all."""

    id = IdField(QUOTE)
    object = ObjectField("payoff_quote")
    loan = IdField(LOAN, source="loan_id")
    day = serializers.DateField()
    currency = serializers.CharField(source="loan.currency_id", help_text=_("ISO 4217."))
    principal = MoneyField()
    interest = MoneyField()
    fees = MoneyField()
    penalties = MoneyField()
    total = MoneyField()
    created_at = InstantField(source="made_at")
    expires_at = InstantField()
    paid_at = InstantField(source="used_at", allow_null=True)
    transaction = serializers.SerializerMethodField(help_text=_("Once it is paid."))

    def get_transaction(self, quote: Any) -> str | None:
        if quote.used_at is None:
            return None
        return IdField(TRANSACTION).to_representation(quote.posting_id)


class HardshipInput(StrictSerializer):
    wish = serializers.ChoiceField(
        choices=HardshipRequest.Wish.values, help_text=_("PAUSE, LONGER, LATER; TALK: to talk to somebody.")
    )
    text = TextField(min_length=LEAST_TEXT, max_length=MOST_TEXT)
    can_pay = MoneyField(min_value=0, required=False, help_text=_("What you could pay each month."))


class HardshipSerializer(serializers.Serializer[Any]):
    """What you asked for because you cannot pay as agreed, and what we answered."""

    id = IdField(HARDSHIP)
    object = ObjectField("hardship_request")
    loan = IdField(LOAN, source="loan_id")
    wish = OpenEnumField(help_text=_("PAUSE, LONGER, LATER, TALK."))
    text = serializers.CharField()
    can_pay = MoneyField(allow_null=True)
    state = OpenEnumField(help_text=_("ASKED, GRANTED, REFUSED, WITHDRAWN."))
    answer = serializers.CharField(help_text=_("Empty while there is none."))
    created_at = InstantField(source="made_at")
    ended_at = InstantField(allow_null=True)


def part_of_kobo(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=30, decimal_places=10, **kwargs)


class ProofLineSerializer(serializers.Serializer[Any]):
    """`earning` × `rate` ÷ 100 × `years` is `earned`."""

    start_date = serializers.DateField(source="start")
    end_date = serializers.DateField(source="end")
    days = serializers.IntegerField()
    earning = MoneyField(help_text=_("What earned."))
    rate = serializers.DecimalField(max_digits=14, decimal_places=10, help_text=_("Percent a year."))
    years = serializers.CharField(help_text=_("The part of a year, as a fraction: 1/12."))
    earned = part_of_kobo()


class ProofPeriodSerializer(serializers.Serializer[Any]):
    """An instalment's interest: its lines added up, and rounded to a kobo once."""

    number = serializers.IntegerField()
    start_date = serializers.DateField(source="start")
    due_date = serializers.DateField(source="due")
    lines = ProofLineSerializer(many=True)
    earned = part_of_kobo()
    charged = MoneyField()
    is_running = serializers.BooleanField()


class ProofStepSerializer(serializers.Serializer[Any]):
    """Where the money of a transaction goes by what is known now; null for what is no payment."""

    transaction = IdField(LOAN_TRANSACTION)
    number = serializers.IntegerField()
    is_taken_back = serializers.BooleanField()
    paid = SplitSerializer(allow_null=True)


class ProofStandingSerializer(serializers.Serializer[Any]):
    lent = MoneyField()
    balance = MoneyField(help_text=_("Principal still owed."))
    due_interest = MoneyField(source="overdue_interest")
    due_principal = MoneyField(source="overdue_principal")
    fees = MoneyField()
    penalties = MoneyField()
    overpaid = MoneyField()


class DifferenceSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    kept = serializers.CharField()
    found = serializers.CharField()


class LoanProofSerializer(serializers.Serializer[Any]):
    """A whole loan worked out again from what happened to it, and compared with what we keep and with the ledger."""

    object = ObjectField("loan_proof")
    loan = IdField(LOAN)
    as_of = serializers.DateField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    is_proven = serializers.BooleanField(help_text=_("Whether everything agrees."))
    compared = serializers.IntegerField(help_text=_("How many figures were compared."))
    differences = DifferenceSerializer(many=True)
    standing = ProofStandingSerializer(allow_null=True)
    periods = ProofPeriodSerializer(many=True)
    steps = ProofStepSerializer(many=True)
