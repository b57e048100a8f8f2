"""Offers and what comes of accepting them. Amounts are in minor units, rates percent a year."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer
from credit.api.product_serializers import (
    LateChargeSerializer,
    LenderSerializer,
    percentage,
    yearly,
)
from credit.events import APPLICATION, BID, CONTRACT, LOAN
from wallet.api.serializers import OpenEnumField

MOST_OFFERS = 50
SORTS = ("apr", "total", "instalment", "ends")


def hash_field(**kwargs: Any) -> serializers.RegexField:
    return serializers.RegexField(r"^[0-9a-f]{64}$", max_length=64, trim_whitespace=False, **kwargs)


class LoanOfferSerializer(serializers.Serializer[Any]):
    """One lender's offer: a point, never a range. It does not change; a new one takes its place."""

    id = IdField(BID, source="bid.pk")
    object = ObjectField("loan_offer")
    lender = LenderSerializer(source="bid.provider")
    amount = MoneyField(source="bid.amount")
    count = serializers.IntegerField(source="bid.count")
    rate = percentage(source="bid.rate")
    apr = yearly(help_text=_("With every fee: offers come in this order."))
    received = MoneyField(source="bid.received", help_text=_("What is paid out: without the fees."))
    fees = MoneyField(source="bid.fees")
    total_payable = MoneyField(source="bid.total_payable")
    instalment = MoneyField(help_text=_("The largest one."))
    is_level = serializers.BooleanField(help_text=_("Whether all instalments but the last are the same."))
    method = OpenEnumField()
    late_charge = LateChargeSerializer()
    cooling_off_days = serializers.IntegerField(source="bid.product_terms.cooling_off_days")
    conditions = serializers.ListField(source="bid.conditions", child=serializers.CharField())
    sha256 = serializers.CharField(source="bid.sha256", help_text=_("Of all the terms it binds to."))
    can_be_accepted = serializers.BooleanField(help_text=_("False where its lender may not lend just now."))
    expires_at = InstantField(source="bid.expires_at")
    created_at = InstantField(source="bid.made_at")


class LoanOffersSerializer(serializers.Serializer[Any]):
    """All open offers. `suggested` are for a pool: the cheapest that together reach what was asked."""

    object = ObjectField("loan_offers")
    application = IdField(APPLICATION)
    is_open = serializers.BooleanField(help_text=_("Whether one can be accepted now."))
    deadline = InstantField(allow_null=True)
    contract = IdField(CONTRACT, allow_null=True, help_text=_("Where offers were accepted."))
    suggested = serializers.ListField(child=IdField(BID))
    offers = LoanOfferSerializer(many=True)


class OfferFilter(StrictSerializer):
    sort = serializers.ChoiceField(
        choices=SORTS, required=False, default="apr", help_text=_("The least first.")
    )


class AcceptInput(StrictSerializer):
    offers = serializers.ListField(child=IdField(BID), min_length=1, max_length=MOST_OFFERS)
    takes_part = serializers.BooleanField(
        required=False,
        default=False,
        help_text=_(
            "That you know it is less than you asked for. Else `credit_part_funded` says by how much."
        ),
    )


class ShareSerializer(serializers.Serializer[Any]):
    """How much one lender carries, at its own rate."""

    lender = LenderSerializer(source="provider")
    offer = IdField(BID, source="bid_id")
    amount = MoneyField()
    rate = percentage()
    fees = MoneyField()


class DrawdownSerializer(serializers.Serializer[Any]):
    """What of a signed contract you may still ask for. What nobody asks for in time is no longer lent."""

    drawn = MoneyField(help_text=_("What was paid out, with the fees kept back."))
    left = MoneyField()
    least = MoneyField(help_text=_("The smallest part."))
    parts_left = serializers.IntegerField(
        help_text=_("With the last of them what you leave is no longer lent.")
    )
    until = serializers.DateField(help_text=_("The last day."))


class LoanContractSerializer(serializers.Serializer[Any]):
    """What you accepted: the terms of one offer, or of a pool of them at one rate. It never changes."""

    id = IdField(CONTRACT, source="contract.pk")
    object = ObjectField("loan_contract")
    application = IdField(APPLICATION, source="contract.application_id")
    loan = IdField(LOAN, allow_null=True, help_text=_("Once it was paid out."))
    state = OpenEnumField(help_text=_("TO_SIGN, WITH_LENDER, SIGNED, PAID_OUT, ENDED."))
    amount = MoneyField(source="contract.amount")
    count = serializers.IntegerField(source="contract.count")
    rate = serializers.DecimalField(source="contract.rate", max_digits=14, decimal_places=10)
    apr = yearly()
    fees = MoneyField(source="contract.fees")
    received = MoneyField(source="contract.received")
    total_payable = MoneyField(source="contract.total_payable")
    late_charge = LateChargeSerializer()
    shares = ShareSerializer(many=True)
    sha256 = serializers.CharField(
        source="contract.sha256", help_text=_("Of all the terms: what both sides sign.")
    )
    needs_search_consent = serializers.BooleanField(
        help_text=_("Whether signing needs your consent to a full credit search.")
    )
    cooling_off_days = serializers.IntegerField(source="contract.cooling_off_days")
    may_cancel = serializers.BooleanField()
    payout_waits_for = serializers.CharField(help_text=_("Why it is not paid out yet; else empty."))
    drawdown = DrawdownSerializer(
        allow_null=True, help_text=_("Where it is paid out in parts, as you ask for them.")
    )
    accepted_at = InstantField(source="contract.accepted_at")
    sign_by = InstantField(allow_null=True)
    signed_at = InstantField(source="contract.signed_at", allow_null=True)
    cooling_off_until = InstantField(source="contract.cooling_off_until", allow_null=True)
    ended_at = InstantField(source="contract.ended_at", allow_null=True)
    end_reason = serializers.CharField(source="contract.end_reason")


class SignInput(StrictSerializer):
    sha256 = hash_field(help_text=_("Of the contract whose terms were read."))
    search_consent = hash_field(
        required=False, help_text=_("Hash of the HARD_SEARCH text, where that was not agreed to before.")
    )
