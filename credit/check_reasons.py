"""Why a lender does not go on after its last check, in sentences that a borrower can act on. Pure.

A borrower is owed the reasons that really counted, each specific: "internal policy" and "the score was too low" are
none.
"""

from collections.abc import Sequence

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

MOST, SHORTEST, LONGEST = 4, 10, 200


class CheckReason(TextChoices):
    INCOME = "INCOME", _("Your income could not be confirmed")
    EMPLOYMENT = "EMPLOYMENT", _("Your employment or business could not be confirmed")
    IDENTITY = "IDENTITY", _("Your identity or address could not be confirmed")
    DEBTS = "DEBTS", _("The full credit search shows debts that your application did not")
    LATE = "LATE", _("The full credit search shows payments that are late or were missed")
    SEARCHES = "SEARCHES", _("The full credit search shows many other applications in a short time")
    CONDITION = "CONDITION", _("A condition of the offer was not met")
    OTHER = "OTHER", _("Another reason, in your words")


class ReasonsUnclear(DomainError):
    code = "credit_reasons_unclear"
    message = _("Give one to four reasons. Another reason takes 10 to 200 letters of your own.")


def sentences(reasons: Sequence[str], *, words: str = "") -> list[str]:
    """Return the reasons as sentences, in the order of the list. `words` are those of OTHER. Raises ReasonsUnclear."""
    chosen, words = set(reasons), words.strip()
    if not 1 <= len(chosen) <= MOST or not chosen <= set(CheckReason.values):
        raise ReasonsUnclear
    if CheckReason.OTHER in chosen and not SHORTEST <= len(words) <= LONGEST:
        raise ReasonsUnclear
    named = [reason for reason in CheckReason if reason in chosen]
    return [words if reason == CheckReason.OTHER else str(reason.label) for reason in named]
