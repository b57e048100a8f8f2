"""What an account elsewhere opens here: the person it is linked to, somebody new, or, for who is signed in, a link."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import Provider
from django.db import IntegrityError, transaction
from rest_framework.request import Request

from accounts.models import FlowState, Session, User
from accounts.services import identities
from accounts.social import is_taken, sign_up
from accounts.wire.errors import WireError


def provider_of(request: Request, name: str) -> Provider:
    """The provider of this name, if its keys are set. Raises WireError."""
    if name not in identities.offered():
        raise WireError(
            400, "validation_failed", f"Unsupported provider: Provider {name[:40]} is not enabled"
        )
    return get_adapter(request._request).get_provider(request._request, name)


def person_of(request: Request, login: SocialLogin) -> User:
    """The person that the linked account opens, or a new one. Raises WireError and EmailTaken."""
    login.lookup()
    if login.is_existing:
        found: User = login.user
        return found
    if not login.email_addresses:
        raise WireError(
            400,
            "provider_email_needs_verification",
            f"Unverified email with {login.account.provider}. Sign up by email, then link this account.",
        )
    if is_taken(login):
        raise WireError(
            422, "email_exists", "A user with this email address exists. Sign in, then link this account."
        )
    return sign_up(request._request, login)


def link(request: Request, user: User, login: SocialLogin) -> User:
    """Let an account elsewhere open this person's from now on; return the person, read anew. Raises WireError.

    It may open nobody else's already. The person is locked, since the link is saved with the whole of their row.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    login.lookup()
    if login.is_existing:
        if login.user != user:
            raise _linked_elsewhere()
        return user
    try:
        with transaction.atomic():
            login.connect(request._request, user)
    except IntegrityError:
        raise _linked_elsewhere() from None
    return user


def set_aside(login: SocialLogin, session: Session) -> dict[str, Any]:
    """What is kept of an account elsewhere until the app shows that it was it that asked for the link."""
    account = login.account
    return {
        "session": str(session.pk),
        "provider": account.provider,
        "uid": account.uid,
        "extra_data": account.extra_data,
    }


def link_set_aside(request: Request, flow: FlowState) -> None:
    """Link what was set aside, if the session that asked for it lives. Raises WireError."""
    kept = flow.linking
    if kept is None or flow.user is None:
        return
    session = Session.objects.live().filter(pk=kept["session"], user=flow.user).first()
    if session is None:
        raise session_gone()
    require_second_factor(flow.user, session)
    account = SocialAccount(provider=kept["provider"], uid=kept["uid"], extra_data=kept["extra_data"])
    link(
        request,
        flow.user,
        SocialLogin(account=account, provider=provider_of(request, kept["provider"])),
    )


def require_second_factor(user: User, session: Session) -> None:
    """Who has a second factor needs it to change the ways in. Raises WireError."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    if session.level != "aal2" and Authenticator.objects.filter(user=user, type__in=kinds).exists():
        raise WireError(403, "insufficient_aal", "AAL2 required to change identities")


def session_gone() -> WireError:
    return WireError(403, "session_not_found", "Session from session_id claim in JWT does not exist")


def _linked_elsewhere() -> WireError:
    return WireError(422, "identity_already_exists", "Identity is already linked to another user")
