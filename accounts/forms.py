"""Forms of signing up and in, where ours ask for more or say it otherwise than allauth's."""

import unicodedata
from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import EmailTaken, referrals
from core.actors import current_origin
from core.errors import DomainError

JOINERS = "\u200c\u200d"


def shown_as_written(name: str) -> None:
    """Refuse a name that could pose as another: nothing invisible, nothing that turns the text round.

    Joiners stay, since some scripts are written with them. Raises ValidationError.
    """
    if any(unicodedata.category(letter).startswith("C") and letter not in JOINERS for letter in name):
        raise ValidationError(_("A name cannot contain invisible characters."), code="invisible")
    if not any(unicodedata.category(letter)[0] in "LN" for letter in name):
        raise ValidationError(_("A name needs at least one letter."), code="no_letter")


class LoginForm(AllauthLoginForm):
    """A browser may offer what it keeps: the address with its password, or a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class ConfirmEmailForm(ConfirmEmailVerificationCodeForm):
    """The code that was mailed: digits, so a phone shows those."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(inputmode="numeric", maxlength=20)


class SignupForm(AllauthSignupForm):
    """E-mail, password and the name that others see."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        strip=True,
        validators=[shown_as_written],
        help_text=_("Shown to people you send money to."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    referral_code = forms.CharField(
        label=_("Code of a friend"),
        max_length=20,
        required=False,
        strip=True,
        help_text=_("Only if somebody invited you. A link that you followed is remembered by itself."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    field_order = ["display_name", "email", "password1", "referral_code"]

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Answer someone who signs up an address a moment after another did as one who came much later."""
        saved: tuple[User | None, HttpResponse | None]
        try:
            saved = super().try_save(request)
        except EmailTaken:
            self.account_already_exists = True
            saved = super().try_save(request)
        return saved

    def clean_referral_code(self) -> str:
        """Tell whoever types a code that leads nowhere, as often as one may try."""
        text = str(self.cleaned_data["referral_code"])
        if text:
            try:
                referrals.count_lookup(caller=current_origin().ip)
                return referrals.inviter_of(text=text).code
            except DomainError as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        return ""

    def clean_display_name(self) -> str:
        return " ".join(self.cleaned_data["display_name"].split())
