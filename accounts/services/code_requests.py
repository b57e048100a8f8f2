"""Codes that anybody may ask for by an address. Done by the worker, so that whoever asks waits for nothing that tells
whether somebody has the address: the request itself does not look."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.services import addresses, codes
from accounts.services.codes import Purpose
from accounts.services.people import EmailTaken
from accounts.services.sign_up import join
from core.actors import acting_as_service

LOG_IN, RECOVER, SIGN_UP, CHANGE = "log_in", "recover", "sign_up", "email_change"


def answer(
    *,
    kind: str,
    email: str,
    at: datetime,
    asked: dict[str, str],
    newcomer: dict[str, Any] | None = None,
) -> None:
    """Mail the code that was asked for, if somebody has the address and may come in; nobody hears of anything else.

    `asked` is where the link leads back to and what guards it. `newcomer` (`display_name`, `metadata`) is who gets an
    account by asking to log in.
    """
    with acting_as_service():
        user = User.objects.filter(email=email).first()
        if user is None and newcomer is not None and not addresses.is_taken(email=email):
            with suppress(EmailTaken):
                user = join(email=email, **newcomer)
        if user is None or user.is_barred(at):
            return
        for purpose in _purposes(kind, user):
            with suppress(codes.SentTooOften):
                new_email = user.new_email if kind == CHANGE else ""
                codes.send_code(user=user, purpose=purpose, at=at, new_email=new_email, **asked)


def _purposes(kind: str, user: User) -> list[str]:
    """What is mailed to this person for a request of this kind."""
    confirmed = user.email_confirmed_at is not None
    if kind == LOG_IN:
        return [Purpose.MAGICLINK]
    if kind == RECOVER:
        return [Purpose.RECOVERY]
    if kind == SIGN_UP:
        return [] if confirmed else [Purpose.SIGNUP]
    if not user.new_email:
        return []
    return [*([Purpose.EMAIL_CHANGE_CURRENT] if confirmed else []), Purpose.EMAIL_CHANGE_NEW]
