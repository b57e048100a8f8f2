"""Forms of invitations: inviting by mail, and for staff, proposing a programme."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.approvals import Payload
from accounts.models.referrals import Event
from accounts.proposals import ProposalForm
from accounts.services.referrals.approved import DATES
from core.errors import DomainError
from core.money import parse_amount

NGN = "NGN"


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("Your friend's e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class AmountField(forms.CharField):
    """An amount as people type it, in kobo; none where it may be left out."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_length=30, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_amount(text, NGN)
        except DomainError as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal


class ProgramForm(ProposalForm):
    """The rules of a programme, in naira and days."""

    name = forms.CharField(label=_("Name"), max_length=80)
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    event = forms.ChoiceField(label=_("What the new customer must do"), choices=Event.choices)
    minimum = AmountField(label=_("A deposit of at least"), required=False)
    window_days = forms.IntegerField(
        label=_("Within so many days of joining"), min_value=1, max_value=730, initial=30
    )
    invited_bonus = AmountField(label=_("Bonus for the new customer"), required=False)
    referrer_bonus = AmountField(label=_("Bonus for who invited them"), required=False)
    second_bonus = AmountField(label=_("Bonus for who invited that one"), required=False)
    budget = AmountField(label=_("Money for it all"))
    cap_referrals = forms.IntegerField(
        label=_("Friends that one person is paid for, at most"),
        required=False,
        min_value=1,
        max_value=1_000_000,
    )
    cap_amount = AmountField(label=_("Money that one person earns, at most"), required=False)
    attribution_days = forms.IntegerField(
        label=_("A link is remembered for so many days"), min_value=1, max_value=365, initial=30
    )
    clawback_days = forms.IntegerField(
        label=_("Taken back if the money goes within so many days"), min_value=0, max_value=730, initial=30
    )
    terms = forms.CharField(label=_("Terms"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 6}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("ends_on") and data.get("starts_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("The last day is not before the first."))
        if not any(data.get(name) for name in ("invited_bonus", "referrer_bonus", "second_bonus")):
            self.add_error("referrer_bonus", _("Somebody must get something."))
        return data

    def payload(self) -> Payload:
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("reason", "ticket")}
        levels = [data.pop("referrer_bonus") or 0, data.pop("second_bonus") or 0]
        data["level_bonuses"] = levels if levels[1] else levels[:1]
        for name in ("minimum", "invited_bonus"):
            data[name] = data[name] or 0
        for name in DATES:
            data[name] = data[name].isoformat() if data[name] else None
        return {**data, "currency": NGN}

    def target(self) -> str:
        return f"referral programme from {self.cleaned_data['starts_on'].isoformat()}"
