"""Forms of groups that save together."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from savings.models import SavingsPlan
from savings.services.opening import LONGEST_NAME
from wallet.forms import MoneyField

_OFF = {"autocomplete": "off"}


class GroupForm(OnceForm):
    """`plans` are those for groups; where there is one, nobody is asked."""

    name = forms.CharField(
        label=_("What are you saving for?"), max_length=LONGEST_NAME, widget=forms.TextInput(_OFF)
    )
    target = MoneyField(label=_("How much do you want to have together?"))
    target_date = forms.DateField(
        label=_("By when?"),
        help_text=_("On this day each of you is paid what they saved, with its interest."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    plan = forms.ModelChoiceField(
        label=_("Plan"), queryset=SavingsPlan.objects.none(), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args: Any, plans: list[SavingsPlan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["plan"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = SavingsPlan.objects.filter(pk__in=[plan.pk for plan in plans])
        if len(plans) == 1:
            field.initial, field.widget = plans[0].pk, forms.HiddenInput()


class JoinForm(OnceForm):
    amount = MoneyField(label=_("How much do you save first?"))


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code of the group"),
        max_length=40,
        widget=forms.TextInput({**_OFF, "autocapitalize": "characters", "spellcheck": "false"}),
    )
