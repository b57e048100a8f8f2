"""The forms in which staff propose to approve, pause and price a seller."""

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
from marketplace.models import Seller
from marketplace.models.sellers import MOST_BASIS_POINTS
from marketplace.services import approved


class _OfSeller(ProposalForm):
    seller = forms.ModelChoiceField(Seller.objects.order_by("display_name"), label=_("Seller"))

    def target(self) -> str:
        return approved.target_of(self.cleaned_data["seller"])


class DecisionForm(_OfSeller):
    words = forms.CharField(label=_("What the seller reads"), max_length=300)

    def payload(self) -> Payload:
        return approved.decision(self.cleaned_data["seller"], reason=self.cleaned_data["words"])


class CommissionForm(_OfSeller):
    basis_points = forms.IntegerField(
        label=_("Basis points of what it sells"), min_value=0, max_value=MOST_BASIS_POINTS
    )
    from_date = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}), initial=timezone.localdate
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        return approved.commission(
            data["seller"], basis_points=data["basis_points"], from_date=data["from_date"]
        )


def proposing(code: str, seller: Seller) -> str:
    """The address of a form, begun with a seller."""
    return f"{reverse('admin:accounts_propose', args=[code])}?{urlencode({'seller': str(seller.pk)})}"


def _result(approval: Approval) -> str:
    return page_of(Seller, UUID(approval.target.removeprefix("seller ")))


for action, form, words in (
    (approved.APPROVE_SELLER, DecisionForm, _("Its products that are on sale are found from then on.")),
    (approved.PAUSE, DecisionForm, _("Nobody finds its products any more. Its open orders go on.")),
    (approved.COMMISSION, CommissionForm, _("It holds for what is bought from that day on.")),
):
    proposals.register(ProposalPage(action.code, form, words, _result))
