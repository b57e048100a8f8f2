"""What people call a loan, and staff the rows of its life: words and a day, not an id. Nobody's name is in it."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def loan_number(application_id: UUID) -> str:
    """Return what people call a loan by: letters that cannot be mixed up, made from its id."""
    number, letters = application_id.int & ((1 << 50) - 1), ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        letters = _LETTERS[digit] + letters
    return f"L-{letters[:5]}-{letters[5:]}"


def titled(*words: str, at: datetime) -> str:
    """Return words with the day, in the operator's time zone, of a moment."""
    return " · ".join([*words, date_format(timezone.localtime(at), "j F Y")])
