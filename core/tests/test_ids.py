import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from core import ids


def test_a_hundred_thousand_ids_are_unique_and_rise() -> None:
    made = [ids.uuid7() for _ in range(100_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)


def test_an_id_says_version_7_and_the_rfc_variant() -> None:
    identifier = ids.uuid7()
    assert identifier.version == 7
    assert identifier.variant == "specified in RFC 4122"


def test_ids_rise_also_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.uuid7()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000)
    after = [ids.uuid7() for _ in range(1000)]
    assert [before, *after] == sorted({before, *after})


def test_a_full_counter_moves_on_to_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = ids._Sequence()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 5_000_000)
    sequence.step()
    sequence._counter = ids._COUNTER_LIMIT - 1
    assert sequence.step()[0] == 6


def test_threads_never_share_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    # Chance would hide a shared step: it is taken away here, and made slow, so that threads meet inside.
    def slow_zeros(count: int) -> bytes:
        time.sleep(0.0005)
        return bytes(count)

    monkeypatch.setattr(ids.os, "urandom", slow_zeros)
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [ids._sequence.step() for _ in range(2000)], range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({step for batch in batches for step in batch}) == 16_000


def test_a_forked_child_starts_its_own_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock stands still: only the counter can tell parent and child apart.
    now = time.time_ns()
    monkeypatch.setattr(ids.time, "time_ns", lambda: now)
    ids.uuid7()
    counter = ids._sequence._counter
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(ids._sequence.step()[1]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        theirs = int(pipe.read())
    assert abs(theirs - counter) > 1000


def test_a_child_forked_while_the_lock_is_held_is_not_stuck() -> None:
    with ids._sequence._lock:
        child = os.fork()
        if child == 0:
            ids.uuid7()
            os._exit(0)
    deadline = time.monotonic() + 10
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "the child waits for a lock nobody holds"
        time.sleep(0.01)


def test_a_bound_is_the_lowest_id_of_its_millisecond() -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    bound = ids.uuid7_at(moment)
    assert ids.timestamp_of(bound) == moment and bound.version == 7
    assert bound.int & ((1 << 76) - 1) == 2 << 62
    highest_before = UUID(
        int=ids.uuid7_at(moment - timedelta(milliseconds=1)).int | (1 << 62) - 1 | 0xFFF << 64
    )
    assert highest_before < bound


@pytest.fixture
def fresh_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test elsewhere that set the clock forward has left this process's ids ahead of it."""
    monkeypatch.setattr(ids, "_sequence", ids._Sequence())


def test_a_bound_lies_between_the_ids_made_before_and_after(fresh_sequence: None) -> None:
    before = ids.uuid7()
    time.sleep(0.003)
    bound = ids.uuid7_at(datetime.now(UTC))
    time.sleep(0.003)
    assert before < bound < ids.uuid7()


def test_a_bound_counts_the_time_zone_and_drops_microseconds() -> None:
    lagos = datetime(2026, 1, 1, 1, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert ids.uuid7_at(lagos) == ids.uuid7_at(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "moment", [datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), datetime(1969, 12, 31, tzinfo=UTC)]
)
def test_a_moment_without_zone_or_before_1970_has_no_bound(moment: datetime) -> None:
    with pytest.raises(ValueError):
        ids.uuid7_at(moment)


def test_an_id_gives_back_its_time(fresh_sequence: None) -> None:
    moment = datetime(2031, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
    assert ids.timestamp_of(ids.uuid7_at(moment)) == moment
    assert abs(ids.timestamp_of(ids.uuid7()) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("identifier", [uuid4(), UUID(int=(2**48 - 1) << 80 | 7 << 76 | 2 << 62)])
def test_an_id_without_a_usable_time_is_refused(identifier: UUID) -> None:
    with pytest.raises(ValueError):
        ids.timestamp_of(identifier)


def test_the_transactions_of_a_posting_are_numbered_below_it() -> None:
    posting = ids.posting_id()
    assert posting.int % 256 == 0 and posting.version == 7
    assert ids.nth(posting, 0) == posting
    numbered = [ids.nth(posting, n) for n in range(256)]
    assert numbered == sorted(set(numbered)) and all(each.version == 7 for each in numbered)
    assert ids.timestamp_of(numbered[-1]) == ids.timestamp_of(posting)


def test_postings_never_touch_each_others_numbers() -> None:
    postings = [ids.posting_id() for _ in range(20_000)]
    assert all(ids.nth(one, 255) < other for one, other in pairwise(postings))


@pytest.mark.parametrize("n", [-1, 256])
def test_a_posting_has_room_for_256_transactions(n: int) -> None:
    with pytest.raises(ValueError):
        ids.nth(ids.posting_id(), n)


def test_only_a_posting_has_numbered_transactions() -> None:
    with pytest.raises(ValueError):
        ids.nth(ids.nth(ids.posting_id(), 1), 1)


def test_base62_keeps_the_order_and_loses_nothing() -> None:
    made = [UUID(int=0), *[ids.uuid7() for _ in range(1000)], UUID(int=2**128 - 1)]
    texts = [ids.base62(each) for each in made]
    assert texts == sorted(texts) and len(set(texts)) == len(made)
    assert {len(text) for text in texts} == {22}
    assert (
        sum(62**place * ids.BASE62.index(letter) for place, letter in enumerate(texts[5][::-1]))
        == made[5].int
    )


def test_a_number_that_does_not_fit_is_refused() -> None:
    assert ids.base62_number(61, width=2) == "0z" and ids.base62_number(62, width=2) == "10"
    assert ids.base62_number(2**32 - 1, width=6) == "4gfFC3"
    with pytest.raises(OverflowError):
        ids.base62_number(62**2, width=2)
