"""One-time codes and links: mailed to an address, and used once to prove that somebody reads it.

Whoever uses one locks its person first, and so does whoever makes one: of twenty answers with the same code one is
right. A wrong answer counts against every code it could have meant; after five a code is dead.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import audit, code_letters
from accounts.models import OneTimeCode, User
from accounts.services import pkce
from core.actors import acting_as_service
from core.encryption import blind_index
from core.errors import DomainError

LIFE = timedelta(hours=1)
BETWEEN_MAILS = timedelta(seconds=60)
MAILS_AN_HOUR = 10
Purpose = OneTimeCode.Purpose

# Mails of one group count together: two kinds that an app asks for in one breath do not.
GROUPS: dict[str, tuple[str, ...]] = {
    "sign_up": (Purpose.SIGNUP,),
    "sign_in": (Purpose.MAGICLINK,),
    "recovery": (Purpose.RECOVERY,),
    "invite": (Purpose.INVITE,),
    "email_change": (Purpose.EMAIL_CHANGE_CURRENT, Purpose.EMAIL_CHANGE_NEW),
    "reauthentication": (Purpose.REAUTHENTICATION,),
}
# The word of a link and of `POST /verify` -> what it may use up.
TYPES: dict[str, tuple[str, ...]] = {
    "signup": (Purpose.SIGNUP,),
    "magiclink": (Purpose.MAGICLINK,),
    "recovery": (Purpose.RECOVERY,),
    "invite": (Purpose.INVITE,),
    "email_change": (Purpose.EMAIL_CHANGE_CURRENT, Purpose.EMAIL_CHANGE_NEW),
    "email": (Purpose.SIGNUP, Purpose.MAGICLINK, Purpose.RECOVERY, Purpose.INVITE),
}
STAMPS = {
    Purpose.SIGNUP: "confirmation_sent_at",
    Purpose.MAGICLINK: "recovery_sent_at",
    Purpose.RECOVERY: "recovery_sent_at",
    Purpose.INVITE: "invited_at",
    Purpose.EMAIL_CHANGE_CURRENT: "email_change_sent_at",
    Purpose.EMAIL_CHANGE_NEW: "email_change_sent_at",
    Purpose.REAUTHENTICATION: "reauthentication_sent_at",
}


class SentTooOften(DomainError):
    """`retry_after` is in seconds."""

    code = "over_email_send_rate_limit"
    kind = "limited"
    public = ("retry_after",)


class CodeRefused(DomainError):
    """The code was wrong, used, replaced, tried too often or too old: which of these is not told."""

    code = "otp_expired"
    kind = "forbidden"
    message = _("Token has expired or is invalid")


class LinkRefused(CodeRefused):
    message = _("Email link is invalid or has expired")


@dataclass(frozen=True)
class Made:
    """A new code, the only time that its secrets are known."""

    row: OneTimeCode
    code: str
    token: str

    @property
    def link(self) -> str:
        query = {"token": self.token, "type": type_of(self.row.purpose), "redirect_to": self.row.redirect_to}
        return f"{settings.SITE_URL}/auth/v1/verify?{urlencode(query)}"


def send_code(
    *,
    user: User,
    purpose: str,
    at: datetime,
    redirect_to: str = "",
    code_challenge: str = "",
    code_challenge_method: str = "",
    new_email: str = "",
) -> None:
    """Mail a person a code and a link, in place of those sent before for the same purpose.

    Raises SentTooOften, BadChallenge.
    """
    with acting_as_service():
        locked(user_ids=[user.pk])
        _refuse_floods(address_of(user, purpose, new_email), purpose, at)
        made = make_code(
            user=user,
            purpose=purpose,
            at=at,
            redirect_to=redirect_to,
            code_challenge=code_challenge,
            code_challenge_method=code_challenge_method,
            new_email=new_email,
            sent=True,
        )
        code_letters.post_code(
            purpose=purpose, email=made.row.email, code=made.code, link=made.link, new_email=new_email
        )
        audit.record(action="accounts.code.sent", target=made.row, purpose=purpose, person=str(user.pk))


def make_code(
    *,
    user: User,
    purpose: str,
    at: datetime,
    redirect_to: str = "",
    code_challenge: str = "",
    code_challenge_method: str = "",
    new_email: str = "",
    sent: bool = False,
) -> Made:
    """Make a code and a link, which end those made before for the same purpose; raises BadChallenge.

    A link that a challenge guards says so by its first letters, as clients expect.
    """
    challenge, method = pkce.checked(
        code_challenge=code_challenge, code_challenge_method=code_challenge_method
    )
    code, token = f"{secrets.randbelow(1_000_000):06}", secrets.token_urlsafe(32)
    token = f"pkce_{token}" if challenge else token
    with acting_as_service():
        locked(user_ids=[user.pk])
        OneTimeCode.objects.filter(user=user, purpose=purpose, expires_at__gt=at).update(expires_at=at)
        row = OneTimeCode(
            user=user,
            purpose=purpose,
            email=address_of(user, purpose, new_email),
            token_digest=_token_digest(token),
            created_at=at,
            sent_at=at if sent else None,
            expires_at=at + LIFE,
            redirect_to=redirect_to,
            new_email=new_email,
            code_challenge=challenge,
            code_challenge_method=method,
        )
        row.code_digest = _code_digest(row, code)
        row.save(force_insert=True)
        _stamp(user, purpose, new_email, at)
    return Made(row, code, token)


def use_code(*, email: str, code: str, kind: str, at: datetime) -> OneTimeCode:
    """Use up the code of this `kind` (see TYPES) that was mailed to an address.

    Raises CodeRefused, after the wrong answer was counted.
    """
    mailed = OneTimeCode.objects.filter(email=email, purpose__in=TYPES[kind]).open(at)
    with acting_as_service():
        locked(user_ids=list(mailed.values_list("user_id", flat=True)))
        row = _used_up(mailed, code, at)
    if row is None:
        raise CodeRefused
    return row


def use_link(*, token: str, kind: str, at: datetime) -> OneTimeCode:
    """Use up a link of this `kind`; raises LinkRefused."""
    with acting_as_service():
        row = find_link(token=token, kind=kind, at=at)
        locked(user_ids=[row.user_id])
        return _used(find_link(token=token, kind=kind, at=at), at)


def find_link(*, token: str, kind: str, at: datetime) -> OneTimeCode:
    """Return what a link stands for and change nothing; raises LinkRefused."""
    with acting_as_service():
        rows = OneTimeCode.objects.filter(token_digest=_token_digest(token), purpose__in=TYPES[kind])
        row = rows.open(at).select_related("user").first()
    if row is None or _moved(row):
        raise LinkRefused
    return row


def check_nonce(*, user: User, nonce: str, at: datetime) -> bool:
    """Whether this is the code that was mailed to confirm that it is them; it then is used up."""
    with acting_as_service():
        locked(user_ids=[user.pk])
        rows = OneTimeCode.objects.filter(user=user, purpose=Purpose.REAUTHENTICATION).open(at)
        return _used_up(rows, nonce, at) is not None


def type_of(purpose: str) -> str:
    """The word by which a link of this purpose names itself."""
    return "email_change" if purpose in TYPES["email_change"] else str(purpose)


def address_of(user: User, purpose: str, new_email: str) -> str:
    return new_email if purpose == Purpose.EMAIL_CHANGE_NEW else user.email


def locked(*, user_ids: Sequence[UUID]) -> list[User]:
    """Lock people until the transaction ends; in one order, so that two never wait for each other."""
    people = User.objects.filter(pk__in=user_ids).order_by("pk")
    return list(people.select_for_update(no_key=True))


def _used_up(rows: models.QuerySet[OneTimeCode], code: str, at: datetime) -> OneTimeCode | None:
    """The row whose code this is, now used; None where it is of none, with the attempt counted against each."""
    found = [row for row in rows.select_related("user") if not _moved(row)]
    for row in found:
        if hmac.compare_digest(row.code_digest, _code_digest(row, code)):
            return _used(row, at)
    tried = [row.pk for row in found]
    OneTimeCode.objects.filter(pk__in=tried).update(attempts=models.F("attempts") + 1)
    for row in found:
        audit.record(action="accounts.code.refused", target=row, purpose=row.purpose, person=str(row.user_id))
    return None


def _used(row: OneTimeCode, at: datetime) -> OneTimeCode:
    row.used_at = at
    row.save(update_fields=["used_at"])
    audit.record(action="accounts.code.used", target=row, actor_id=row.user_id, purpose=row.purpose)
    return row


def _moved(row: OneTimeCode) -> bool:
    """Whether the person's address is no longer the one that the code went to."""
    return row.purpose != Purpose.EMAIL_CHANGE_NEW and row.email != row.user.email


