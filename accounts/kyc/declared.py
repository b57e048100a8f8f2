"""What may stand in an application: names, dates of birth, places and numbers, as people write them.

Each function returns the one form in which a thing is kept, or raises NotDeclarable with words for its field.
"""

import re
import unicodedata
from datetime import date

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from core.errors import DomainError

ADULT, OLDEST = 18, 120  # years
IDENTITY_DIGITS, ACCOUNT_DIGITS = 11, 10
_BETWEEN = " -'’."
# A cell of a spreadsheet that begins so is a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What people put between the digits of a number that they copy.
_GAPS = re.compile(r"[\s\-]")


class NotDeclarable(DomainError):
    """`data["field"]` names what is wrong."""

    code = "kyc_not_declarable"
    public = ("field",)


def name(text: str, *, field: str) -> str:
    """A name in any script: letters, and what stands between them. No digits, nothing that a spreadsheet would run."""
    found = unicodedata.normalize("NFC", " ".join(text.split()))
    if not found:
        return ""
    if len(found) > 60:
        raise NotDeclarable(_("Write it in 60 letters or fewer."), field=field)
    if not all(_is_letter(letter) or letter in _BETWEEN for letter in found):
        raise NotDeclarable(_("A name has letters, spaces, hyphens and apostrophes only."), field=field)
    if unicodedata.category(found[0])[0] != "L":
        raise NotDeclarable(_("A name begins with a letter."), field=field)
    return found


def place(text: str, *, field: str, longest: int) -> str:
    """A line of an address: digits and signs too, nothing invisible, nothing that a spreadsheet would run."""
    found = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(found) > longest:
        raise NotDeclarable(_("This is too long."), field=field)
    if any(unicodedata.category(letter)[0] == "C" for letter in found):
        raise NotDeclarable(_("This has invisible characters."), field=field)
    if not any(unicodedata.category(letter)[0] == "L" for letter in found):
        raise NotDeclarable(_("Write it in words."), field=field)
    if found.startswith(_FORMULA):
        raise NotDeclarable(_("Begin with a letter or a digit."), field=field)
    return found


@sensitive_variables()
def digits(text: str, *, count: int, field: str) -> str:
    """A number of so many digits; spaces and hyphens between them are left out."""
    found = _GAPS.sub("", text)
    if not re.fullmatch(rf"[0-9]{{{count}}}", found, re.ASCII):
        raise NotDeclarable(_("This number has %(count)d digits.") % {"count": count}, field=field)
    return found


def birth(born: date, *, today: date) -> date:
    """A date of birth of somebody who is of age on this day, and may be alive."""
    if born > today:
        raise NotDeclarable(_("This day has not come yet."), field="date_of_birth")
    years = age(born, today=today)
    if years < ADULT:
        raise NotDeclarable(_("You must be at least 18 years old."), field="date_of_birth")
    if years > OLDEST:
        raise NotDeclarable(_("Check the year."), field="date_of_birth")
    return born


def age(born: date, *, today: date) -> int:
    """Whole years. Who was born on 29 February is a year older on 1 March where there is no 29th."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM"
