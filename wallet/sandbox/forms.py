"""Forms of the checkout page and of the control page."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from wallet.sandbox.card_steps import ASKED
from wallet.sandbox.cards import CARDS, GOOD_CARD, PHONE, TestCard
from wallet.sandbox.companies import PAYSTACK, Company
from wallet.sandbox.models import Fault, Switches

# Kobo.
MOST = 10_000_000_000


class CardForm(forms.Form):
    """A test card, prefilled with the one that pays."""

    number = forms.CharField(label=_("Card number"), max_length=30, initial=GOOD_CARD.spaced)
    expiry = forms.CharField(label=_("Expiry (MM/YY)"), max_length=7, initial="12/30")
    cvv = forms.CharField(label=_("Security code (CVV)"), max_length=4, initial=GOOD_CARD.cvv)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off", "inputmode": "numeric"}
            if self.is_bound and self.errors.get(name):
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}

    def clean_number(self) -> str:
        number = re.sub(r"[\s-]", "", self.cleaned_data["number"])
        if number not in CARDS:
            raise forms.ValidationError(
                _("Only the test cards listed below work here. Never type a real card number.")
            )
        return number

    def clean_expiry(self) -> str:
        expiry: str = self.cleaned_data["expiry"].replace(" ", "")
        found = re.fullmatch(r"(0[1-9]|1[0-2])/(?:20)?([0-9]{2})", expiry, re.ASCII)
        if not found:
            raise forms.ValidationError(_("Write the expiry as month and year, for example 12/30."))
        month, year = int(found[1]), 2000 + int(found[2])
        if (year, month) < (self.today.year, self.today.month):
            raise forms.ValidationError(_("This card has expired. Any later month will do."))
        self.expires = month, year
        return expiry

    def clean(self) -> dict[str, Any]:
        number, cvv = self.cleaned_data.get("number"), self.cleaned_data.get("cvv")
        if number and cvv and CARDS[number].cvv != cvv:
            self.add_error("cvv", _("The security code of this test card is another: see the list below."))
        return self.cleaned_data

    @property
    def card(self) -> TestCard:
        return CARDS[self.cleaned_data["number"]]


class StepForm(forms.Form):
    """The answer to what the bank asks."""

    answer = forms.CharField(max_length=20)

    def __init__(self, *args: Any, step: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["answer"]
        field.label = str(ASKED[step])
        field.widget.attrs |= {"autocomplete": "off", "inputmode": "tel" if step == PHONE else "numeric"}
        if self.is_bound and self.errors:
            self._mark()

    def refuse(self, error: DomainError) -> None:
        self.add_error("answer", str(error))
        self._mark()

    def _mark(self) -> None:
        attrs = {"aria-invalid": "true", "aria-describedby": "id_answer_error"}
        self.fields["answer"].widget.attrs |= attrs


class FaultForm(forms.ModelForm):  # type: ignore[type-arg]
    """A misbehaviour to come, of those that one company's sandbox knows."""

    remaining = forms.IntegerField(
        label=_("How many times"), min_value=1, max_value=1000, initial=1, required=False
    )

    class Meta:
        model = Fault
        fields = ("kind", "value", "remaining", "reference", "endpoint")
        labels = {
            "kind": _("Fault"),
            "value": _("Value"),
            "reference": _("Only this reference"),
            "endpoint": _("Only this call"),
        }

    def __init__(self, *args: Any, company: Company = PAYSTACK, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("kind", company.kinds), ("endpoint", company.endpoints)):
            field: Any = self.fields[name]
            field.choices = [(value, words) for value, words in field.choices if value in ("", *known)]

    def clean_remaining(self) -> int:
        return self.cleaned_data["remaining"] or 1

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        value = cleaned.get("value", "")
        if cleaned.get("kind") == Fault.Kind.WRONG_CURRENCY:
            valid = not value or re.fullmatch(r"[A-Z]{3}", value)
        else:
            valid = not value or re.fullmatch(r"[0-9]{1,15}", value)
        if not valid:
            self.add_error("value", _("A whole number, or for the currency three capital letters."))
        return cleaned


class SwitchesForm(forms.ModelForm):  # type: ignore[type-arg]
    """How this account at Paystack is set up."""

    class Meta:
        model = Switches
        fields = ("transfer_seconds", "asks_otp", "asks_approval")
        labels = {
            "transfer_seconds": _("Seconds a transfer is on its way"),
            "asks_otp": _("A transfer asks for a code"),
            "asks_approval": _("A transfer is approved by our address first"),
        }


class BalanceForm(forms.Form):
    change = forms.IntegerField(
        label=_("Add to it (kobo, less than 0 takes away)"), min_value=-MOST, max_value=MOST
    )

    def clean_change(self) -> int:
        change: int = self.cleaned_data["change"]
        if change == 0:
            raise forms.ValidationError(_("Write how much, other than 0."))
        return change


class DepositForm(forms.Form):
    """Money for an account number, known or not."""

    number = forms.RegexField(r"^[0-9]{10}\Z", label=_("Account number"), max_length=10)
    amount = forms.IntegerField(label=_("Amount (kobo)"), min_value=1, max_value=MOST, initial=500_000)
    sender_name = forms.CharField(label=_("Sent by"), max_length=100, initial="OKAFOR EMEKA")
    narration = forms.CharField(label=_("For"), max_length=100, required=False)


class DisputeForm(forms.Form):
    amount = forms.IntegerField(min_value=1, max_value=MOST, required=False)
