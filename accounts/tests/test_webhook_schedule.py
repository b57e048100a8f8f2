"""The published schedule, to the second, and what Retry-After may do to it."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.services.webhooks.schedule import JITTER, MOST_TRIES, PAUSES, next_try

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pause(tries: int, *, chance: float = 0.0, retry_after: str = "") -> float:
    again = next_try(tries=tries, at=AT, chance=chance, retry_after=retry_after)
    assert again is not None
    return (again - AT).total_seconds()


def test_ten_tries_in_about_three_days():
    seconds = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert [pause(tries) for tries in range(1, MOST_TRIES)] == seconds
    assert timedelta(days=3) < sum(PAUSES, timedelta(0)) < timedelta(days=3, hours=6)


def test_the_tenth_is_the_last():
    assert MOST_TRIES == 10
    assert next_try(tries=10, at=AT, chance=0.0) is None
    assert next_try(tries=11, at=AT, chance=0.0, retry_after="5") is None


@pytest.mark.parametrize("tries", range(1, 10))
def test_chance_adds_up_to_a_fifth_and_takes_nothing_away(tries: int):
    plain = pause(tries)
    assert pause(tries, chance=0.5) == pytest.approx(plain * 1.1)
    assert plain <= pause(tries, chance=0.999) < plain * (1 + JITTER)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("0", 5),
        ("3", 5),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600),
        ("Sun, 01 Mar 2026 12:10:00 -0000", 600),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 5),
        # A day at most.
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 400, 86_400),
        ("Sun, 01 Mar 2099 12:10:00 GMT", 86_400),
        # Nonsense is as nothing.
        ("-5", 5),
        ("1.5", 5),
        ("soon", 5),
        ("", 5),
        ("²", 5),
        ("Sun, 99 Mar 2026 12:10:00 GMT", 5),
        ("Sun, 01 Mar 99999 12:10:00 GMT", 5),
    ],
)
def test_retry_after_puts_the_next_try_off_and_never_brings_it_forward(asked: str, seconds: int):
    assert pause(1, retry_after=asked) == seconds
