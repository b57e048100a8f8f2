"""When somebody may be reached: nights, clocks that are changed, and the hour of the daily mail."""

from datetime import UTC, datetime, time

import pytest

from accounts import quiet
from accounts.models import NotificationSettings

LAGOS, LONDON, AUCKLAND = "Africa/Lagos", "Europe/London", "Pacific/Auckland"


def settings(since: str = "", until: str = "", zone: str = LAGOS, hour: int = 8) -> NotificationSettings:
    return NotificationSettings(
        quiet_from=time.fromisoformat(since) if since else None,
        quiet_until=time.fromisoformat(until) if until else None,
        zone=zone,
        digest_hour=hour,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "zone", "now", "then"),
    [
        # Over midnight: before, at the beginning, after midnight, the last moment, the end.
        ("22:00", "07:00", LAGOS, "2026-06-10T20:59:59", "2026-06-10T20:59:59"),
        ("22:00", "07:00", LAGOS, "2026-06-10T21:00:00", "2026-06-11T06:00:00"),
        ("22:00", "07:00", LAGOS, "2026-06-10T23:30:00", "2026-06-11T06:00:00"),
        ("22:00", "07:00", LAGOS, "2026-06-11T05:59:59", "2026-06-11T06:00:00"),
        ("22:00", "07:00", LAGOS, "2026-06-11T06:00:00", "2026-06-11T06:00:00"),
        # At noon.
        ("12:00", "14:00", LAGOS, "2026-06-10T10:59:00", "2026-06-10T10:59:00"),
        ("12:00", "14:00", LAGOS, "2026-06-10T11:30:00", "2026-06-10T13:00:00"),
        ("00:00", "06:00", LAGOS, "2026-06-10T23:00:00", "2026-06-11T05:00:00"),
        # The last night of the year, and another day on the other side of the world.
        ("22:00", "07:00", LAGOS, "2026-12-31T22:00:00", "2027-01-01T06:00:00"),
        ("22:00", "07:00", AUCKLAND, "2026-06-10T11:00:00", "2026-06-10T19:00:00"),
        # The night is an hour shorter, or longer, where clocks are changed.
        ("22:00", "07:00", LONDON, "2026-03-28T23:00:00", "2026-03-29T06:00:00"),
        ("22:00", "07:00", LONDON, "2026-10-24T22:00:00", "2026-10-25T07:00:00"),
        # They end at a time that the clocks leave out: at the hour after it.
        ("22:00", "01:30", LONDON, "2026-03-29T00:15:00", "2026-03-29T01:30:00"),
        # They end at a time that comes twice: the first time; the second time it is over.
        ("22:00", "01:30", LONDON, "2026-10-24T23:00:00", "2026-10-25T00:30:00"),
        ("22:00", "01:30", LONDON, "2026-10-25T01:15:00", "2026-10-25T01:15:00"),
    ],
)
def test_quiet_hours_end(since, until, zone, now, then):
    assert quiet.after_quiet_hours(settings(since, until, zone), at(now)) == at(then)


def test_without_quiet_hours_it_is_now():
    assert quiet.after_quiet_hours(settings(), at("2026-06-10T23:30:00")) == at("2026-06-10T23:30:00")


@pytest.mark.parametrize(
    ("zone", "hour", "now", "then"),
    [
        (LAGOS, 8, "2026-06-10T06:59:59", "2026-06-10T07:00:00"),
        (LAGOS, 8, "2026-06-10T07:00:00", "2026-06-11T07:00:00"),
        (LAGOS, 0, "2026-06-10T22:30:00", "2026-06-10T23:00:00"),
        (AUCKLAND, 8, "2026-06-10T19:30:00", "2026-06-10T20:00:00"),
        (LONDON, 8, "2026-03-28T09:00:00", "2026-03-29T07:00:00"),
        (LONDON, 1, "2026-03-28T09:00:00", "2026-03-29T01:00:00"),
    ],
)
def test_the_daily_mail_goes_out_next(zone, hour, now, then):
    assert quiet.next_digest(settings(zone=zone, hour=hour), at(now)) == at(then)
