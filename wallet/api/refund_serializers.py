"""Refunds: what goes in (strictly) and what comes out."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from wallet.api.payout_serializers import BANK_ACCOUNT
from wallet.api.serializers import DEPOSIT, TRANSACTION, CurrencyField, OpenEnumField
from wallet.models import Refund
from wallet.services.transfers import LONGEST_NOTE

REFUND = "rfd"


class DepositRefundSerializer(serializers.Serializer[Refund]):
    """Money of a deposit on its way back to the card or account it came from."""

    id = IdField(REFUND)
    object = ObjectField("refund")
    deposit = IdField(DEPOSIT, source="payment_id", allow_null=True)
    amount = MoneyField()
    currency = serializers.CharField(source="currency_id")
    state = OpenEnumField(
        help_text=_(
            "ASKED (being looked at), HELD, UNKNOWN (being checked), PENDING, NEEDS_ATTENTION (name a bank account), "
            "SUCCEEDED, FAILED."
        )
    )
    note = serializers.CharField()
    bank_account = IdField(
        BANK_ACCOUNT,
        source="bank_account_id",
        allow_null=True,
        help_text=_("Where it goes instead, when what it came from takes nothing."),
    )
    transaction = IdField(
        TRANSACTION, source="posting_id", allow_null=True, help_text=_("Null until it is paid back.")
    )
    created_at = InstantField()
    settled_at = InstantField(allow_null=True)


class DepositRefundInput(StrictSerializer):
    deposit = IdField(DEPOSIT)
    amount = MoneyField(help_text=_("At most what is left of the deposit."))
    currency = CurrencyField()
    note = TextField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")


class RefundAccountInput(StrictSerializer):
    bank_account = IdField(BANK_ACCOUNT, help_text=_("One of yours, in your own name."))
