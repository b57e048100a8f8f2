"""How well a person's account is guarded: what is on, what is not, and the next thing to do."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Session, User
from core.actors import acting_as_service


@dataclass(frozen=True)
class Guard:
    """One thing that guards an account. `on` is None where there is nothing to be on or off."""

    icon: str
    title: str
    text: str
    on: bool | None
    action: str
    href: str


@dataclass(frozen=True)
class Overview:
    guards: list[Guard]

    @property
    def scored(self) -> list[Guard]:
        return [guard for guard in self.guards if guard.on is not None]

    @property
    def score(self) -> int:
        return sum(1 for guard in self.scored if guard.on)

    @property
    def next_step(self) -> Guard | None:
        return next((guard for guard in self.scored if not guard.on), None)


def overview_of(user: User) -> Overview:
    """What guards this person's account; links lead only to pages that there are."""
    with acting_as_service():
        confirmed = EmailAddress.objects.filter(user=user, primary=True, verified=True).exists()
        factors = list(Authenticator.objects.filter(user=user))
        linked = SocialAccount.objects.filter(user=user).count()
        places = Session.objects.filter(user=user).live().count()  # type: ignore[attr-defined]
    of_type = {kind: [factor for factor in factors if factor.type == kind] for kind in Authenticator.Type}
    app, keys = of_type[Authenticator.Type.TOTP], of_type[Authenticator.Type.WEBAUTHN]
    codes = _codes_left(of_type[Authenticator.Type.RECOVERY_CODES])
    password = user.has_usable_password()
    guards = [
        Guard(
            "mail",
            _("E-mail address"),
            _("Confirmed: we can reach you.") if confirmed else _("Not confirmed yet."),
            confirmed,
            _("Change") if confirmed else _("Confirm it"),
            _page("account_email"),
        ),
        Guard(
            "key-round",
            _("Password"),
            _("You have one.") if password else _("You have none."),
            password,
            _("Change") if password else _("Choose one"),
            _page("account_change_password" if password else "account_set_password"),
        ),
        Guard(
            "smartphone",
            _("Authenticator app"),
            _("We ask for its code when you log in.")
            if app
            else _("A stolen password alone would open your account."),
            bool(app),
            _("Manage") if app else _("Set it up"),
            _page("mfa_index"),
        ),
        Guard(
            "fingerprint-pattern",
            _("Passkeys"),
            ngettext("%(count)d passkey.", "%(count)d passkeys.", len(keys)) % {"count": len(keys)}
            if keys
            else _("Log in with your fingerprint, face or a key: nothing to type, nothing to steal."),
            bool(keys),
            _("Manage") if keys else _("Add one"),
            _page("mfa_index"),
        ),
        Guard(
            "life-buoy",
            _("Recovery codes"),
            ngettext("%(count)d unused code.", "%(count)d unused codes.", codes) % {"count": codes}
            if codes
            else _("They let you in when your phone is lost. You get them with your second step."),
            codes > 0,
            _("Show") if codes else _("Make some"),
            _page("mfa_index"),
        ),
        Guard(
            "monitor-smartphone",
            _("Where you are logged in"),
            ngettext("%(count)d place.", "%(count)d places.", places) % {"count": places},
            None,
            _("Look"),
            _page("sessions"),
        ),
        Guard(
            "link",
            _("Linked accounts"),
            ngettext("%(count)d account of another service.", "%(count)d accounts of other services.", linked)
            % {"count": linked}
            if linked
            else _("You log in without any other service."),
            None,
            _("Manage"),
            _page("socialaccount_connections"),
        ),
        Guard(
            "plug",
            _("Connected apps"),
            _("Apps that you let see or do something in your name."),
            None,
            _("Look"),
            _page("connected_apps"),
        ),
    ]
    return Overview([guard for guard in guards if guard.href])


def _codes_left(factors: list[Authenticator]) -> int:
    return sum(len(factor.wrap().get_unused_codes()) for factor in factors)


def _page(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
