"""The form in which staff propose an entry of a day that is over."""

from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.models import Approval
from accounts.proposals import ProposalForm, ProposalPage
from core.staff import page_of
from savings.models import UserSavings
from savings.services.approved import backdated
from wallet.forms import MoneyField

IN, OUT = "in", "out"


class BackdatedForm(ProposalForm):
    saving = forms.UUIDField(label=_("Saving"), help_text=_("Its id."))
    direction = forms.ChoiceField(
        label=_("What is missing"),
        choices=[(IN, _("Money that came in")), (OUT, _("Money that went out"))],
        help_text=_("It moves today, between the owner's wallet and the saving."),
    )
    amount = MoneyField(label=_("Amount"))
    value_date = forms.DateField(
        label=_("It counts from"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Interest of the days from then on is worked out anew."),
    )
    description = forms.CharField(
        label=_("What the customer reads"),
        max_length=backdated.LONGEST_DESCRIPTION,
        help_text=_("Stands on their statement. Neither the reason nor the ticket does."),
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        return {
            "saving": str(data["saving"]),
            "amount": data["amount"] if data["direction"] == IN else -data["amount"],
            "value_date": data["value_date"].isoformat(),
            "description": data["description"],
        }

    def target(self) -> str:
        return backdated.target_of({"saving": str(self.cleaned_data["saving"])})


def proposing(saving: UserSavings) -> str:
    """The address of the form, begun with a saving."""
    address = reverse("admin:accounts_propose", args=[backdated.CODE])
    return f"{address}?{urlencode({'saving': str(saving.pk)})}"


def _result(approval: Approval) -> str:
    return page_of(UserSavings, UUID(approval.target.removeprefix("saving ")))


proposals.register(
    ProposalPage(
        backdated.CODE,
        BackdatedForm,
        _(
            "What became known late is entered with its own day. Days of closed months stay as they were reported."
        ),
        _result,
    )
)
