"""What goes in (strictly) and what comes out. Amounts are in minor units, times are RFC 3339 in UTC."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from core.money import MAX_AMOUNT
from wallet.models import Account, FeeSchedule, Payment
from wallet.services.transfers import LONGEST_NOTE

ACCOUNT, TRANSACTION, TRANSFER, DEPOSIT = "acc", "txn", "trf", "dep"


class OpenEnumField(serializers.CharField):
    """One of some words; new ones may appear, so the schema shows examples and no closed list."""


class AccountSerializer(serializers.Serializer[Account]):
    """An account of the caller. `available` is what may be spent: the balance without what is held."""

    id = IdField(ACCOUNT)
    object = ObjectField("account")
    kind = OpenEnumField(help_text=_("WALLET, HELD, SAVINGS, or a kind to come."))
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    balance = MoneyField()
    held = MoneyField()
    available = MoneyField()
    state = OpenEnumField(help_text=_("ACTIVE, NO_DEBIT, NO_CREDIT, FROZEN, CLOSED."))
    version = serializers.IntegerField(help_text=_("The version of its newest entry."))
    opened_at = InstantField()


class LimitSerializer(serializers.Serializer[Any]):
    """One limit of a day. `limit` and `left` are null where there is none."""

    kind = OpenEnumField(help_text=_("SENDING or RECEIVING."))
    day = serializers.DateField(help_text=_("The day in Lagos that is counted."))
    limit = MoneyField(allow_null=True)
    used = MoneyField()
    left = MoneyField(allow_null=True)
    resets_at = InstantField()


class LimitsSerializer(serializers.Serializer[Any]):
    """What an account may move and hold by its owner's tier. Null is no limit; `daily` is empty where none counts."""

    account = IdField(ACCOUNT, source="account_id")
    object = ObjectField("limits")
    currency = serializers.CharField(help_text=_("ISO 4217."))
    tier = serializers.IntegerField()
    daily = LimitSerializer(many=True)
    single_amount = MoneyField(allow_null=True, help_text=_("What one transfer may be at most."))
    balance_cap = MoneyField(allow_null=True)


class EntrySerializer(serializers.Serializer[Any]):
    """One line of an account's history: `change` is signed, `balance` is the balance after it."""

    object = ObjectField("entry")
    version = serializers.IntegerField(help_text=_("Counts the account's entries, without a gap."))
    transaction = IdField(TRANSACTION, source="transaction_id")
    kind = OpenEnumField(help_text=_("DEPOSIT, TRANSFER, or a kind to come."))
    side = serializers.ChoiceField(choices=["DEBIT", "CREDIT"])
    change = MoneyField()
    currency = serializers.CharField()
    balance = MoneyField()
    description = serializers.CharField()
    effective_at = InstantField()
    recorded_at = InstantField()


class PersonSerializer(serializers.Serializer[Any]):
    """As much of a person as the other side of a movement may see."""

    handle = serializers.CharField()
    display_name = serializers.CharField()


class SideSerializer(serializers.Serializer[Any]):
    """One side of a transaction. Of a side that is not the caller's, only who it is; null for the system."""

    account = IdField(ACCOUNT, allow_null=True, help_text=_("Null when it is not yours."))
    version = serializers.IntegerField(allow_null=True)
    balance = MoneyField(allow_null=True)
    person = PersonSerializer(allow_null=True)


class TransactionSerializer(serializers.Serializer[Any]):
    """One amount that moved from the debit to the credit side."""

    id = IdField(TRANSACTION)
    object = ObjectField("transaction")
    kind = OpenEnumField()
    amount = MoneyField()
    currency = serializers.CharField()
    description = serializers.CharField()
    debit = SideSerializer()
    credit = SideSerializer()
    effective_at = InstantField()
    recorded_at = InstantField()


class FeeLineSerializer(serializers.Serializer[Any]):
    """One charge. VAT is that on the fee; duty and levy go to the state."""

    kind = OpenEnumField(help_text=_("FEE, VAT, STAMP_DUTY, LEVY."))
    amount = MoneyField()


class FeeQuoteSerializer(serializers.Serializer[Any]):
    """What moving an amount costs now. Charges come on top of it, except a merchant's, which come out of it."""

    object = ObjectField("fee_quote")
    kind = OpenEnumField(help_text=_("TRANSFER, WITHDRAWAL, DEPOSIT, MERCHANT_PAYMENT, PAYOUT."))
    amount = MoneyField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    fees = FeeLineSerializer(many=True)
    total_fees = MoneyField(help_text=_("What whoever moves the money pays."))
    quoted_at = InstantField()


class TransferSerializer(serializers.Serializer[Any]):
    """Money sent from one customer to another."""

    id = IdField(TRANSFER)
    object = ObjectField("transfer")
    source = IdField(ACCOUNT, allow_null=True, help_text=_("Null when it is not yours."))  # type: ignore[assignment]
    sender = PersonSerializer(allow_null=True)
    recipient = PersonSerializer(allow_null=True)
    amount = MoneyField()
    fees = FeeLineSerializer(
        many=True, allow_null=True, help_text=_("Paid by the sender on top; null when it was not you.")
    )
    total = MoneyField(allow_null=True, help_text=_("What the sender paid in all; null when it was not you."))
    currency = serializers.CharField()
    note = serializers.CharField()
    transaction = IdField(TRANSACTION)
    created_at = InstantField()


class DepositSerializer(serializers.Serializer[Payment]):
    """Money on its way in. Send the customer to `checkout_url`; `state` tells what became of it."""

    id = IdField(DEPOSIT)
    object = ObjectField("deposit")
    account = IdField(ACCOUNT, source="account_id")
    amount = MoneyField()
    currency = serializers.CharField(source="currency_id")
    state = OpenEnumField(help_text=_("INTENT, PENDING, SUCCEEDED, HELD, REVIEW, FAILED, EXPIRED."))
    method = OpenEnumField(help_text=_("CHECKOUT, CARD, TRANSFER."))
    checkout_url = serializers.CharField(
        help_text=_("Empty until the checkout is open, and where there is none.")
    )
    created_at = InstantField()
    settled_at = InstantField(allow_null=True)


class CurrencyField(serializers.RegexField):
    def __init__(self) -> None:
        super().__init__(r"^[A-Z]{3}$", help_text=_("ISO 4217."), trim_whitespace=False, max_length=3)


class TransferInput(StrictSerializer):
    source = IdField(ACCOUNT)  # type: ignore[assignment]
    recipient = TextField(max_length=254, help_text=_("A handle, with or without @, or an e-mail address."))
    amount = MoneyField()
    currency = CurrencyField()
    note = TextField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    expected_fees = MoneyField(
        min_value=0,
        required=False,
        help_text=_(
            "What a quote said that it costs; refused with fees_changed when it costs something else."
        ),
    )


class DepositInput(StrictSerializer):
    account = IdField(ACCOUNT)
    amount = MoneyField()
    currency = CurrencyField()
    card = IdField("crd", required=False, help_text=_("A saved card to charge, instead of a checkout."))


class FeeQuery(StrictSerializer):
    kind = serializers.ChoiceField(choices=FeeSchedule.Kind.values)
    amount = serializers.IntegerField(min_value=1, max_value=MAX_AMOUNT, help_text=_("In minor units."))
    currency = CurrencyField()


class EntryFilter(StrictSerializer):
    kind = serializers.RegexField(
        r"^[A-Z][A-Z0-9_]{0,39}$", required=False, trim_whitespace=False, max_length=40
    )
    since = InstantField(required=False, help_text=_("Recorded at or after this."))
    until = InstantField(required=False, help_text=_("Recorded before this."))
