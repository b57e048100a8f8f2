"""What goes in (strictly) and what comes out about applications. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from credit.application_rules import LEAST, LONGEST, LONGEST_TEXT, MOST, MOST_A_MONTH
from credit.events import APPLICATION, LOAN, QUESTION, REPORT
from credit.models import Application, Consent
from credit.released import BY_NAME
from credit.services.applying import LONGEST_ANSWER
from credit.services.reviewing import LONGEST as LONGEST_WISH
from wallet.api.serializers import CurrencyField, OpenEnumField

LONGEST_REASON = 300


class LoanApplicationSerializer(serializers.Serializer[Any]):
    """What you ask for, and where that stands: from a draft to a loan that is paid off, one state."""

    id = IdField(APPLICATION, source="pk")
    object = ObjectField("loan_application")
    state = OpenEnumField(
        help_text=_(
            "DRAFT, SUBMITTED, INCOMPLETE, DECLINED, LISTED, OFFERED, ACCEPTED, SIGNED, ACTIVE, WITHDRAWN, EXPIRED, "
            "CANCELLED, and the states of a loan."
        )
    )
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    amount = MoneyField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, help_text=_("Monthly instalments."))
    purpose = OpenEnumField(help_text=_("Empty while it is not answered."))
    purpose_text = serializers.CharField()
    refinances = IdField(LOAN, source="refinances_id", allow_null=True)
    employment = OpenEnumField(help_text=_("Empty while it is not answered."))
    employed_since = serializers.DateField(allow_null=True)
    income = MoneyField(allow_null=True, help_text=_("Of a month, as are the next two."))
    expenses = MoneyField(allow_null=True)
    debts = MoneyField(allow_null=True)
    released = serializers.ListField(child=OpenEnumField(), help_text=_("What lenders may see of it."))
    pools = serializers.BooleanField(help_text=_("Whether several lenders may carry it together."))
    collects = serializers.BooleanField(help_text=_("Whether instalments are taken by themselves."))
    offers = serializers.IntegerField(help_text=_("How many are open."))
    loan = serializers.SerializerMethodField(help_text=_("Once it was paid out."))
    deadline = InstantField(
        allow_null=True, help_text=_("When offers end; INCOMPLETE: until when to answer.")
    )
    sign_by = InstantField(allow_null=True)
    created_at = InstantField(source="made_at")
    submitted_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)

    def get_loan(self, application: Application) -> str | None:
        if not hasattr(application, "loan"):
            return None
        return IdField(LOAN).to_representation(application.pk)


class LoanQuestionSerializer(serializers.Serializer[Any]):
    """What one of our people asks you. Until all are answered, nothing is decided."""

    id = IdField(QUESTION)
    text = serializers.CharField()
    answer = serializers.CharField(help_text=_("Empty while it is not answered."))
    asked_at = InstantField()
    answered_at = InstantField(allow_null=True)


class LoanApplicationDetailSerializer(LoanApplicationSerializer):
    """`missing` is what a draft still needs: loan, work, month, lenders, consents, identity."""

    missing = serializers.SerializerMethodField()
    questions = LoanQuestionSerializer(many=True)

    def get_missing(self, application: Application) -> list[str]:
        return list(self.context["missing"])


class LoanApplicationInput(StrictSerializer):
    """What cannot be asked for is left empty."""

    currency = CurrencyField()
    amount = MoneyField(required=False)
    count = serializers.IntegerField(min_value=1, max_value=LONGEST, required=False)


class LoanApplicationChange(StrictSerializer):
    """Answers, in any parts. All of them are kept, or nothing."""

    amount = MoneyField(min_value=LEAST, required=False, help_text=_("To %(most)d.") % {"most": MOST})
    count = serializers.IntegerField(min_value=1, max_value=LONGEST, required=False)
    purpose = serializers.ChoiceField(choices=Application.Purpose.values, required=False)
    purpose_text = TextField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    refinances = IdField(LOAN, required=False, allow_null=True, help_text=_("With REFINANCE: your loan."))
    employment = serializers.ChoiceField(choices=Application.Employment.values, required=False)
    employed_since = serializers.DateField(required=False, allow_null=True)
    income = MoneyField(min_value=0, required=False, help_text=_("To %(most)d.") % {"most": MOST_A_MONTH})
    expenses = MoneyField(min_value=0, required=False)
    debts = MoneyField(min_value=0, required=False)
    released = serializers.ListField(
        child=serializers.ChoiceField(choices=[*BY_NAME]), min_length=1, max_length=20, required=False
    )
    pools = serializers.BooleanField(required=False)


class LoanApplicationFilter(StrictSerializer):
    state = serializers.RegexField(r"^[A-Z_]{1,20}$", required=False, trim_whitespace=False, max_length=20)


class WithdrawInput(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, required=False, allow_blank=True, default="")


class AnswerInput(StrictSerializer):
    text = TextField(max_length=LONGEST_ANSWER)


class WordsInput(StrictSerializer):
    text = TextField(max_length=LONGEST_WISH)


class LoanConsentSerializer(serializers.Serializer[Any]):
    """One thing to agree to, in full. You agree to these words: send back their hash."""

    kind = OpenEnumField(help_text=_("SOFT_SEARCH, HARD_SEARCH, SHARE_FILE, SCORING, COLLECTION."))
    title = serializers.CharField()
    text = serializers.CharField()
    version = serializers.CharField()
    sha256 = serializers.CharField()
    is_needed = serializers.BooleanField(help_text=_("Whether an application cannot be sent without it."))
    is_given = serializers.BooleanField()
    given_at = InstantField(allow_null=True)
    expires_at = InstantField(allow_null=True)


class LoanConsentsSerializer(serializers.Serializer[Any]):
    object = ObjectField("loan_consents")
    application = IdField(APPLICATION)
    consents = LoanConsentSerializer(many=True)


class LoanConsentInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=Consent.Kind.values)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", max_length=64, trim_whitespace=False)


class ConsentInput(StrictSerializer):
    consents = serializers.ListField(child=LoanConsentInput(), min_length=1, max_length=10)


class BureauLineSerializer(serializers.Serializer[Any]):
    lender = serializers.CharField()
    opened = serializers.CharField()
    standing = OpenEnumField()
    owed = MoneyField()
    monthly = MoneyField()
    late_days = serializers.IntegerField(help_text=_("At worst, in two years."))


class BureauReportSerializer(serializers.Serializer[Any]):
    """What a credit bureau answered about you."""

    id = IdField(REPORT, source="row.pk")
    bureau = serializers.CharField(source="name")
    kind = OpenEnumField(source="row.kind", help_text=_("SOFT or HARD."))
    is_found = serializers.BooleanField(source="report.found")
    inquiries = serializers.IntegerField(source="report.inquiries")
    lines = BureauLineSerializer(source="report.lines", many=True)
    asked_at = InstantField(source="row.asked_at")
    disputed_at = InstantField(source="row.disputed_at", allow_null=True)


class ReviewSerializer(serializers.Serializer[Any]):
    """A person looks again, at your wish."""

    asked_at = InstantField(source="opened_at")
    due_at = InstantField()
    decided_at = InstantField(allow_null=True)


class LoanDecisionSerializer(serializers.Serializer[Any]):
    """Why an application was refused, and what you can do about it."""

    object = ObjectField("loan_decision")
    application = IdField(APPLICATION, source="action.application_id")
    kind = OpenEnumField(source="action.kind", help_text=_("DECLINED, INCOMPLETE, LENDER."))
    reasons = serializers.ListField(
        source="action.reasons", child=serializers.CharField(), help_text=_("The weightiest first.")
    )
    helps = serializers.ListField(child=serializers.CharField(), help_text=_("What would help."))
    score = serializers.IntegerField(source="action.score.score", allow_null=True, default=None)
    may_ask_for_review = serializers.BooleanField(source="may_ask")
    review = ReviewSerializer(allow_null=True)
    reports = BureauReportSerializer(source="searches", many=True)
    decided_at = InstantField(source="action.made_at")
