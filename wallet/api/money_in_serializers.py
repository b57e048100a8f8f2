"""Cards and account numbers: what goes in (strictly) and what comes out."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, ObjectField, StrictSerializer
from wallet.api.serializers import ACCOUNT, DEPOSIT, CurrencyField, OpenEnumField
from wallet.models import DedicatedAccount, SavedCard

CARD, ACCOUNT_NUMBER = "crd", "van"


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
