"""Forms of the pages about webhooks: the shape of what was typed; the services decide what it means."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.event_types import TEST, all_event_types
from accounts.form_keys import OnceForm
from accounts.models import WebhookDelivery
from accounts.models.webhooks import EVERY_TYPE
from accounts.services.webhooks.endpoints import LONGEST_DESCRIPTION
from core.outbound import LONGEST_URL

OVERLAPS = (
    ("24", _("In 24 hours: until then both sign each message")),
    ("1", _("In an hour")),
    ("0", _("Now: messages are signed by the new one only")),
)


class EndpointForm(forms.Form):
    """What of an endpoint can be changed."""

    url = forms.CharField(
        label=_("Address"),
        help_text=_("Where your server listens: https, with a public host name."),
        max_length=LONGEST_URL,
        widget=forms.URLInput({"autocomplete": "off", "placeholder": "https://shop.example/alajo"}),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=LONGEST_DESCRIPTION,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    event_types = forms.MultipleChoiceField(label=_("What it hears of"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = (EVERY_TYPE, _("Everything, also of types that come later"))
        one_by_one = [(name, name) for name in all_event_types() if name != TEST]
        self.fields["event_types"].choices = [every, *one_by_one]  # type: ignore[attr-defined]


class MakeEndpointForm(OnceForm, EndpointForm):
    field_order = ("url", "description", "event_types", "form_key")


class RollSecretForm(forms.Form):
    overlap = forms.ChoiceField(
        label=_("When does the old secret end?"), choices=OVERLAPS, widget=forms.RadioSelect, initial="24"
    )

    def clean_overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))


class RangeForm(forms.Form):
    """A stretch of time, in the time zone of the pages."""

    since = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    until = forms.DateTimeField(label=_("Until"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    which = forms.ChoiceField(
        label=_("What to send"),
        choices=(
            ("failed", _("What failed")),
            ("all", _("All that happened, also what it got already or missed")),
        ),
        widget=forms.RadioSelect,
        initial="failed",
    )


class DeliveryFilter(forms.Form):
    """What of the deliveries to show; it stands in the address."""

    state = forms.ChoiceField(choices=[("", _("All")), *WebhookDelivery.State.choices], required=False)
    type = forms.ChoiceField(label=_("Type of event"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = [("", _("All types")), *((name, name) for name in all_event_types())]
        self.fields["type"].choices = types  # type: ignore[attr-defined]
