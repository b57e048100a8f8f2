"""What staff fill in to give a suspended deposit to somebody, and to pay a deposit back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts import services as accounts
from accounts.approvals import Payload
from accounts.proposals import ProposalForm, ProposalPage
from accounts.services import RecipientNotFound
from core.staff import page_of
from wallet.admin.proposals import DescriptionField
from wallet.forms import NGN, MoneyField
from wallet.models import Account, Payment, Refund, SuspendedDeposit
from wallet.services.approved import claims


class CustomerWalletField(forms.CharField):
    """A customer's wallet, by their handle or e-mail address."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            person = accounts.find_recipient(text=text)
        except RecipientNotFound as error:
            raise forms.ValidationError(str(error)) from error
        wallet = Account.objects.filter(owner=person.user_id, kind=Account.Kind.WALLET, currency=NGN).first()
        if wallet is None:
            raise forms.ValidationError(_("This person has no wallet with us."))
        return str(wallet.pk)


class AttributionForm(ProposalForm):
    deposit = forms.ModelChoiceField(queryset=SuspendedDeposit.objects.open(), widget=forms.HiddenInput)
    account = CustomerWalletField(
        label=_("Whose it is"), max_length=254, help_text=_("Their handle or e-mail address.")
    )

    def payload(self) -> Payload:
        return {"deposit": str(self.cleaned_data["deposit"].pk), "account": self.cleaned_data["account"]}

    def target(self) -> str:
        return f"suspended_deposit:{self.cleaned_data['deposit'].pk}"


class AskedForm(ProposalForm):
    refund = forms.ModelChoiceField(
        queryset=Refund.objects.filter(state=Refund.State.ASKED), widget=forms.HiddenInput
    )

    def payload(self) -> Payload:
        return {"refund": str(self.cleaned_data["refund"].pk)}

    def target(self) -> str:
        return f"refund:{self.cleaned_data['refund'].pk}"


class RefundForm(ProposalForm):
    payment = forms.ModelChoiceField(queryset=Payment.objects.all(), widget=forms.HiddenInput)
    amount = MoneyField(label=_("Amount"), help_text=_("At most what is left of the payment."))
    note = DescriptionField()

    def payload(self) -> Payload:
        data = self.cleaned_data
        return {"payment": str(data["payment"].pk), "amount": data["amount"], "note": data["note"]}

    def target(self) -> str:
        return f"payment:{self.cleaned_data['payment'].pk}"


PAGES = (
    ProposalPage(
        claims.ATTRIBUTE,
        AttributionForm,
        _("The money leaves suspense for the customer's wallet, once, and the customer is told."),
        lambda approval: page_of(SuspendedDeposit, approval.payload["deposit"]),
    ),
    ProposalPage(
        claims.REFUND,
        RefundForm,
        _("The amount is set aside at once, and goes back to the card or account that it came from."),
        lambda approval: page_of(Payment, approval.payload["payment"]),
    ),
    ProposalPage(
        claims.ASKED,
        AskedForm,
        _("What is set aside goes back to the card or account that it came from."),
        lambda approval: page_of(Refund, approval.payload["refund"]),
    ),
)
for page in PAGES:
    proposals.register(page)
