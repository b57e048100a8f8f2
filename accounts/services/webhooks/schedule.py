"""When a delivery is tried again. The pauses are published (docs/webhooks.md): about three days in ten tries."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_TRIES = len(PAUSES) + 1
# At most so much is added to a pause, so that what failed together does not come back together.
JITTER = 0.2
LONGEST_WAIT = timedelta(hours=24)


def next_try(*, tries: int, at: datetime, chance: float, retry_after: str = "") -> datetime | None:
    """Return when to try again after this many tries, or None when that was the last.

    `chance` is from 0 up to 1. The receiver's Retry-After puts the try off by up to a day, and never brings it forward.
    """
    if tries >= MOST_TRIES:
        return None
    wait = PAUSES[tries - 1] * (1 + JITTER * chance)
    return at + max(wait, min(_asked_for(retry_after, at), LONGEST_WAIT))


def _asked_for(retry_after: str, at: datetime) -> timedelta:
    """What Retry-After means: a number of seconds, or a moment. Nothing, where it is neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return timedelta(seconds=min(int(retry_after[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return timedelta(0)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at
