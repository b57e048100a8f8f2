"""Codes that customers give to friends, and what a stranger learns by one: a name, or that it is no longer valid."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, ReferralCode, User
from accounts.models.referrals import ALPHABET, CODE_LENGTH
from core.actors import acting_as_service
from core.api.ratelimit import count
from core.errors import DomainError

# Of 10^12 codes one address tries so many: to find one of a million customers' takes it centuries.
LOOKUPS = "30/10minutes"
# What people type for a letter or digit that no code has.
LOOK_ALIKES = str.maketrans({" ": None, "-": None})
TRIES = 5


class CodeNotFound(DomainError):
    code = "referral_code_not_found"
    kind = "not_found"
    message = _("There is no such invitation code. Check its 8 letters and digits.")


class CodeNoLongerValid(DomainError):
    code = "referral_code_no_longer_valid"
    kind = "conflict"
    message = _("This invitation code is no longer valid.")


class TooManyCodes(DomainError):
    """`data["retry_after"]` says in how many seconds the next try is free."""

    code = "too_many_referral_codes"
    kind = "limited"
    message = _("Too many codes were tried from here. Wait a few minutes, then try again.")
    public = ("retry_after",)


@dataclass(frozen=True)
class Inviter:
    """As much of whoever a code belongs to as a stranger may know, and who it is, for our own use."""

    user_id: UUID
    code: str
    display_name: str


def code_of(*, user: User, at: datetime) -> ReferralCode:
    """Return a customer's code, made when there is none."""
    with acting_as_service():
        found = ReferralCode.objects.filter(pk=user.pk).first()
        for _try in range(TRIES):
            if found:
                break
            try:
                with transaction.atomic():
                    ReferralCode.objects.create(user=user, code=_new_code(), created_at=at)
            except IntegrityError:
                pass  # another request made it, or chance gave somebody else's
            found = ReferralCode.objects.filter(pk=user.pk).first()
    if found is None:
        raise RuntimeError("no free referral code was found")
    return found


def inviter_of(*, text: str) -> Inviter:
    """Return whose a code is, however it was typed. Raises CodeNotFound, CodeNoLongerValid."""
    wanted = text.upper().translate(LOOK_ALIKES)
    if len(wanted) != CODE_LENGTH or not set(wanted) <= set(ALPHABET):
        raise CodeNotFound
    with acting_as_service():
        found = (
            ReferralCode.objects.filter(code=wanted)
            .values_list(
                "user_id", "code", "user__profile__display_name", "user__customer__status", "user__is_active"
            )
            .first()
        )
    if found is None:
        raise CodeNotFound
    user_id, code, name, status, is_active = found
    if status != Customer.Status.ACTIVE or not is_active:
        raise CodeNoLongerValid
    return Inviter(user_id, code, name or "")


def count_lookup(*, caller: str | None) -> None:
    """Count one look-up of a code by an address. Raises TooManyCodes. Counts nothing while Valkey is away."""
    hit = count("referral", LOOKUPS, f"ip:{caller}")
    if hit is not None and not hit.allowed:
        raise TooManyCodes(retry_after=hit.resets_in)


def count_visit(*, code: str) -> None:
    """Count a browser that followed somebody's link for the first time."""
    with acting_as_service():
        ReferralCode.objects.filter(code=code).update(visits=F("visits") + 1)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
