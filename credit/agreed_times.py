"""Until when an accepted offer may be signed, and a signed one be cancelled. Pure.

Sources: CBN, Guidelines on disclosure: at least two working days to read the draft of an agreement; three working days
to cool off. Days are Lagos', working days those of `core/workdays.py`.
"""

from datetime import datetime, time

from django.utils import timezone

from core.workdays import after

TO_SIGN = 3


def sign_by(accepted_at: datetime) -> datetime:
    """Return the moment from which an offer that was accepted can no longer be signed."""
    return _begins(accepted_at, TO_SIGN)


def cooling_off_until(signed_at: datetime, days: int) -> datetime:
    """Return the moment from which a contract can no longer be cancelled: after so many whole working days."""
    return _begins(signed_at, days)


def _begins(moment: datetime, working_days: int) -> datetime:
    day = after(timezone.localdate(moment), working_days)
    return timezone.make_aware(datetime.combine(day, time.min))
