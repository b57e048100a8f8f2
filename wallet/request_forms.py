"""Forms by which people ask one another for money."""

from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from core.money import InvalidAmount, parse_amount
from wallet.forms import NGN, MoneyField
from wallet.services.requests.answering import LONGEST_WORDS
from wallet.services.requests.splitting import MOST_PEOPLE
from wallet.services.transfers import LONGEST_NOTE

_OFF = {"autocomplete": "off"}


class AskForm(OnceForm):
    recipient = forms.CharField(
        label=_("From"),
        help_text=_("Their handle or e-mail address."),
        max_length=254,
        widget=forms.TextInput({**_OFF, "autocapitalize": "none", "spellcheck": "false"}),
    )
    amount = MoneyField(label=_("Amount"))
    note = forms.CharField(
        label=_("What it is for"), max_length=LONGEST_NOTE, required=False, widget=forms.TextInput(_OFF)
    )
    until = forms.DateField(
        label=_("Last day to pay"),
        required=False,
        help_text=_("Empty: in two weeks."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )

    def expires_at(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return day and timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class DeclineForm(forms.Form):
    words = forms.CharField(
        label=_("A word to them"), max_length=LONGEST_WORDS, required=False, widget=forms.TextInput(_OFF)
    )


class SplitForm(OnceForm):
    """A bill and who shares it: one person on a line, with an amount behind it where shares differ."""

    title = forms.CharField(label=_("What was it?"), max_length=LONGEST_NOTE, widget=forms.TextInput(_OFF))
    total = MoneyField(label=_("The whole bill"))
    people = forms.CharField(
        label=_("Who shares it with you"),
        help_text=_(
            "One on each line: a handle or an e-mail address. Where shares differ, write the amount behind it: "
            "@bola 2,500."
        ),
        max_length=4000,
        widget=forms.Textarea({"rows": 4, "autocapitalize": "none", "spellcheck": "false"}),
    )
    with_owner = forms.BooleanField(label=_("I pay an equal share too"), required=False, initial=True)

    def clean_people(self) -> tuple[list[str], list[int] | None]:
        """The people, and their shares (kobo) where each line has one."""
        lines = [line.split() for line in self.cleaned_data["people"].splitlines() if line.strip()]
        if not 1 <= len(lines) <= MOST_PEOPLE:
            raise forms.ValidationError(_("Name 1 to 20 people, each on a line of their own."))
        amounts = ["".join(words[1:]) for words in lines]
        people = [words[0] for words in lines]
        if not any(amounts):
            return people, None
        if not all(amounts):
            raise forms.ValidationError(_("Write an amount behind each person, or behind none."))
        try:
            return people, [parse_amount(text, NGN) for text in amounts]
        except InvalidAmount as error:
            raise forms.ValidationError(error.message, code=error.code) from error


class PayLinkForm(OnceForm):
    amount = MoneyField(
        label=_("Amount"), required=False, help_text=_("Leave it empty, and whoever pays chooses the amount.")
    )
    note = forms.CharField(
        label=_("What it is for"), max_length=LONGEST_NOTE, required=False, widget=forms.TextInput(_OFF)
    )
