"""The form in which staff propose a scorecard: the card as data, from when on, and where it comes from."""

import json
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.proposals import ProposalForm, ProposalPage
from core.errors import DomainError
from core.staff import list_of
from credit.models import ScorecardVersion
from credit.services import cards


class CardForm(ProposalForm):
    card = forms.CharField(
        label=_("The card"),
        max_length=cards.LONGEST_CARD,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
        help_text=_("It begins as the card of today. Raise its version, then change what is to be other."),
    )
    from_date = forms.DateField(label=_("Holds from"), widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.CharField(
        label=_("Where it comes from"),
        max_length=cards.LONGEST_SOURCE,
        help_text=_("Whose decision it is, and the file it was fitted in."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = ScorecardVersion.objects.order_by("-from_date").first()
        if not self.is_bound and newest is not None and "card" not in self.initial:
            self.initial["card"] = json.dumps(newest.card, indent=2, ensure_ascii=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            data["read"] = cards.read_card(data["card"])
            cards.check_card(data["read"], from_date=data["from_date"], on=timezone.localdate())
        except DomainError as refusal:
            self.add_error("from_date" if isinstance(refusal, cards.CardTooSoon) else "card", str(refusal))
        return data

    def payload(self) -> Payload:
        data = self.cleaned_data
        return cards.payload_of(data["read"], from_date=data["from_date"], source=data["source"])

    def target(self) -> str:
        return f"scorecard {self.cleaned_data['read'].name}"


proposals.register(
    ProposalPage(
        cards.CODE,
        CardForm,
        _(
            "A card is never changed: this one follows it from its day on. It is tried on the newest decisions first."
        ),
        lambda _approval: list_of(ScorecardVersion),
    )
)
