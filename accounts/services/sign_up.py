"""Coming in through an app: with a password, also where the address is known already, or without one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Profile, User
from accounts.models.people import Role
from accounts.services import referrals
from accounts.services.people import REFERRAL_CODE, EmailTaken, register
from core.actors import acting_as_service

# What others see of somebody who gave no name. Nothing of the address: that is nobody's business.
NAMELESS = _("Saver")


def sign_up(
    *, email: str, password: str, display_name: str, metadata: dict[str, Any], at: datetime
) -> User | None:
    """Make a person who has yet to confirm their address; None when that has an account.

    Whoever signed up before and never confirmed may have been somebody else: the last sign-up's password and name hold,
    so that nobody can wait with a password of theirs in an account that its owner will confirm.
    """
    user = User(email=email)
    user.set_password(password)
    user.user_metadata = {**metadata, **identity_facts(user)}
    with acting_as_service():
        if EmailAddress.objects.filter(email=email, verified=True).exists():
            return None
        try:
            return _new(user, display_name)
        except EmailTaken:
            return _again(user, display_name, at)


def join(
    *,
    email: str,
    display_name: str,
    metadata: dict[str, Any],
    by_service: bool = False,
    id: UUID | None = None,
) -> User:
    """Make a person without a password who has yet to confirm their address; raises EmailTaken.

    Those who join by themselves find their address in `user_metadata` too, where clients look for it.
    """
    user = User(email=email, user_metadata=dict(metadata), **({"id": id} if id else {}))
    user.set_unusable_password()
    if not by_service:
        user.user_metadata.update(identity_facts(user))
    with acting_as_service():
        return _new(user, display_name)


def identity_facts(user: User) -> dict[str, Any]:
    """What `user_metadata` repeats of the e-mail identity; nobody sets these themselves."""
    return {
        "sub": str(user.id),
        "email": user.email,
        "email_verified": user.email_confirmed_at is not None,
        "phone_verified": False,
    }


def _new(user: User, display_name: str) -> User:
    register(user=user, display_name=display_name)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    return user


def _again(draft: User, display_name: str, at: datetime) -> User | None:
    user = User.objects.select_for_update().filter(email=draft.email).first()
    if user is None or not _never_used(user):
        return None
    user.password = draft.password
    user.user_metadata = {**draft.user_metadata, "sub": str(user.id)}
    user.save(update_fields=["password", "user_metadata", "updated_at"])
    Profile.objects.filter(user=user).update(display_name=display_name)
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    referrals.leave(user=user, at=at)
    code = str(user.user_metadata.get(REFERRAL_CODE) or "")
    if code:
        referrals.attach(user=user, display_name=display_name, code=code, at=at)
    audit.record(action="accounts.user.registered_again", target=user, actor_id=user.id)
    # The answer is the one that a new person gets.
    user.created_at = user.updated_at = at
    return user


def _never_used(user: User) -> bool:
    """Whether nobody has ever come in by this account: never confirmed, no linked account, no role, not closed."""
    return (
        user.role == Role.USER
        and not user.is_superuser
        and user.is_active
        and user.deleted_at is None
        and user.email_confirmed_at is None
        and user.last_login is None
        and not user.socialaccount_set.exists()  # type: ignore[attr-defined]
    )
