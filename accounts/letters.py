"""The mails of `/auth/v1`: a code with a link, and word of an address that was changed. They leave after commit."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import tasks
from accounts.models import OneTimeCode

Words = str | Promise
Purpose = OneTimeCode.Purpose
UNASKED = _("If you did not ask for this, ignore this mail: nothing happens without you.")


@dataclass(frozen=True)
class Letter:
    """What a mail says; without a button it has no link."""

    subject: Words
    lead: Words
    button: Words
    unasked: Words = UNASKED


LETTERS = {
    Purpose.SIGNUP: Letter(
        _("Confirm your e-mail address"),
        _("Welcome to Alajo. Type this code into the app, or press the button, to confirm your address."),
        _("Confirm my address"),
    ),
    Purpose.MAGICLINK: Letter(
        _("Log in to Alajo"),
        _("Type this code into the app to log in, or press the button."),
        _("Log in"),
        _("If you are not logging in, ignore this mail, and give the code to nobody."),
    ),
    Purpose.RECOVERY: Letter(
        _("Choose a new password"),
        _("Type this code into the app, or press the button. You can then choose a new password."),
        _("Choose a new password"),
        _("If it was not you, ignore this mail: your password stays as it is."),
    ),
    Purpose.INVITE: Letter(
        _("You are invited to Alajo"),
        _("Somebody made an account for you. Type this code into the app, or press the button, to open it."),
        _("Accept the invitation"),
        _("If you expected no invitation, ignore this mail."),
    ),
    Purpose.EMAIL_CHANGE_CURRENT: Letter(
        _("Confirm the change of your e-mail address"),
        _("You asked to change your address to the one below. Both addresses have to agree to it."),
        _("Change my address"),
        _("If it was not you, do not confirm it: somebody may be in your account. Change your password now."),
    ),
    Purpose.EMAIL_CHANGE_NEW: Letter(
        _("Confirm your new e-mail address"),
        _("Type this code into the app, or press the button, to use this address with your account."),
        _("Use this address"),
    ),
    Purpose.REAUTHENTICATION: Letter(
        _("Your confirmation code"),
        _("Type this code into the app to confirm that it is you."),
        "",
        _("If it was not you, somebody may be in your account. Change your password now."),
    ),
}


def post_code(*, purpose: str, email: str, code: str, link: str, new_email: str = "") -> None:
    """Mail a code and its link."""
    _post(email, _code_letter(purpose, code, link, new_email))


def post_nothing(*, purpose: str) -> None:
    """Write a letter to nobody: an address we do not know takes as long to answer as one we do."""
    _code_letter(purpose, "000000", "https://alajo.test/", "")


def post_address_changed(*, old: str, new: str) -> None:
    """Tell both addresses of the change."""
    facts = {"from_email": old, "to_email": new}
    for email in dict.fromkeys([old, new]):
        _post(email, _rendered("wire/email/address_changed", _("Your e-mail address was changed"), facts))


def _code_letter(purpose: str, code: str, link: str, new_email: str) -> dict[str, str]:
    letter = LETTERS[Purpose(purpose)]
    shown = new_email if purpose == Purpose.EMAIL_CHANGE_CURRENT else ""
    facts = {"letter": letter, "code": code, "link": link if letter.button else "", "new_email": shown}
    return _rendered("wire/email/code", letter.subject, facts)


def _rendered(template: str, subject: Words, facts: dict[str, Any]) -> dict[str, str]:
    facts = {"subject": subject, **facts}
    return {
        "subject": str(subject),
        "text": render_to_string(f"{template}_message.txt", facts),
        "html": render_to_string(f"{template}_message.html", facts),
    }


def _post(email: str, rendered: dict[str, str]) -> None:
    transaction.on_commit(lambda: tasks.send_mail.delay(**rendered, to=[email]), robust=True)
