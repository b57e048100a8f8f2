"""The forms in which staff propose what two people do to a loan. Each shows what it comes to before it is sent."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.proposals import ProposalForm, ProposalPage
from credit.services.approved import losses, measures, taken_back
from credit.services.approved.deeds import LONGEST_WORDS, target_of
from credit.terms import MOST_RATE, MOST_ROWS


class DayField(forms.DateField):
    widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")


class LoanForm(ProposalForm):
    """Which loan it is about, and what its borrower reads; a deed adds its own."""

    loan = forms.UUIDField(label=_("Loan"), help_text=_("Its id."))
    words = forms.CharField(
        label=_("What the borrower reads"),
        max_length=LONGEST_WORDS,
        help_text=_("Stands beside the new schedule. Neither the reason nor the ticket does."),
    )

    def payload(self) -> Payload:
        return {"loan": str(self.cleaned_data["loan"]), "words": self.cleaned_data["words"], **self.facts()}

    def facts(self) -> Payload:
        return {}

    def target(self) -> str:
        return target_of({"loan": str(self.cleaned_data["loan"])})


class NewDaysForm(LoanForm):
    count = forms.IntegerField(label=_("Instalments from now on"), min_value=1, max_value=MOST_ROWS)
    first_due = DayField(
        label=_("The first is due"), required=False, help_text=_("Left open, it stays where it is.")
    )

    def facts(self) -> Payload:
        first = self.cleaned_data["first_due"]
        return {"count": self.cleaned_data["count"], "first_due": first.isoformat() if first else None}


class RateForm(LoanForm):
    rate = forms.DecimalField(
        label=_("Rate from today on"),
        min_value=0,
        max_value=MOST_RATE,
        decimal_places=4,
        help_text=_("Percent a year."),
    )
    keeps_instalment = forms.BooleanField(
        label=_("Instalments stay as large as they are; there are fewer or more of them"), required=False
    )

    def facts(self) -> Payload:
        data = self.cleaned_data
        return {"rate": f"{data['rate']:f}", "keeps_instalment": data["keeps_instalment"]}


class PauseForm(LoanForm):
    until = DayField(
        label=_("It ends on"), help_text=_("That day counts again. At most half a year from now.")
    )

    def facts(self) -> Payload:
        return {"until": self.cleaned_data["until"].isoformat()}


class RowForm(LoanForm):
    transaction = forms.UUIDField(
        label=_("What is taken back"), help_text=_("The id of the loan transaction.")
    )

    def facts(self) -> Payload:
        return {"transaction": str(UUID(str(self.cleaned_data["transaction"])))}


for _page in (
    ProposalPage(
        measures.RESCHEDULE, NewDaysForm, _("From the running instalment on. What is overdue stays due.")
    ),
    ProposalPage(
        measures.RE_AGE, NewDaysForm, _("What is overdue is asked for anew with all that is to come.")
    ),
    ProposalPage(measures.RATE, RateForm, _("What was earned so far stays as it was.")),
    ProposalPage(measures.CAPITALISE, LoanForm, _("From then on it earns interest itself.")),
    ProposalPage(
        measures.PAUSE,
        PauseForm,
        _("Nothing is charged for being late, and nobody is reminded. Interest goes on. It ends by itself."),
    ),
    ProposalPage(losses.CHARGE_OFF, LoanForm, _("From 90 days late on. It earns nothing any more.")),
    ProposalPage(losses.WRITE_OFF, LoanForm, _("From 180 days late on. The borrower still owes it.")),
    ProposalPage(
        losses.UNDO, LoanForm, _("In the month of the write-off alone. What was recovered is a payment.")
    ),
    ProposalPage(
        taken_back.TAKE_BACK,
        RowForm,
        _("The money returns to the borrower’s wallet, and all that followed is worked out again."),
    ),
    ProposalPage(taken_back.WAIVE, RowForm, _("What was paid of it pays what else is owed.")),
):
    proposals.register(_page)
