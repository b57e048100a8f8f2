"""What a password must be like, and changing it."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.services import security
from core.actors import acting_as_service
from core.errors import DomainError

# More than this an imported hash could not hold, and nobody types.
MOST_BYTES = 72
# The validators' words for what is wrong -> those that clients of `/auth/v1` know.
REASONS = {
    "password_too_short": "length",
    "password_too_common": "pwned",
    "password_too_similar": "characters",
    "password_entirely_numeric": "characters",
}


class WeakPassword(DomainError):
    """`data["reasons"]`: any of `length`, `characters` and `pwned`."""

    code = "weak_password"
    message = _("This password is too easy to guess.")


class PasswordTooLong(DomainError):
    code = "validation_failed"
    message = _("Password cannot be longer than 72 characters")


class SamePassword(DomainError):
    code = "same_password"
    message = _("New password should be different from the old password.")


def check_strength(*, password: str, user: User) -> None:
    """Judge a password by the same rules as our pages; raises PasswordTooLong, WeakPassword."""
    if len(password.encode()) > MOST_BYTES:
        raise PasswordTooLong
    try:
        validate_password(password, user)
    except ValidationError as errors:
        found = list(errors.error_list)
        reasons = list(dict.fromkeys(REASONS.get(str(error.code), "characters") for error in found))
        raise WeakPassword(" ".join(_words(error) for error in found), reasons=reasons) from None


def change(*, user: User, password: str, keep: UUID | None, at: datetime, by_mail: bool = False) -> None:
    """Give a person a new password and end every session but `keep`; raises SamePassword and as `check_strength`.

    `by_mail`: they came by a link or code that only the owner of the address could have.
    """
    check_strength(password=password, user=user)
    if user.has_usable_password() and user.check_password(password):
        raise SamePassword
    with acting_as_service():
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        security.password_replaced(user=user, at=at, by_mail=by_mail, keep=keep)
        audit.record(action="accounts.password.changed", target=user, actor_id=user.id)


def _words(error: ValidationError) -> str:
    if error.code == "password_too_short":
        return f"Password should be at least {(error.params or {})['min_length']} characters."
    return " ".join(error.messages)
