"""The steps of an application as forms: what was typed. What may be declared, accounts.kyc.declared decides."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.kyc import consent, steps
from accounts.kyc.banks import BANKS
from accounts.kyc.places import REGIONS
from accounts.models import IdentityNumber


class DigitsInput(forms.TextInput):
    """A number that is typed once: the page never has it again, not even where something else was wrong."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
        super().__init__({**plain, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class StepForm(forms.Form):
    """`revision` is the one the page was drawn from, so that a second tab does not write over what a first one did."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput, required=False)

    def renew(self, revision: int) -> None:
        """Draw the form as it was filled in, on the revision that counts: the next press saves it."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "revision": revision}


def _name(label: Any, autofill: str, **facts: Any) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": autofill, "autocapitalize": "words", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=60, widget=widget, **facts)


class PersonalForm(StepForm):
    first_name = _name(_("First name"), "given-name")
    middle_name = _name(_("Middle name"), "additional-name", required=False)
    last_name = _name(_("Surname"), "family-name", help_text=_("As your BVN has it."))
    date_of_birth = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput({"type": "date", "autocomplete": "bday"}, "%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        span = {"min": f"{today.year - 121}-01-01", "max": today.isoformat()}
        self.fields["date_of_birth"].widget.attrs.update(span)


class AddressForm(StepForm):
    address = forms.CharField(
        label=_("Street and house number"),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "address-line1"}),
    )
    city = forms.CharField(
        label=_("Town or city"), max_length=80, widget=forms.TextInput({"autocomplete": "address-level2"})
    )
    region = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("Choose a state")), *REGIONS.items()],
        widget=forms.Select({"autocomplete": "address-level1"}),
    )


class BankAccountForm(StepForm):
    bank_code = forms.ChoiceField(label=_("Bank"), choices=[("", _("Choose a bank")), *BANKS.items()])
    number = forms.CharField(
        label=_("Account number"),
        help_text=_("10 digits. It must be in your own name."),
        max_length=30,
        widget=DigitsInput,
    )


class NumberForm(forms.Form):
    """A BVN or NIN; which of the two, where a step takes either."""

    kind = forms.ChoiceField(
        label=_("Which number"), choices=IdentityNumber.Kind.choices, widget=forms.RadioSelect
    )
    number = forms.CharField(help_text=_("11 digits, as you got them."), max_length=30, widget=DigitsInput)

    def __init__(self, *args: Any, step: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = steps.NUMBERS[step]
        if len(kinds) == 1:
            del self.fields["kind"]
        self.fields["number"].label = str(_("Your number") if len(kinds) > 1 else steps.STEPS[step].title)
        self.only_kind = kinds[0]

    @property
    def chosen_kind(self) -> str:
        return str(self.cleaned_data.get("kind") or self.only_kind)


class ConsentForm(forms.Form):
    version = forms.CharField(max_length=20, widget=forms.HiddenInput, initial=consent.VERSION)
    agree = forms.BooleanField(
        label=_("I have read this and agree"),
        error_messages={"required": _("Tick the box to agree: without it we may not check anything.")},
    )
