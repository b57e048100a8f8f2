"""Forms of savings. They check the shape of what was typed; what it means, the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.services.opening import LONGEST_NAME, Wish
from savings.services.terms import LONGEST
from wallet.forms import MoneyField

Kind = SavingsPlan.Kind
# Five years: longer ones are worked out a plan at a time.
LONGEST_COMPARED = 1_826


class DayField(forms.DateField):
    widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")


class WhatIfForm(forms.Form):
    """How much, for how long, and how much more each month. Read from the address, so that it can be kept and sent."""

    amount = MoneyField(label=_("Save at first"))
    days = forms.IntegerField(
        label=_("For how many days"),
        min_value=1,
        max_value=LONGEST,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    monthly = MoneyField(label=_("More each month"), required=False)


class CompareForm(forms.Form):
    amount = MoneyField(label=_("If you save"))
    days = forms.IntegerField(
        label=_("For how many days"),
        min_value=1,
        max_value=LONGEST_COMPARED,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )


class OpenForm(forms.Form):
    """What somebody wants of a saving; which questions are asked, the plan says."""

    name = forms.CharField(
        label=_("What are you saving for?"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    target = MoneyField(label=_("How much do you want to have?"), required=False)
    target_date = DayField(label=_("By when?"), required=False)
    days = forms.IntegerField(
        label=_("For how many days?"), required=False, widget=forms.NumberInput({"inputmode": "numeric"})
    )
    amount = MoneyField(label=_("How much do you save now?"), required=False)
    at_maturity = forms.ChoiceField(
        label=_("And at the end?"),
        choices=UserSavings.AtMaturity.choices,
        initial=UserSavings.AtMaturity.PAY_OUT,
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, plan: SavingsPlan, terms: PlanTerms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan, self.terms = plan, terms
        left_out = ["target", "target_date"] if plan.kind == Kind.FIXED else ["days", "at_maturity"]
        for name in left_out:
            del self.fields[name]
        if plan.kind == Kind.FIXED:
            self.fields["days"].required = self.fields["amount"].required = True
            self.fields["days"].help_text = _("%(shortest)s to %(longest)s days.") % {
                "shortest": terms.shortest or 1,
                "longest": terms.longest or LONGEST,
            }
        elif plan.kind == Kind.TARGET:
            self.fields["target"].required = self.fields["target_date"].required = True

    def wish(self) -> Wish:
        typed = self.cleaned_data
        return Wish(
            name=typed["name"],
            target=typed.get("target"),
            target_date=typed.get("target_date"),
            days=typed.get("days"),
            at_maturity=typed.get("at_maturity") or UserSavings.AtMaturity.PAY_OUT,
        )


class AmountForm(OnceForm):
    """How much to add or to take out: the form carries the posting's id, so two clicks do it once."""

    amount = MoneyField(label=_("How much?"))


class MaturityForm(forms.Form):
    at_maturity = forms.ChoiceField(
        label=_("When it comes to its end"), choices=UserSavings.AtMaturity.choices, widget=forms.RadioSelect
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, widget=forms.TextInput({"autocomplete": "off"})
    )


class LaterForm(forms.Form):
    matures_on = DayField(label=_("New last day"))
