"""How late a loan is, and what that makes of it: days overdue, bucket, stage, and the loss to expect. Pure.

`credit/sql/closing.sql` says the same of many loans at once; a test holds both to the same figures. Amounts are minor
units (kobo).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
# IFRS 9: a loan more than 30 days late has become riskier, one 90 days late is impaired.
RISKIER, IMPAIRED = 31, 90
# So many days with nothing overdue, and it is a stage better.
CURE = 90

Pause = tuple[date, date]  # its first day, and the first after it


class Bucket(TextChoices):
    CURRENT = "CURRENT", _("On time")
    DAYS_1_30 = "DAYS_1_30", _("1 to 30 days late")
    DAYS_31_60 = "DAYS_31_60", _("31 to 60 days late")
    DAYS_61_90 = "DAYS_61_90", _("61 to 90 days late")
    DAYS_OVER_90 = "DAYS_OVER_90", _("More than 90 days late")


@dataclass(frozen=True)
class Lateness:
    """Where a loan stands by the close of a day. `cured_since` is set while it waits to be a stage better."""

    days: int = 0
    bucket: Bucket = Bucket.CURRENT
    stage: int = 1
    cured_since: date | None = None


def late_by(was: Lateness, *, day: date, due_since: date | None, pauses: Iterable[Pause] = ()) -> Lateness:
    """Return how late a loan is when a day closes, of which the oldest unpaid instalment was due on `due_since`."""
    days = days_late(due_since, day=day, pauses=pauses)
    is_late = due_since is not None and due_since < day
    stage = max(was.stage, stage_of(days))
    if is_late or stage == 1:
        return Lateness(days, bucket_of(days), stage)
    cured = was.cured_since or day
    if (day - cured).days < CURE:
        return Lateness(days, bucket_of(days), stage, cured)
    return Lateness(days, bucket_of(days), stage - 1, day if stage > 2 else None)


def days_late(due_since: date | None, *, day: date, pauses: Iterable[Pause] = ()) -> int:
    """Count the days after a due day up to and with this one, without those in a pause. None was never due."""
    if due_since is None or due_since >= day:
        return 0
    paused = set[date]()
    for since, until in pauses:
        first, last = max(since, due_since + DAY), min(until - DAY, day)
        paused.update(first + n * DAY for n in range((last - first).days + 1))
    return (day - due_since).days - len(paused)


def bucket_of(days: int) -> Bucket:
    for most, bucket in ((0, Bucket.CURRENT), (30, Bucket.DAYS_1_30), (60, Bucket.DAYS_31_60)):
        if days <= most:
            return bucket
    return Bucket.DAYS_61_90 if days <= 90 else Bucket.DAYS_OVER_90


def stage_of(days: int) -> int:
    """Return the stage that so many days late make a loan, were it in none before."""
    return 3 if days >= IMPAIRED else 2 if days >= RISKIER else 1


def allowance(*, exposed: int, default: Decimal, loss: Decimal) -> int:
    """Return the loss to expect of what is owed (kobo, rounded up): how likely it is, and how much is lost then.

    Both are percent.
    """
    return int((exposed * default * loss / 10_000).to_integral_value(ROUND_CEILING))
