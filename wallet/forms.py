"""Forms check the shape of what was typed; what it means, the services decide."""

from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from core.money import InvalidAmount, parse_amount
from wallet import wording
from wallet.services.reports import LONGEST_REPORT
from wallet.services.transfers import LONGEST_NOTE

NGN = "NGN"
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
LARGEST_VERSION = 2**63 - 1


class MoneyInput(forms.TextInput):
    template_name = "widgets/money_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "data-money": NGN, "autocomplete": "off", **(attrs or {})})


class MoneyField(forms.Field):
    """What a person types for an amount; its value is an int of kobo."""

    widget = MoneyInput

    def to_python(self, value: Any) -> int | None:
        text = (value or "").strip()
        if not text:
            return None
        try:
            return parse_amount(text, NGN)
        except InvalidAmount as error:
            raise forms.ValidationError(error.message, code=error.code) from error


class AddMoneyForm(forms.Form):
    """How much to add. `key` names the payment, so that a second click continues with the same one."""

    amount = MoneyField(label=_("How much?"), widget=MoneyInput({"autofocus": True}))
    key = forms.CharField(widget=forms.HiddenInput, max_length=300)

    def renew(self, *, key: str) -> None:
        """Draw the form with another key: the next press is another payment."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "key": key}


class CardPaymentForm(OnceForm):
    """How much to add by a saved card. Its key names the payment, so that a second click finds it made."""

    amount = MoneyField(label=_("How much?"), widget=MoneyInput({"autofocus": True}))

    def renew(self, *, key: str) -> None:
        """Draw the form with another key: the next press is another payment."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "form_key": key}


class SendForm(forms.Form):
    """Who gets how much, and a word with it."""

    recipient = forms.CharField(
        label=_("To"),
        help_text=_("Their handle or e-mail address."),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    amount = MoneyField(label=_("Amount"))
    note = forms.CharField(
        label=_("Note for them"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class ReportForm(forms.Form):
    """What is wrong with a movement, in the customer's words."""

    text = forms.CharField(
        label=_("What is wrong"),
        help_text=_("For example: I do not know this payment, or the amount is not what I paid."),
        min_length=10,
        max_length=LONGEST_REPORT,
        widget=forms.Textarea({"rows": 4}),
    )


class StatementForm(forms.Form):
    """From which day to which a statement is wanted."""

    since = forms.DateField(label=_("From day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label=_("To day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for field in self.fields.values():
            field.widget.attrs["max"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and not EARLIEST <= since <= self.today:
            self.add_error("since", _("Choose a day that is over, or today."))
        if until and until > self.today:
            self.add_error("until", _("Choose a day that is over, or today."))
        if since and until and since > until:
            self.add_error("until", _("This day is before the day it should start from."))
        return self.cleaned_data


class ActivityFilter(forms.Form):
    """Which entries to show, as it stands in the address."""

    DIRECTIONS: tuple[tuple[str, str | Promise], ...] = (
        ("", _("All")),
        ("in", _("Money in")),
        ("out", _("Money out")),
    )

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    direction = forms.ChoiceField(choices=DIRECTIONS, required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("All kinds")), *wording.KINDS.items()], required=False
    )
    smallest = MoneyField(label=_("From amount"), required=False)
    largest = MoneyField(label=_("To amount"), required=False)
    since = forms.DateField(
        label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    before = forms.IntegerField(
        min_value=1, max_value=LARGEST_VERSION, required=False, widget=forms.HiddenInput
    )
    after = forms.IntegerField(
        min_value=0, max_value=LARGEST_VERSION, required=False, widget=forms.HiddenInput
    )

    NARROWING = ("q", "direction", "kind", "smallest", "largest", "since", "until")
    DETAILS = ("kind", "smallest", "largest", "since", "until")

    def clean_since(self) -> date | None:
        return self._sensible("since")

    def clean_until(self) -> date | None:
        return self._sensible("until")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("smallest") and cleaned.get("largest") and cleaned["smallest"] > cleaned["largest"]:
            self.add_error("largest", _("This is less than the amount it should start from."))
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", _("This day is before the day it should start from."))
        return cleaned

    def _sensible(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(_("Choose a day after 1999."))
        return day

    @property
    def narrowing(self) -> dict[str, str]:
        """The filters in use, as they stand in the address."""
        return {name: value for name in self.NARROWING if (value := self.data.get(name, "").strip())}

    @property
    def has_details(self) -> bool:
        return any(self.data.get(name) for name in self.DETAILS)

    def detail_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.DETAILS]
