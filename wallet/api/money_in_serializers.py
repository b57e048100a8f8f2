"""Cards, account numbers and refunds: what goes in (strictly) and what comes out."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer
from wallet.api.serializers import ACCOUNT, DEPOSIT, TRANSACTION, CurrencyField, OpenEnumField
from wallet.models import DedicatedAccount, Refund, SavedCard

CARD, ACCOUNT_NUMBER, REFUND = "crd", "van", "rfd"


class CardSerializer(serializers.Serializer[SavedCard]):
    """A card that may be charged again, by its id alone."""

    id = IdField(CARD)
    object = ObjectField("card")
    brand = OpenEnumField(help_text=_("visa, mastercard, verve, or one to come."))
    last4 = serializers.CharField()
    bank = serializers.CharField()
    expires_month = serializers.IntegerField()
    expires_year = serializers.IntegerField()
    created_at = InstantField()
    used_at = InstantField(allow_null=True)


class CardInput(StrictSerializer):
    deposit = IdField(DEPOSIT, help_text=_("The deposit that was paid by the card to keep."))


class AccountNumberSerializer(serializers.Serializer[DedicatedAccount]):
    """A bank account number whose deposits are one customer's. Empty until the bank has given it."""

    id = IdField(ACCOUNT_NUMBER)
    object = ObjectField("account_number")
    account = IdField(ACCOUNT, source="account_id")
    state = OpenEnumField(help_text=_("REQUESTED, ACTIVE, FAILED, CLOSED."))
    account_number = serializers.CharField()
    account_name = serializers.CharField()
    bank_name = serializers.CharField()
    requested_at = InstantField()
    opened_at = InstantField(allow_null=True)


class AccountNumberInput(StrictSerializer):
    account = IdField(ACCOUNT)
    currency = CurrencyField()


class DepositRefundSerializer(serializers.Serializer[Refund]):
    """Money of a deposit on its way back to the card or account it came from."""

    id = IdField(REFUND)
    object = ObjectField("refund")
    deposit = IdField(DEPOSIT, source="payment_id", allow_null=True)
    amount = MoneyField()
    currency = serializers.CharField(source="currency_id")
    state = OpenEnumField(help_text=_("HELD, UNKNOWN, PENDING, NEEDS_ATTENTION, SUCCEEDED, FAILED."))
    note = serializers.CharField()
    transaction = IdField(
        TRANSACTION, source="posting_id", allow_null=True, help_text=_("Null until it is paid back.")
    )
    created_at = InstantField()
    settled_at = InstantField(allow_null=True)
