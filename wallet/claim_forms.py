"""What a customer fills in about money that goes back."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from wallet.forms import MoneyField, MoneyInput
from wallet.models import BankAccount
from wallet.payout_forms import BankAccountChoice
from wallet.services.transfers import LONGEST_NOTE


class AskBackForm(OnceForm):
    """How much of a deposit goes back. Its key names the refund, so that a second click finds it made."""

    amount = MoneyField(label=_("How much?"), widget=MoneyInput({"autofocus": True}))
    note = forms.CharField(
        label=_("Why, if you like"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class RefundAccountForm(forms.Form):
    bank_account = BankAccountChoice(label=_("To which account?"))

    def __init__(self, *args: Any, accounts: Sequence[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].offer(accounts)  # type: ignore[attr-defined]
