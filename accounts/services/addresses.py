"""Addresses: confirmed by a code that was mailed there, and changed once both the old and the new one agree."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, letters
from accounts.models import OneTimeCode, Session, User
from accounts.services import sessions
from core.actors import acting_as_service
from core.errors import DomainError

Purpose = OneTimeCode.Purpose
HALVES = {
    Purpose.EMAIL_CHANGE_CURRENT: Purpose.EMAIL_CHANGE_NEW,
    Purpose.EMAIL_CHANGE_NEW: Purpose.EMAIL_CHANGE_CURRENT,
}


class AddressTaken(DomainError):
    code = "email_exists"
    kind = "conflict"
    message = _("A user with this email address has already been registered")


def is_taken(*, email: str, but_by: User | None = None) -> bool:
    """Whether somebody else signs in by this address, or has confirmed it as a further one."""
    with acting_as_service():
        confirmed = EmailAddress.objects.filter(email=email, verified=True)
        users = User.objects.filter(email=email)
        if but_by:
            confirmed, users = confirmed.exclude(user=but_by), users.exclude(pk=but_by.pk)
        return users.exists() or confirmed.exists()


def settle(*, code: OneTimeCode, at: datetime) -> bool:
    """Do what a used code proves. False when it is the first half of a change of address: the other is waited for.

    Raises AddressTaken.
    """
    user = code.user
    with acting_as_service():
        if code.purpose not in HALVES:
            if user.email_confirmed_at is None:
                confirm(user=user, at=at, chosen_password=code.purpose == Purpose.SIGNUP)
            return True
        alone = code.purpose == Purpose.EMAIL_CHANGE_NEW and user.email_confirmed_at is None
        if not alone and not _other_half_is_used(code, at):
            return False
        change(user=user, email=code.new_email, at=at)
    return True


def confirm(*, user: User, at: datetime, chosen_password: bool) -> None:
    """Note that a person reads their address. Raises AddressTaken.

    Unless the code answers the very sign-up that chose the password, that password goes: whoever signed up with
    somebody else's address must not share the account with its owner.
    """
    with acting_as_service(), transaction.atomic():
        if user.email_confirmed_at is None and not chosen_password and user.has_usable_password():
            user.set_unusable_password()
            sessions.end_all(user=user, reason=Session.Reason.PASSWORD_CHANGED, at=at)
        user.email_confirmed_at = at
        if user.user_metadata.get("email_verified") is False:
            user.user_metadata["email_verified"] = True
        _own(user, user.email, verified=True)
        user.save(update_fields=["password", "email_confirmed_at", "user_metadata", "updated_at"])
        audit.record(action="accounts.email.confirmed", target=user, actor_id=user.pk)


def change(*, user: User, email: str, at: datetime, verified: bool = True) -> None:
    """Give a person another address to sign in by, and tell both of it; raises AddressTaken."""
    old = user.email
    with acting_as_service(), transaction.atomic():
        if is_taken(email=email, but_by=user):
            raise AddressTaken
        EmailAddress.objects.filter(user=user, email=old).delete()
        user.email, user.new_email = email, ""
        user.email_confirmed_at = at if verified else None
        if "email" in user.user_metadata:
            user.user_metadata.update(email=email, email_verified=verified)
        fields = ["email", "new_email", "email_confirmed_at", "user_metadata", "updated_at"]
        try:
            with transaction.atomic():
                user.save(update_fields=fields)
        except IntegrityError as error:
            raise AddressTaken from error
        _own(user, email, verified=verified)
        letters.post_address_changed(old=old, new=email)
        audit.record(action="accounts.email.changed", target=user, actor_id=user.pk)


def _own(user: User, email: str, *, verified: bool) -> None:
    EmailAddress.objects.filter(user=user, primary=True).exclude(email=email).update(primary=False)
    try:
        with transaction.atomic():
            EmailAddress.objects.update_or_create(
                user=user, email=email, defaults={"verified": verified, "primary": True}
            )
    except IntegrityError as error:
        raise AddressTaken from error


def _other_half_is_used(code: OneTimeCode, at: datetime) -> bool:
    other = HALVES[Purpose(code.purpose)]
    return OneTimeCode.objects.filter(
        user=code.user, purpose=other, new_email=code.new_email, used_at__isnull=False, expires_at__gt=at
    ).exists()
