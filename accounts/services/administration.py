"""What the holder of the service key does with customers. Staff are not theirs: our own people are managed by us."""

import re
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.hashers import BCRYPT
from accounts.models import Customer, Notification, Profile, Session, User
from accounts.models.people import Role
from accounts.services import addresses, factors, sessions
from core.actors import acting_as_service
from core.errors import DomainError

ARGON2 = re.compile(
    r"\$argon2(?:id|i)\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}"
)
# The dearest argon2 hash that we are ready to check, in KiB, rounds and lanes.
DEAREST = (262_144, 16, 16)
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)")
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_BAN = timedelta(days=365 * 100)


class Unfit(DomainError):
    """A value that cannot be taken as it was given."""

    code = "validation_failed"


def customers() -> QuerySet[User]:
    return User.objects.filter(role=Role.USER)


def stored_hash(text: str) -> str:
    """A hash that another system made, as Django keeps it; raises Unfit."""
    if BCRYPT.fullmatch(text):
        return f"bcrypt${text}"
    found = ARGON2.fullmatch(text)
    if found and all(int(cost) <= most for cost, most in zip(found.groups(), DEAREST, strict=True)):
        return f"argon2{text}"
    raise Unfit(_("password_hash must be a bcrypt or argon2 hash"))


def ban_until(duration: str, *, at: datetime) -> datetime | None:
    """The end of a ban of `24h` or `1h30m` from now; None for `none`. Raises Unfit."""
    if duration == "none":
        return None
    parts = DURATION.findall(duration)
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if not parts or "".join(n + u for n, u in parts) != duration or seconds > LONGEST_BAN.total_seconds():
        raise Unfit(_("invalid format for ban duration: %(text)s") % {"text": duration[:40]})
    return at + timedelta(seconds=seconds)


def change(
    *,
    user: User,
    at: datetime,
    password: str | None = None,
    password_hash: str = "",
    email: str = "",
    confirm_email: bool = False,
    user_metadata: dict[str, Any] | None = None,
    app_metadata: dict[str, Any] | None = None,
    ban_duration: str = "",
) -> User:
    """Change what is given of a customer, all or none. A new password and a ban end every session.

    Raises Unfit, AddressTaken.
    """
    with acting_as_service(), transaction.atomic():
        user = customers().select_for_update(no_key=True).get(pk=user.pk)
        if password is not None:
            user.set_password(password)
        elif password_hash:
            user.password = stored_hash(password_hash)
        if password is not None or password_hash:
            sessions.end_all(user=user, reason=Session.Reason.PASSWORD_CHANGED, at=at)
        user.user_metadata = _merged(user.user_metadata, user_metadata)
        user.app_metadata = _merged(user.app_metadata, app_metadata)
        if ban_duration:
            user.banned_until = ban_until(ban_duration, at=at)
        if user.banned_until and user.banned_until > at:
            sessions.end_all(user=user, reason=Session.Reason.FROZEN, at=at)
        fields = ["password", "user_metadata", "app_metadata", "banned_until", "updated_at"]
        user.save(update_fields=fields)
        if email and email != user.email:
            addresses.change(user=user, email=email, at=at, verified=confirm_email)
        elif confirm_email and user.email_confirmed_at is None:
            addresses.confirm(user=user, at=at, chosen_password=True)
        given = {
            "password": password is not None or bool(password_hash),
            "email": bool(email),
            "user_metadata": user_metadata is not None,
            "app_metadata": app_metadata is not None,
            "ban": ban_duration,
        }
        changed = [name for name, is_given in given.items() if is_given]
        audit.record(action="accounts.user.changed_by_service", target=user, changed=changed)
    return user


def remove(*, user: User, at: datetime, keep: bool) -> bool:
    """Remove a customer and end their sessions; True when every row of theirs is gone.

    With `keep`, and wherever money or anything else was done in their name, they stay on the books, unable to sign in.
    """
    with acting_as_service():
        sessions.end_all(user=user, reason=Session.Reason.CLOSED, at=at)
        gone = not keep and _erased(user)
        if not gone:
            user.is_active, user.deleted_at = False, at
            user.set_unusable_password()
            user.save(update_fields=["is_active", "deleted_at", "password", "updated_at"])
            EmailAddress.objects.filter(user=user).update(verified=False)
        audit.record(action="accounts.user.removed", target=user, erased=gone)
    return gone


def remove_factor(*, user: User, factor: Authenticator) -> None:
    """Take a second factor from a customer who lost it, and with the last one the recovery codes.

    Sessions fall back to what is still proven: whoever found the factor is in none of them any higher.
    """
    with acting_as_service():
        factor_type, key = factor.type, factor.pk
        factor.delete()
        left = Authenticator.objects.filter(user=user)
        if not left.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            left.delete()
        factors.forget_proofs(user=user)
        audit.record(action="accounts.factor.removed_by_service", target=user, kind=factor_type, factor=key)


def _erased(user: User) -> bool:
    try:
        with transaction.atomic():
            for model in (Notification, Profile, Customer):
                model._default_manager.filter(user=user).delete()
            User.objects.get(pk=user.pk).delete()
    except (ProtectedError, RestrictedError, IntegrityError):
        return False
    return True


def _merged(old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    """The old facts with the new ones over them; a null takes one out."""
    return {name: value for name, value in {**old, **(new or {})}.items() if value is not None}
