"""What somebody fills in who cannot pay, or can pay a part of what was given up."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit.models import HardshipRequest
from credit.services.hardship import LEAST_TEXT, MOST_TEXT
from wallet.forms import MoneyField


class HelpForm(forms.Form):
    wish = forms.ChoiceField(label=_("What would help you most?"), choices=HardshipRequest.Wish.choices)
    can_pay = MoneyField(
        label=_("What could you pay each month?"),
        required=False,
        help_text=_("Only if you know. It binds you to nothing."),
    )
    text = forms.CharField(
        label=_("What has happened?"),
        min_length=LEAST_TEXT,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class RecoveryForm(OnceForm):
    amount = MoneyField(label=_("What do you pay now?"))
