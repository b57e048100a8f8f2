"""Forms of the pages about API keys: the shape of what was typed; the services decide what it means."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from core.api.scopes import all_scopes
from core.ids import uuid7

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
_FORM_LIFE = 24 * 3600


def new_form_key(place: str) -> str:
    """What a form carries so that sending it twice makes one key: the key's id, signed for one person and place."""
    return signing.dumps(str(uuid7()), salt=f"accounts.api_key.{place}")


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


class MakeForm(SettingsForm):
    mode = forms.ChoiceField(label=_("Kind"), choices=MODES, widget=forms.RadioSelect, initial="TEST")
    lifetime = forms.ChoiceField(label=_("Ends after"), choices=LIFETIMES, initial="90")
    form_key = forms.CharField(widget=forms.HiddenInput, max_length=300)

    field_order = ("name", "mode", "scopes", "lifetime", "networks", "form_key")

    def __init__(self, *args: Any, place: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place

    def clean_form_key(self) -> UUID:
        try:
            text = signing.loads(
                self.cleaned_data["form_key"], salt=f"accounts.api_key.{self.place}", max_age=_FORM_LIFE
            )
        except signing.BadSignature:
            self.data = cast(QueryDict, self.data).copy()
            self.data["form_key"] = new_form_key(self.place)
            raise forms.ValidationError(
                _("This page was open for too long. Please press the button again.")
            ) from None
        return UUID(text)

    def expires_at(self, at: datetime) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return None if days == "never" else at + timedelta(days=int(days))


class RollForm(forms.Form):
    overlap = forms.ChoiceField(
        label=_("When does the old key end?"), choices=OVERLAPS, widget=forms.RadioSelect, initial="24"
    )

    def clean_overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))
