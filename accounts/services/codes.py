"""One-time codes mailed to an address."""

import secrets
from datetime import datetime

from django.db import transaction

from accounts import tasks
from accounts.models import User


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
    """Mail a person a code."""
    to = new_email if purpose == "email_change_new" else user.email
    letter = {"subject": purpose, "text": f"{secrets.randbelow(1_000_000):06}", "html": "", "to": [to]}
    changes: dict[str, object] = {}
    if new_email:
        changes = {"new_email": new_email, "email_change_sent_at": at}
    if purpose == "signup":
        changes = {"confirmation_sent_at": at}
    User.objects.filter(pk=user.pk).update(**changes)
    for name, value in changes.items():
        setattr(user, name, value)
    transaction.on_commit(lambda: tasks.send_mail.delay(**letter), robust=True)


def check_nonce(*, user: User, nonce: str, at: datetime) -> bool:
    """Whether this is the code that was mailed to confirm that it is them."""
    return False
