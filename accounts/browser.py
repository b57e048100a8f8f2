"""Sign-ins by our pages: allauth signs people in and out; each becomes a `Session` as those of apps do."""

from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_used
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.browser_sessions import SIGN_IN
from accounts.models import Session, User
from accounts.services import factors, sessions
from core.actors import acting_as_service
from core.encryption import blind_index

# allauth's words for how somebody signed in -> those of the `amr` claim.
METHODS = {"password": "password", "code": "otp", "socialaccount": "oauth", "mfa": "mfa"}


def sign_in_of(request: HttpRequest) -> UUID | None:
    """The session that this browser is signed in by."""
    found = request.session.get(SIGN_IN)
    return UUID(found) if found else None


def leave(request: HttpRequest) -> None:
    """Sign this browser out, whoever is acting."""
    with acting_as_service():
        logout(request)


@receiver(user_logged_in, dispatch_uid="accounts.browser.signed_in")
def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    records = get_authentication_records(request, user)
    methods = [_word(record) for record in records] or ["password"]
    at = timezone.now()
    provider = next((str(record["provider"]) for record in records if record.get("provider")), "")
    session = sessions.start(user=user, face=Session.Face.PAGES, method=methods[0], at=at, provider=provider)
    for method in methods[1:]:
        sessions.prove(session_id=session.pk, method=method, at=at)
    request.session[SIGN_IN] = str(session.pk)


def _word(record: dict[str, Any]) -> str:
    if record["method"] == "mfa":
        return factors.METHODS[record["type"]]
    return METHODS.get(record["method"], str(record["method"]))


@receiver(authenticator_used, dispatch_uid="accounts.browser.proven")
def proven(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """A second factor was right: the session that there is already reaches aal2."""
    session_id = sign_in_of(request)
    if session_id:
        sessions.prove(session_id=session_id, method=factors.METHODS[authenticator.type], at=timezone.now())


@receiver(authenticator_added, dispatch_uid="accounts.browser.enrolled")
def enrolled(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """A new factor was proven as it was set up. Recovery codes were not."""
    if authenticator.type in factors.KINDS:
        proven(request, authenticator)


@receiver(user_logged_out, dispatch_uid="accounts.browser.signed_out")
def signed_out(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    session_id = sign_in_of(request)
    if session_id:
        sessions.end(session_id=session_id, reason=Session.Reason.SIGNED_OUT, at=timezone.now())


@receiver(user_login_failed, dispatch_uid="accounts.browser.refused")
def refused(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Write a refused sign-in into the trail: by a fingerprint of the address, and on the person if there is one."""
    email = str(credentials.get("email") or credentials.get("username") or "").lower()[:254]
    with acting_as_service():
        user = User.objects.filter(email=email).first() if email else None
        audit.record(
            action="accounts.sign_in.refused",
            target=user,
            actor_id=user.pk if user else None,
            address=blind_index(email, purpose="sign-in") if email else "",
        )


@receiver(email_confirmed, dispatch_uid="accounts.browser.confirmed")
def confirmed(email_address: EmailAddress, **_kwargs: Any) -> None:
    """Note when an address was confirmed: apps are told the time."""
    with acting_as_service():
        User.objects.filter(pk=email_address.user_id, email=email_address.email).update(
            email_confirmed_at=timezone.now()
        )
