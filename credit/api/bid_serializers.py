"""What comes out about the market, offers and agreements, and what goes in. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, TextField
from credit.api.lender_base import LenderFilter, LenderInput
from credit.api.lender_serializers import percent, yearly
from credit.check_reasons import LONGEST, MOST, CheckReason
from credit.events import APPLICATION, BID, CONTRACT, PRODUCT, RULE
from credit.models import Application
from credit.models.providers import MOST_RATE
from credit.services.bidding import LONGEST_CONDITION, MOST_CONDITIONS
from wallet.api.serializers import CurrencyField, OpenEnumField

LONGEST_TERM = 1200


class LendingApplicationSerializer(serializers.Serializer[Any]):
    """An application that takes offers: what goes with every one. Who somebody is, no application says."""

    id = IdField(APPLICATION)
    object = ObjectField("lending_application")
    amount = MoneyField()
    count = serializers.IntegerField(help_text=_("Monthly instalments."))
    currency = serializers.CharField(help_text=_("ISO 4217."))
    purpose = OpenEnumField(help_text=", ".join(Application.Purpose.values))
    takes_parts = serializers.BooleanField(help_text=_("Whether several lenders may carry it together."))
    deadline = InstantField(help_text=_("Offers are made, replaced and taken back before this."))
    own_bid = IdField(BID, allow_null=True, help_text=_("Your open offer for it."))


class LendingFileSerializer(LendingApplicationSerializer):
    """What was released of an application; what was not is null. That you looked is kept under the watermark."""

    released = serializers.ListField(
        child=serializers.CharField(), help_text=_("What was released, by name.")
    )
    purpose_text = serializers.CharField(allow_null=True, allow_blank=True)
    employment = OpenEnumField(allow_null=True, help_text=", ".join(Application.Employment.values))
    employed_since = serializers.DateField(allow_null=True)
    income = MoneyField(allow_null=True, help_text=_("A month."))
    expenses = MoneyField(allow_null=True, help_text=_("A month."))
    debts = MoneyField(allow_null=True, help_text=_("Paid on other loans a month."))
    score = serializers.IntegerField(allow_null=True)
    watermark = serializers.CharField()


class LendingApplicationFilter(LenderFilter):
    most = MoneyField(required=False, help_text=_("Leaves out what is asked above this."))

    def to_internal_value(self, data: Any) -> Any:
        """An address holds text only."""
        most = data.get("most")
        number = isinstance(most, str) and most.isascii() and most.isdecimal() and len(most) <= 18
        return super().to_internal_value({**data, "most": int(most)} if number else data)


class LendingOutcomeSerializer(serializers.Serializer[Any]):
    """How an offer stood among those that stood to the end; of others no more than the band of the cheapest chosen."""

    rank = serializers.IntegerField(allow_null=True, help_text=_("1 is the cheapest; null: it ended before."))
    among = serializers.IntegerField()
    chosen_apr_from = yearly(allow_null=True, help_text=_("Null where none was chosen."))
    chosen_apr_below = yearly(allow_null=True)


class LendingBidSerializer(serializers.Serializer[Any]):
    """Your offer for an application. It never changes: another one replaces it."""

    id = IdField(BID)
    object = ObjectField("lending_bid")
    application = IdField(APPLICATION, source="application_id")
    product = IdField(PRODUCT, source="product_terms.product_id")
    rule = IdField(RULE, source="rule_id", allow_null=True, help_text=_("The rule that made it by itself."))
    replaces = IdField(BID, source="supersedes_id", allow_null=True)
    state = OpenEnumField(help_text=_("LIVE, SUPERSEDED, WITHDRAWN, EXPIRED, LOST, ACCEPTED."))
    amount = MoneyField()
    count = serializers.IntegerField(help_text=_("Monthly instalments."))
    currency = serializers.CharField(source="application.currency_id", help_text=_("ISO 4217."))
    rate = percent(help_text=_("Percent a year."))
    fees = MoneyField(help_text=_("What you keep back of the amount."))
    received = MoneyField(help_text=_("What the borrower receives."))
    total_payable = MoneyField()
    apr = yearly(help_text=_("The yearly rate with all costs, percent."))
    our_fee = MoneyField(help_text=_("What you owe us if it is paid out."))
    our_tax = MoneyField(help_text=_("And the tax on that."))
    reserve = MoneyField(help_text=_("What it sets aside while it is open."))
    conditions = serializers.ListField(child=serializers.CharField())
    sha256 = serializers.CharField(help_text=_("Of all that it binds to."))
    outcome = LendingOutcomeSerializer(allow_null=True, help_text=_("Null until bidding is over."))
    created_at = InstantField(source="made_at")
    expires_at = InstantField()
    ended_at = InstantField(allow_null=True)


class LendingBidInput(LenderInput):
    application = IdField(APPLICATION)
    product = IdField(PRODUCT)
    amount = MoneyField()
    currency = CurrencyField()
    count = serializers.IntegerField(min_value=1, max_value=LONGEST_TERM)
    rate = percent(min_value=0, max_value=MOST_RATE, help_text=_("Percent a year."))
    expires_at = InstantField()
    conditions = serializers.ListField(
        child=TextField(max_length=LONGEST_CONDITION),
        max_length=MOST_CONDITIONS,
        required=False,
        default=list,
        help_text=_("Beside those of the product."),
    )
    replaces = IdField(BID, required=False, help_text=_("Your open offer for it, which this one ends."))


class LendingBidFilter(LenderFilter):
    application = IdField(APPLICATION, required=False)
    state = serializers.RegexField(r"^[A-Z_]{1,10}$", required=False, max_length=10)


class LendingShareSerializer(serializers.Serializer[Any]):
    """What you carry of an agreement, at your own rate."""

    bid = IdField(BID, source="bid_id")
    amount = MoneyField()
    rate = percent()
    fees = MoneyField()
    our_fee = MoneyField()
    our_tax = MoneyField()


class LendingContractSerializer(serializers.Serializer[Any]):
    """What a borrower accepted. All sides sign the text with this hash; then the money goes out at once."""

    id = IdField(CONTRACT)
    object = ObjectField("lending_contract")
    application = IdField(APPLICATION, source="application_id")
    state = OpenEnumField(help_text=_("TO_SIGN, SIGNED, ENDED."))
    amount = MoneyField()
    count = serializers.IntegerField(help_text=_("Instalments."))
    currency = serializers.CharField(source="application.currency_id", help_text=_("ISO 4217."))
    rate = serializers.DecimalField(max_digits=14, decimal_places=10, help_text=_("Percent a year."))
    apr = yearly()
    fees = MoneyField()
    received = MoneyField()
    total_payable = MoneyField()
    share = LendingShareSerializer()
    sha256 = serializers.CharField()
    borrower_signed = serializers.BooleanField()
    you_signed = serializers.BooleanField()
    accepted_at = InstantField()
    sign_by = InstantField(source="application.sign_by", allow_null=True)
    signed_at = InstantField(allow_null=True, help_text=_("When the last side did."))
    ended_at = InstantField(allow_null=True, help_text=_("When it ended before it was paid out."))


class LendingSearchLineSerializer(serializers.Serializer[Any]):
    lender = serializers.CharField()
    opened = serializers.CharField()
    standing = OpenEnumField(help_text=_("CLEAR, LATE, DEFAULT."))
    owed = MoneyField()
    monthly = MoneyField()
    late_days = serializers.IntegerField(help_text=_("At worst in two years."))


class LendingSearchSerializer(serializers.Serializer[Any]):
    """What one bureau answered to the full search, which is made once the borrower has signed."""

    bureau = serializers.CharField()
    found = serializers.BooleanField(source="report.found")
    inquiries = serializers.IntegerField(source="report.inquiries")
    lines = LendingSearchLineSerializer(source="report.lines", many=True)
    is_disputed = serializers.BooleanField(help_text=_("Whether the borrower says that it is wrong."))
    at = InstantField()


class LendingAgreementSerializer(LendingContractSerializer):
    """An agreement with the borrower's name and the text to sign. That you looked is kept under the watermark."""

    number = serializers.CharField(help_text=_("What the loan will be called."))
    borrower = serializers.CharField()
    terms = serializers.CharField(help_text=_("The text: its SHA-256 is `sha256`."))
    searches = LendingSearchSerializer(many=True)
    watermark = serializers.CharField()


class LendingContractFilter(LenderFilter):
    state = serializers.ChoiceField(choices=["TO_SIGN", "SIGNED", "ENDED"], required=False)


class LendingSignInput(LenderInput):
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", max_length=64, trim_whitespace=False)


class LendingRefusalInput(LenderInput):
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=CheckReason.values), min_length=1, max_length=MOST
    )
    words = TextField(
        max_length=LONGEST, required=False, allow_blank=True, default="", help_text=_("For OTHER.")
    )
