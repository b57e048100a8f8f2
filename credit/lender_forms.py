"""Forms of a lender's desk: the shape of what was typed; the services decide."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit.services.lenders import Facts
from wallet.forms import MoneyField

_OFF = {"autocomplete": "off"}


class LenderForm(forms.Form):
    """What borrowers see of a lender."""

    display_name = forms.CharField(
        label=_("Name that borrowers see"), max_length=80, widget=forms.TextInput(_OFF)
    )
    about = forms.CharField(
        label=_("About you"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )
    licence_number = forms.CharField(
        label=_("Number of your licence to lend"), max_length=60, widget=forms.TextInput(_OFF)
    )
    complaints_email = forms.EmailField(
        label=_("E-mail for complaints"),
        help_text=_("It stands in every contract. You answer within two days."),
        max_length=254,
    )
    complaints_phone = forms.RegexField(
        r"^\+?[0-9 ()-]{7,20}$",
        label=_("Phone for complaints"),
        required=False,
        max_length=20,
        error_messages={"invalid": _("Enter a phone number such as 0803 123 4567.")},
        widget=forms.TextInput({"inputmode": "tel"}),
    )

    def facts(self) -> Facts:
        return Facts(**self.cleaned_data)


class LenderDetailsForm(LenderForm):
    """The same of a lender that there is: its licence is not changed here."""

    licence_number = None  # type: ignore[assignment]

    def facts(self) -> Facts:
        return Facts(licence_number="", **self.cleaned_data)


class LenderMoneyForm(OnceForm):
    amount = MoneyField(label=_("How much?"))
