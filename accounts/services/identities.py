"""Accounts elsewhere that a person may log in with, and letting go of one: never of the last way in."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError


class IdentityNotFound(DomainError):
    code = "identity_not_found"
    kind = "not_found"
    message = _("This account is not linked to yours.")


class LastWayIn(DomainError):
    code = "single_identity_not_deletable"
    kind = "conflict"
    message = _("This is your only way to log in. Set a password or add a passkey first.")


def offered() -> dict[str, str]:
    """The providers one may log in with now: id -> name."""
    found = {}
    for provider, config in settings.SOCIALACCOUNT_PROVIDERS.items():
        for app in config.get("APPS", ()):
            found[app.get("provider_id") or provider] = app["name"]
    return found


def unlink(*, user: User, account_id: int) -> SocialAccount:
    """Let go of a linked account and return what it was; raises IdentityNotFound and LastWayIn.

    The person's row is locked: two at once could each take the other for the way that is left.
    """
    with acting_as_service():
        person = User.objects.select_for_update().get(pk=user.pk)
        account = SocialAccount.objects.filter(user=person, pk=account_id).first()
        if account is None:
            raise IdentityNotFound
        if not has_way_in(user=person, but=account):
            raise LastWayIn
        SocialAccount.objects.filter(pk=account.pk).delete()
        audit.record(
            action="accounts.identity.unlinked", target=account, actor_id=user.pk, provider=account.provider
        )
    return account


def has_way_in(*, user: User, but: SocialAccount | Authenticator) -> bool:
    """Whether a person can log in without this account or passkey: by password, or by another one."""
    linked = SocialAccount.objects.filter(user=user, provider__in=offered())
    passkeys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    if isinstance(but, SocialAccount):
        linked = linked.exclude(pk=but.pk)
    else:
        passkeys = passkeys.exclude(pk=but.pk)
    return user.has_usable_password() or linked.exists() or passkeys.exists()
