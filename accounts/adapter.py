"""Where allauth meets our services: how a user is stored, how its mails leave, how factors are encrypted."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import letters, passkeys, referral_links, services, step_up, tasks, totp
from accounts.models import Customer, User
from accounts.services import factors
from core import encryption
from core.actors import acting_as_service
from core.middleware import client_ip
from core.views import slow_down

# Behind a socket without a proxy that names the caller: the device list needs an address all the same.
UNKNOWN_ADDRESS = "0.0.0.0"
FACTOR = "mfa_authenticator.data"
# How long wrong passwords and codes of one account are counted (allauth's `login_failed`).
PAUSE = 300


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        user.email = form.cleaned_data["email"]
        user.set_password(form.cleaned_data["password1"])
        code = form.cleaned_data.get("referral_code") or referral_links.code_kept(request)
        return services.register(
            user=user, display_name=form.cleaned_data["display_name"], referral_code=code
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a password before it is tried; who has no try left reads when to come back."""
        try:
            self.count_password(request, **credentials)
        except ValidationError:
            raise ImmediateHttpResponse(slow_down(request, seconds=PAUSE)) from None

    def count_password(self, request: HttpRequest, **credentials: Any) -> Callable[[], None]:
        """Count a password on the account, whichever face it is typed into; return what takes that back.

        Raises ValidationError where no try is left.
        """
        super().pre_authenticate(request, **credentials)
        forgive: Callable[[], None] = self._rollback_login_failed_rl_usage
        return forgive

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The address alone: a request says itself by which name and port of ours it comes."""
        return str(credentials.get("email", "")).strip().lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render now, send after commit: no mail tells of what was rolled back, none makes a request wait.

        What is committed stays so when the queue is away: the fault is logged, the page offers another mail.
        """
        site = get_current_site(self.request)
        facts = {"request": self.request, "email": email, "current_site": site}
        report_url = letters.page("security_report")
        mail = self.render_mail(template_prefix, email, {**facts, "report_url": report_url, **context})
        html = next((body for body, kind in getattr(mail, "alternatives", []) if kind == "text/html"), "")
        if mail.content_subtype == "html":
            text, html = "", str(mail.body)
        else:
            text = str(mail.body)
        letter = {"subject": str(mail.subject), "text": text, "html": html, "to": list(mail.to)}
        transaction.on_commit(lambda: tasks.send_mail.delay(**letter), robust=True)

    def send_notification_mail(self, template_prefix: str, user: User, **rest: Any) -> None:
        """allauth asks for this after commit, when nobody is acting any more."""
        with acting_as_service():
            super().send_notification_mail(template_prefix, user, **rest)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Who has a factor proves it: the password alone is no longer enough. An app comes before a passkey."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        methods = [{**method, "description": words[method["id"]]} for method in methods]
        with_factor = [method for method in methods if method["id"] != "reauthenticate"]
        if with_factor and is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            return with_factor
        return with_factor[::-1] or methods

    def is_reauthentication_required(self, *, app: str, **rest: Any) -> bool:
        """Not right after a second factor was proven in this session. Who can prove nothing logs in again."""
        at = timezone.now()
        if step_up.is_fresh(step_up.session_of(self.request), at=at):
            return False
        if step_up.must_log_in_again(self.request, at=at):
            raise ImmediateHttpResponse(step_up.to_log_in_again(self.request))
        return bool(super().is_reauthentication_required(app=app, **rest))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of an address by which somebody signs up; one who left reads that it stays taken."""
        closed = User.objects.filter(email=email.lower(), customer__status=Customer.Status.CLOSED).exists()
        if closed:
            self.send_mail("account/email/account_closed", email, {})
        else:
            super().send_account_already_exists_mail(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or UNKNOWN_ADDRESS


class MfaAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That did not match. Please try again."),
    }

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to our site's host, whatever host a request names."""
        return {"id": passkeys.host(), "name": totp.ISSUER}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return factors.free_name(user=user, wanted=str(_("Passkey")))

    def encrypt(self, text: str) -> str:
        return encryption.seal(text, aad=FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.open_sealed(encrypted_text, aad=FACTOR)
