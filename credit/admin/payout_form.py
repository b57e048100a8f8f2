"""The form in which staff propose to undo a payout on its own day."""

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
from credit.models import Contract
from credit.services.approved.deeds import LONGEST_WORDS, target_of
from credit.services.approved.payouts import UNDO


class UndoForm(ProposalForm):
    loan = forms.UUIDField(label=_("Loan"), help_text=_("Its id."))
    words = forms.CharField(label=_("What the borrower reads"), max_length=LONGEST_WORDS)

    def payload(self) -> Payload:
        return {"loan": str(self.cleaned_data["loan"]), "words": self.cleaned_data["words"]}

    def target(self) -> str:
        return target_of(self.payload())


def proposing(contract: Contract) -> str:
    """The address of the form, begun with a contract's loan."""
    query = urlencode({"loan": str(contract.application_id)})
    return f"{reverse('admin:accounts_propose', args=[UNDO])}?{query}"


def _result(approval: Approval) -> str:
    key = UUID(approval.target.removeprefix("loan "))
    contract = Contract.objects.filter(loan=key).first()
    return page_of(Contract, contract.pk) if contract else reverse("admin:index")


proposals.register(
    ProposalPage(
        UNDO,
        UndoForm,
        _(
            "Only on the day of the payout, and while nothing was paid back. The money goes back from the wallet."
        ),
        _result,
    )
)
