"""The forms in which staff propose to admit, suspend and price a lender."""

from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.models import Approval
from accounts.proposals import ProposalForm, ProposalPage
from core.staff import page_of
from credit.models import Provider
from credit.services.approved import lenders as approved

_DAY = {"type": "date"}


class _OfLender(ProposalForm):
    lender = forms.ModelChoiceField(Provider.objects.order_by("display_name"), label=_("Lender"))

    def target(self) -> str:
        return approved.target_of(self.cleaned_data["lender"])


class AdmissionForm(_OfLender):
    licensed_until = forms.DateField(
        label=_("Licensed until"),
        widget=forms.DateInput(attrs=_DAY),
        help_text=_("As its licence says. From the day after it makes no offers."),
    )
    words = forms.CharField(
        label=_("What the lender reads"), max_length=300, help_text=_("For example: Licence checked.")
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        return approved.admission(data["lender"], licensed_until=data["licensed_until"], reason=data["words"])


class SuspensionForm(_OfLender):
    words = forms.CharField(label=_("What the lender reads"), max_length=300)

    def payload(self) -> Payload:
        return approved.suspension(self.cleaned_data["lender"], reason=self.cleaned_data["words"])


class CommissionForm(_OfLender):
    percent = forms.DecimalField(
        label=_("Percent of what it lends"), min_value=0, max_value=100, max_digits=7, decimal_places=4
    )
    from_date = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs=_DAY), initial=timezone.localdate
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        return approved.commission(data["lender"], percent=data["percent"], from_date=data["from_date"])


def proposing(code: str, provider: Provider) -> str:
    """The address of a form, begun with a lender."""
    return f"{reverse('admin:accounts_propose', args=[code])}?{urlencode({'lender': str(provider.pk)})}"


def _result(approval: Approval) -> str:
    return page_of(Provider, UUID(approval.target.removeprefix("lender ")))


for action, form, words in (
    (approved.ADMIT, AdmissionForm, _("Look at its licence in the public register before you propose it.")),
    (approved.SUSPEND, SuspensionForm, _("It makes and pays out nothing new; borrowers go on paying it.")),
    (approved.COMMISSION, CommissionForm, _("It never counts where offers are put in order.")),
):
    proposals.register(ProposalPage(action.code, form, words, _result))
