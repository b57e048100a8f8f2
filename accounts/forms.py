from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignupForm(AllauthSignupForm):
    """E-mail, password and the name that others see."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        strip=True,
        help_text=_("Shown to people you send money to."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["display_name", "email", "password1"]
