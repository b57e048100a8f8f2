"""Forms of the pages about API keys: the shape of what was typed; the services decide what it means."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from accounts.models import ApiKey
from core.api.scopes import all_scopes

LIFETIMES = (
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("A year")),
    ("never", _("Never: it works until it is revoked")),
)
MODES = (
    (
        ApiKey.Mode.TEST,
        _("Test: reads what is there; whatever it writes is only rehearsed, and nothing is kept"),
    ),
    (ApiKey.Mode.LIVE, _("Live: acts on real money. Every owner is told by e-mail")),
)
OVERLAPS = (
    ("1", _("In an hour")),
    ("24", _("In 24 hours")),
    ("168", _("In 7 days")),
    ("0", _("Now: programs that use the old key stop working at once")),
)


class SettingsForm(forms.Form):
    """What of a key can be changed."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("What uses it, so that you know it again: “Shop backend”."),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), required=False, widget=forms.CheckboxSelectMultiple
    )
    networks = forms.CharField(
        label=_("From where it may be used"),
        help_text=_(
            "Addresses or networks, one on each line, such as 203.0.113.7 or 203.0.113.0/24. Empty: anywhere."
        ),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(scope, f"{words} ({scope})") for scope, words in all_scopes().items()]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]


class MakeForm(OnceForm, SettingsForm):
    mode = forms.ChoiceField(label=_("Kind"), choices=MODES, widget=forms.RadioSelect, initial="TEST")
    lifetime = forms.ChoiceField(label=_("Ends after"), choices=LIFETIMES, initial="90")

    field_order = ("name", "mode", "scopes", "lifetime", "networks", "form_key")

    def expires_at(self, at: datetime) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return None if days == "never" else at + timedelta(days=int(days))


class RollForm(forms.Form):
    overlap = forms.ChoiceField(
        label=_("When does the old key end?"), choices=OVERLAPS, widget=forms.RadioSelect, initial="24"
    )

    def clean_overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))
