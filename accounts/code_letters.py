"""The mails of `/auth/v1`: a code with a link, and word of an address that was changed. They leave after commit."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import letters
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
    letter = LETTERS[Purpose(purpose)]
    letters.send(
        template="wire/email/code",
        to=email,
        letter=letter,
        code=code,
        link=link if letter.button else "",
        new_email=new_email if purpose == Purpose.EMAIL_CHANGE_CURRENT else "",
    )


def post_address_changed(*, old: str, new: str) -> None:
    """Tell both addresses of the change."""
    for email in dict.fromkeys([old, new]):
        letters.send(template="wire/email/address_changed", to=email, from_email=old, to_email=new)
