"""What allauth's pages change about a person's way in, written into the trail and followed up."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import (
    email_added,
    email_changed,
    email_removed,
    password_changed,
    password_reset,
    password_set,
)
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.browser import sign_in_of
from accounts.models import User
from accounts.services import security
from core.encryption import blind_index


@receiver([password_changed, password_set], dispatch_uid="accounts.security.password_changed")
def changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """A new password ends every session but the one in which it was chosen."""
    keep = sign_in_of(request)
    security.password_replaced(user=user, at=timezone.now(), by_mail=False, keep=keep)
    audit.record(action="accounts.password.changed", target=user, actor_id=user.pk)


@receiver(password_reset, dispatch_uid="accounts.security.password_reset")
def reset(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """A password chosen by the mailed link ends every session."""
    security.password_replaced(user=user, at=timezone.now(), by_mail=True)
    audit.record(action="accounts.password.reset", target=user, actor_id=user.pk)


@receiver(email_changed, dispatch_uid="accounts.security.email_changed")
def email_changed_(
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **_kwargs: Any,
) -> None:
    """Another main address: allauth tells the old one, we the new one as well."""
    new = to_email_address.email
    old = from_email_address.email if from_email_address else ""
    audit.record(
        action="accounts.email.changed",
        target=user,
        actor_id=user.pk,
        old=blind_index(old, purpose="sign-in") if old else "",
        new=blind_index(new, purpose="sign-in"),
    )
    get_adapter(request).send_notification_mail(
        "account/email/email_changed", user, context={"from_email": old, "to_email": new}, email=new
    )


@receiver(email_added, dispatch_uid="accounts.security.email_added")
def added(user: User, **_kwargs: Any) -> None:
    audit.record(action="accounts.email.added", target=user, actor_id=user.pk)


@receiver(email_removed, dispatch_uid="accounts.security.email_removed")
def removed(user: User, **_kwargs: Any) -> None:
    audit.record(action="accounts.email.removed", target=user, actor_id=user.pk)
