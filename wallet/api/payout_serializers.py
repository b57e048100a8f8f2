"""Money out: what goes in (strictly) and what comes out. Amounts are in minor units, times are RFC 3339 in UTC."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from wallet.api.serializers import ACCOUNT, TRANSFER, CurrencyField, FeeLineSerializer, OpenEnumField
from wallet.models import Bank, BankAccount, Payout, ScheduledRun, ScheduledTransfer
from wallet.services.payouts.telling import PAYOUT
from wallet.services.transfers import LONGEST_NOTE

BANK_ACCOUNT, WITHDRAWAL, SCHEDULED, RUN = "ban", PAYOUT, "sch", "run"


class BankSerializer(serializers.Serializer[Bank]):
    """A bank that money can be paid out to."""

    object = ObjectField("bank")
    code = serializers.CharField()
    name = serializers.CharField()


class BankAccountSerializer(serializers.Serializer[BankAccount]):
    """An account at a bank, as its bank names it. Of its number only the end is told."""

    id = IdField(BANK_ACCOUNT)
    object = ObjectField("bank_account")
    bank_code = serializers.CharField()
    bank_name = serializers.CharField()
    last_four = serializers.CharField()
    holder_name = serializers.CharField(help_text=_("The name that the bank has."))
    holder = OpenEnumField(help_text=_("Whether that is the caller's: SELF, SIMILAR, OTHER."))
    is_default = serializers.BooleanField()
    added_at = InstantField()


class BankAccountInput(StrictSerializer):
    bank_code = TextField(max_length=20, help_text=_("One of the codes of `GET /banks`."))
    account_number = TextField(max_length=30, help_text=_("Ten digits."))


class WithdrawalSerializer(serializers.Serializer[Payout]):
    """Money on its way to a bank. `amount` arrives; `fee` came on top of it."""

    id = IdField(WITHDRAWAL)
    object = ObjectField("withdrawal")
    account = IdField(ACCOUNT, source="account_id")
    bank_account = IdField(BANK_ACCOUNT, source="bank_account_id")
    amount = MoneyField()
    fee = MoneyField()
    fee_lines = FeeLineSerializer(many=True)
    currency = serializers.CharField(source="currency_id")
    state = OpenEnumField(
        help_text=_("HELD, UNKNOWN (being checked), SENT (on its way), SUCCEEDED, FAILED, RETURNED.")
    )
    reference = serializers.CharField()
    note = serializers.CharField()
    created_at = InstantField()
    settled_at = InstantField(allow_null=True)
    returned_at = InstantField(allow_null=True)


class WithdrawalInput(StrictSerializer):
    account = IdField(ACCOUNT)
    bank_account = IdField(BANK_ACCOUNT)
    amount = MoneyField(help_text=_("What arrives; the fee comes on top."))
    currency = CurrencyField()
    note = TextField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    expected_fee = MoneyField(
        min_value=0, required=False, help_text=_("Refuse when it costs anything else, with `fee_changed`.")
    )


class ScheduledTransferSerializer(serializers.Serializer[ScheduledTransfer]):
    """A transfer that is made on a day, or again and again. Dates are days in Lagos."""

    id = IdField(SCHEDULED)
    object = ObjectField("scheduled_transfer")
    source = IdField(ACCOUNT, source="source_id")  # type: ignore[assignment]
    bank_account = IdField(BANK_ACCOUNT, source="bank_account_id", allow_null=True)
    name = serializers.CharField(help_text=_("Who gets it: a person's name, or a bank account."))
    amount = MoneyField()
    currency = serializers.CharField(source="source.currency_id")
    note = serializers.CharField()
    rhythm = OpenEnumField(help_text=_("ONCE, DAILY, WEEKLY, MONTHLY."))
    first_date = serializers.DateField()
    last_date = serializers.DateField(allow_null=True)
    next_date = serializers.DateField(allow_null=True)
    state = OpenEnumField(help_text=_("ACTIVE, PAUSED, DONE, CANCELLED."))
    created_at = InstantField()


class ScheduledTransferInput(StrictSerializer):
    source = IdField(ACCOUNT)  # type: ignore[assignment]
    recipient = TextField(max_length=254, required=False, help_text=_("A person; or give `bank_account`."))
    bank_account = IdField(BANK_ACCOUNT, required=False)
    amount = MoneyField()
    currency = CurrencyField()
    note = TextField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    rhythm = serializers.ChoiceField(choices=ScheduledTransfer.Rhythm.values)
    first_date = serializers.DateField(help_text=_("Today in Lagos, or later. It anchors the rhythm."))
    last_date = serializers.DateField(required=False, allow_null=True, default=None)


class ScheduledRunSerializer(serializers.Serializer[ScheduledRun]):
    """One day of a scheduled transfer, and what became of it."""

    object = ObjectField("scheduled_run")
    due_date = serializers.DateField()
    state = OpenEnumField(help_text=_("DUE, SENT, FAILED, SKIPPED."))
    transfer = serializers.SerializerMethodField()
    withdrawal = IdField(WITHDRAWAL, source="payout_id", allow_null=True)
    code = serializers.CharField(help_text=_("Why it was not sent, for programs."))
    reason = serializers.CharField()
    ended_at = InstantField(allow_null=True)

    def get_transfer(self, run: ScheduledRun) -> str | None:
        """The transfer to a person that it made."""
        made = run.state == ScheduledRun.State.SENT and run.payout_id is None
        return str(IdField(TRANSFER).to_representation(run.posting_id)) if made else None
