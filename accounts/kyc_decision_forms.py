"""What staff fill in to decide on an application."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kyc import reasons, steps
from accounts.kyc.reasons import Asked, Reason
from accounts.kyc.requirements import required_of
from accounts.models import KycApplication, KycDecision, KycDocument
from accounts.services.kyc.decisions import LONGEST_MESSAGE, LONGEST_TEXT, SHORTEST_TEXT

Outcome = KycDecision.Outcome
TOLD = (Outcome.APPROVE, Outcome.ASK_MORE, Outcome.REJECT)
_NOT_ASKED = ("", _("Not asked for"))


def _choices(found: tuple[Reason, ...], first: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [first, *((reason.code, reason.label) for reason in found)]


class DecisionForm(forms.Form):
    """A reason from the list, what colleagues should know, and what the customer is told where they are told anything.

    `revision` and `seen` say what the agent had before their eyes.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.ChoiceField(label=_("Reason"))
    text = forms.CharField(
        label=_("What you saw, for colleagues"),
        min_length=SHORTEST_TEXT,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The customer does not see it."),
    )
    message = forms.CharField(
        label=_("Message to the customer"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Left empty, it says what the reason says. You see it before it is sent."),
    )

    def __init__(self, *args: Any, application: KycApplication, outcome: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.application, self.outcome = application, outcome
        self.fields["reason"].choices = _choices(  # type: ignore[attr-defined]
            reasons.OF_OUTCOME.get(outcome, ()), ("", _("Choose"))
        )
        if outcome not in TOLD:
            del self.fields["message"]

    @property
    def reason_found(self) -> Reason | None:
        return reasons.reason_of(reasons.OF_OUTCOME[self.outcome], self.cleaned_data["reason"])

    @property
    def asked(self) -> list[Asked]:
        return []

    @property
    def told(self) -> str:
        """What the customer is told: what the agent wrote, else the words of what they chose."""
        written = str(self.cleaned_data.get("message", "")).strip()
        return written or reasons.message_of(
            outcome=self.outcome, application=self.application, reason=self.reason_found, asked=self.asked
        )


class AskForm(DecisionForm):
    """For each step and each current document, why it is needed again; what has no reason is not asked for."""

    def __init__(self, *args: Any, documents: list[KycDocument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["reason"]
        codes = required_of(self.application.target_tier, timezone.localdate())
        titles = [(code, steps.STEPS[code].title) for code in codes if code in reasons.STEPS]
        self._things: list[tuple[str, str, tuple[Reason, ...]]] = [
            (
                str(each.pk),
                f"{each.get_kind_display()}, {each.get_side_display()}",
                reasons.of_document(each.kind),
            )
            for each in documents
        ] + [(code, str(title), reasons.OF_A_STEP) for code, title in titles]
        for item, title, found in self._things:
            self.fields[f"why_{item}"] = forms.ChoiceField(
                label=title, choices=_choices(found, _NOT_ASKED), required=False
            )
            self.fields[f"fix_{item}"] = forms.CharField(
                label=_("What puts it right"),
                required=False,
                max_length=300,
                widget=forms.TextInput(
                    attrs={"aria-label": _("%(what)s: what puts it right") % {"what": title}}
                ),
            )

    @property
    def asks(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The two fields of each thing that can be asked for."""
        return [(self[f"why_{item}"], self[f"fix_{item}"]) for item, _title, _found in self._things]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(cleaned.get(f"why_{item}") for item, _title, _found in self._things):
            raise forms.ValidationError(_("Choose at least one thing that is needed again."))
        return cleaned

    @property
    def reason_found(self) -> Reason | None:
        return None

    @property
    def asked(self) -> list[Asked]:
        chosen = []
        for item, title, found in self._things:
            reason = reasons.reason_of(found, self.cleaned_data.get(f"why_{item}", ""))
            if reason:
                chosen.append(Asked(item, title, reason, self.cleaned_data.get(f"fix_{item}", "")))
        return chosen
