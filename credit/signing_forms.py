"""The form in which a lender says why it does not go on."""

from django import forms
from django.utils.translation import gettext_lazy as _

from credit.check_reasons import LONGEST, CheckReason


class RefuseForm(forms.Form):
    reasons = forms.MultipleChoiceField(
        label=_("Why do you not go on?"),
        choices=CheckReason.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The borrower reads each of them. One to four."),
    )
    words = forms.CharField(
        label=_("The other reason, in your words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The borrower reads them as you write them."),
    )
