"""Forms of money out. They check the shape of what was typed; what it means, the services decide."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.kyc_step_forms import DigitsInput
from wallet.forms import MoneyField
from wallet.models import Bank, BankAccount, ScheduledTransfer
from wallet.services.transfers import LONGEST_NOTE


class BankAccountForm(forms.Form):
    bank_code = forms.ChoiceField(label=_("Bank"))
    number = forms.CharField(
        label=_("Account number"), help_text=_("10 digits."), max_length=30, widget=DigitsInput
    )

    def __init__(self, *args: Any, banks: Sequence[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_code"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a bank")),
            *[(bank.code, bank.name) for bank in banks],
        ]


class BankAccountChoice(forms.ChoiceField):
    """One of a customer's bank accounts; its value is the account."""

    widget = forms.RadioSelect

    def offer(self, accounts: Iterable[BankAccount]) -> None:
        self.accounts = {str(account.pk): account for account in accounts}
        self.choices = [(pk, str(account)) for pk, account in self.accounts.items()]

    def clean(self, value: Any) -> BankAccount | None:
        return self.accounts.get(super().clean(value))


class WithdrawForm(forms.Form):
    bank_account = BankAccountChoice(label=_("To which account?"))
    amount = MoneyField(label=_("How much arrives?"))

    def __init__(self, *args: Any, accounts: Sequence[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].offer(accounts)  # type: ignore[attr-defined]


class ScheduleForm(forms.Form):
    """To whom, how much, and when. Either a person or a bank account."""

    PERSON = "person"

    to = forms.ChoiceField(label=_("To"), widget=forms.RadioSelect)
    recipient = forms.CharField(
        label=_("Their handle or e-mail address"),
        max_length=254,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    amount = MoneyField(label=_("Amount each time"))
    rhythm = forms.ChoiceField(label=_("How often"), choices=ScheduledTransfer.Rhythm.choices)
    first_date = forms.DateField(label=_("First on"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last_date = forms.DateField(
        label=_("Last on"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    note = forms.CharField(
        label=_("Note for them"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, accounts: Sequence[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {str(account.pk): account for account in accounts}
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (self.PERSON, _("Somebody on Alajo")),
            *[(pk, str(account)) for pk, account in self.accounts.items()],
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        to = cleaned.get("to", "")
        cleaned["bank_account"] = self.accounts.get(to)
        if to == self.PERSON and not cleaned.get("recipient"):
            self.add_error("recipient", _("Say who gets the money."))
        return cleaned


class BulkFileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("At most 1,000 lines and 1 MB."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )
