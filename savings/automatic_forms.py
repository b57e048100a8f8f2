"""Forms of saving automatically. They check the shape of what was typed; what it means, the services decide."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from core.templatetags.money import money
from savings.forms import DayField
from savings.models import AutoSaving
from wallet.forms import MoneyField

NAIRA = 100
# What payments are rounded up to.
STEPS = (10, 50, 100, 500, 1_000)
FOLLOWS, OWN = "target", "own"
EACH = {
    "DAILY": _("Every day, %(amount)s each for your target"),
    "WEEKLY": _("Every week, %(amount)s each for your target"),
    "MONTHLY": _("Every month, %(amount)s each for your target"),
}


class FixedForm(OnceForm):
    """How often, from when on, and how much: what the target needs, or an amount of one's own."""

    rhythm = forms.ChoiceField(
        label=_("How often?"), choices=AutoSaving.Rhythm.choices, widget=forms.RadioSelect
    )
    first_date = DayField(
        label=_("First on"), help_text=_("A shorter month takes its last day, and the next has yours again.")
    )
    how_much = forms.ChoiceField(
        label=_("How much?"),
        choices=[
            (FOLLOWS, _("What my target needs, worked out anew when a day is skipped")),
            (OWN, _("An amount of my own")),
        ],
        widget=forms.RadioSelect,
    )
    amount = MoneyField(label=_("Amount each time"), required=False)

    def __init__(self, *args: Any, needed: Mapping[str, int], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.follows_target = bool(needed)
        if not needed:
            del self.fields["how_much"]
            self.fields["amount"].required = True
            return
        self.fields["rhythm"].choices = [  # type: ignore[attr-defined]
            (rhythm, str(EACH[rhythm]) % {"amount": money(amount, currency)})
            for rhythm, amount in needed.items()
        ]

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        typed["follows_target"] = typed.get("how_much") == FOLLOWS
        if not typed["follows_target"] and not typed.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Say how much."))
        return typed


class RoundUpForm(OnceForm):
    amount = forms.TypedChoiceField(
        label=_("Round each payment up to the next"),
        coerce=int,
        choices=[(step * NAIRA, f"₦{step:,}") for step in STEPS],
        initial=100 * NAIRA,
        widget=forms.RadioSelect,
    )


class SweepForm(OnceForm):
    amount = MoneyField(
        label=_("How much stays in your wallet?"), help_text=_("What is above it is saved each morning.")
    )


class ChangeForm(forms.Form):
    """Another amount for one that goes on. Its fields carry its id, as a page has several."""

    amount = MoneyField(label=_("New amount"))