def _refuse_floods(email: str, purpose: str, at: datetime) -> None:
    mailed = OneTimeCode.objects.filter(email=email, sent_at__isnull=False)
    group = next(purposes for purposes in GROUPS.values() if purpose in purposes)
    same = mailed.filter(purpose__in=group, sent_at__gt=at - BETWEEN_MAILS).order_by("-sent_at").first()
    if same and same.sent_at:
        raise _too_often(same.sent_at + BETWEEN_MAILS - at)
    hour = mailed.filter(sent_at__gt=at - timedelta(hours=1)).order_by("-sent_at")
    enough = hour[MAILS_AN_HOUR - 1 : MAILS_AN_HOUR].first()
    if enough and enough.sent_at:
        raise _too_often(enough.sent_at + timedelta(hours=1) - at)


def _too_often(wait: timedelta) -> SentTooOften:
    seconds = max(1, int(wait.total_seconds()))
    words = _("For security purposes, you can only request this after %(seconds)d seconds.")
    return SentTooOften(words % {"seconds": seconds}, retry_after=seconds)


def _stamp(user: User, purpose: str, new_email: str, at: datetime) -> None:
    stamp = STAMPS[Purpose(purpose)]
    changes: dict[str, object] = {stamp: at, "updated_at": at}
    if new_email:
        changes["new_email"] = new_email
    User.objects.filter(pk=user.pk).update(**changes)
    for name, value in changes.items():
        setattr(user, name, value)


def _code_digest(row: OneTimeCode, code: str) -> str:
    return blind_index(f"{row.pk}:{code}", purpose="one-time-code")


def _token_digest(token: str) -> str:
    return blind_index(token, purpose="one-time-link")
