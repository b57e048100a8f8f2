"""When somebody may be reached: pure arithmetic on their settings. Times of day are theirs, moments are of any zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import NotificationSettings

DAY = timedelta(days=1)


def after_quiet_hours(settings: NotificationSettings, at: datetime) -> datetime:
    """Return `at`, or when the quiet hours end that it falls into."""
    since, until = settings.quiet_from, settings.quiet_until
    if since is None or until is None:
        return at
    local = at.astimezone(ZoneInfo(settings.zone))
    now = local.time()
    over_midnight = since > until
    is_quiet = (now >= since or now < until) if over_midnight else since <= now < until
    if not is_quiet:
        return at
    day = local.date() + DAY if over_midnight and now >= since else local.date()
    # An hour that the clocks repeat ends them the first time; one that they leave out is the one after it.
    return max(at, _moment(datetime.combine(day, until), settings.zone))


def next_digest(settings: NotificationSettings, at: datetime) -> datetime:
    """Return the first moment after `at` at which a daily mail goes out."""
    local = at.astimezone(ZoneInfo(settings.zone))
    hour = time(settings.digest_hour)
    today = _moment(datetime.combine(local.date(), hour), settings.zone)
    return today if today > at else _moment(datetime.combine(local.date() + DAY, hour), settings.zone)


def _moment(naive: datetime, zone: str) -> datetime:
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
