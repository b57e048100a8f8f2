"""Forms about second factors. Codes go through our service, so that each is taken once on every face."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base import forms as base
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn
from allauth.mfa.webauthn.internal import auth as webauthn_auth
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import passkeys
from accounts.adapter import PAUSE
from accounts.forms import shown_as_written
from accounts.models import User
from accounts.services import factors
from core.views import slow_down

WRONG_CODE = _("That code is not right, or was used before. Type the one your app shows now.")
NAME_TAKEN = _("You have one of that name. Choose another.")


def count_try(user: User) -> Callable[[], None]:
    """Count a try on the person; return what forgets their tries. Who has none left reads when to come back."""
    try:
        clear: Callable[[], None] = check_rate_limit(user)
    except ValidationError:
        raise ImmediateHttpResponse(slow_down(context.request, seconds=PAUSE)) from None
    return clear


class CodeCheck(base.BaseAuthenticateForm):
    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(inputmode="numeric", maxlength=20)

    def clean_code(self) -> str:
        clear = count_try(self.user)
        code = str(self.cleaned_data["code"])
        found = factors.answer(user=self.user, code=code, at=timezone.now())
        if found is None:
            row = Authenticator.objects.filter(user=self.user).order_by("-type").first()
            if row:
                self._emit_authentication_failed(row)
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        clear()
        found.user = self.user
        self.authenticator = found
        return code


class AuthenticateForm(CodeCheck, base.AuthenticateForm):
    """The code at log-in."""


class ReauthenticateForm(CodeCheck, base.ReauthenticateForm):
    """The code before something sensitive."""


class ActivateForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label=_("Authenticator code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, secret: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret


def _name() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=64,
        required=False,
        validators=[shown_as_written],
        help_text=_("What you will know it by, such as “My phone”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AddPasskeyForm(forms.Form):
    """A name, and what the browser made."""

    name = _name()
    credential = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["name"].initial = factors.free_name(user=user, wanted=str(_("Passkey")))

    def clean_name(self) -> str:
        return _unused(self.user, self.cleaned_data["name"] or self.fields["name"].initial)

    def clean_credential(self) -> dict[str, Any]:
        credential = self.cleaned_data["credential"]
        state = webauthn_auth.get_state()
        webauthn_auth.clear_state()
        try:
            passkeys.finish_making(user=self.user, state=state, credential=credential)
        except passkeys.PasskeyRefused as refused:
            raise ValidationError(refused.message, code="refused") from refused
        return dict(credential)


class RenamePasskeyForm(forms.Form):
    name = _name()

    def __init__(self, *args: Any, instance: Authenticator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance = instance
        self.fields["name"].required = True
        self.fields["name"].initial = instance.data.get("name")

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        return name if name == self.instance.data.get("name") else _unused(self.instance.user, name)


class PasskeyCheck(webauthn.AuthenticateWebAuthnForm):
    """The answer of a passkey: of a person who is known, or of whom it says it belongs to."""

    user: User | None

    def clean_credential(self) -> Authenticator:
        credential = self.cleaned_data["credential"]
        state = webauthn_auth.get_state()
        webauthn_auth.clear_state()
        # Who a passkey only says it belongs to must not be locked out by it.
        clear = count_try(self.user) if self.user else None
        try:
            user = self.user or passkeys.owner_of(credential)
            row = passkeys.finish_asking(user=user, state=state, credential=credential)
        except passkeys.PasskeyRefused as refused:
            raise ValidationError(refused.message, code="refused") from refused
        if clear:
            clear()
        return row


class AuthenticatePasskeyForm(PasskeyCheck):
    """The passkey after the password."""


class LoginPasskeyForm(PasskeyCheck, webauthn.LoginWebAuthnForm):
    """The passkey that logs somebody in by itself."""


class ReauthenticatePasskeyForm(PasskeyCheck, webauthn.ReauthenticateWebAuthnForm):
    """The passkey before something sensitive."""


def _unused(user: User, name: str) -> str:
    name = " ".join(str(name).split())
    if factors.free_name(user=user, wanted=name) != name:
        raise ValidationError(NAME_TAKEN, code="name_taken")
    return name
