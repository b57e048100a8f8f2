"""Forms of a running loan. They check the shape of what was typed; what it means, the services decide."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit.allocation import Paid
from credit.terms import Effect
from wallet.forms import MoneyField

EFFECTS = [
    (Effect.SMALLER, _("Smaller instalments, as many as before")),
    (Effect.FEWER, _("Fewer instalments, as large as before")),
    (Effect.POSTPONED, _("The next instalments are paid already")),
]


class RepayForm(OnceForm):
    """How much to pay. Its key is the posting's id, so two clicks pay once; `shown` is where it was said to go."""

    amount = MoneyField(label=_("How much?"))
    effect = forms.ChoiceField(
        label=_("What the extra does"), choices=EFFECTS, widget=forms.RadioSelect, required=False
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)

    def clean_effect(self) -> Effect | None:
        chosen = self.cleaned_data["effect"]
        return Effect(chosen) if chosen else None

    def clean_shown(self) -> Paid | None:
        """What the review showed. Raises ValidationError for what no review writes."""
        text = self.cleaned_data["shown"]
        if not text:
            return None
        try:
            return Paid(*(int(one) for one in text.split(".")))
        except (TypeError, ValueError):
            raise forms.ValidationError(_("Look again at where your payment would go.")) from None


class DrawForm(OnceForm):
    """How much to have paid out. Its key is the posting's id, so two clicks pay once."""

    amount = MoneyField(label=_("How much do you need?"))


def shown_of(paid: Paid) -> str:
    """Write down where a payment goes, as `RepayForm` reads it back."""
    parts = (paid.interest, paid.principal, paid.fees, paid.penalties, paid.ahead, paid.overpaid)
    return ".".join(str(one) for one in parts)
