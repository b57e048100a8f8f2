"""Identifiers: version 7 UUIDs (RFC 9562), whose order is the order in which they were made.

Layout, from the high end: 48 bits of Unix milliseconds, 4 of version, 42 of counter (broken by 2 of variant),
32 of chance. The counter starts at a random place each millisecond and steps by one within it, so ids of one
process always rise, also when the clock is set back. A posting's id keeps its low 8 bits zero: they number
its transactions.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

TRANSACTIONS_PER_POSTING = 256

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
_COUNTER_LIMIT = 1 << 42
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class _Sequence:
    """The last (millisecond, counter) this process has used."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start anew: a forked child must neither continue its parent's counter nor wait for its lock."""
        self._lock = threading.Lock()
        self._ms = 0
        self._counter = 0

    def step(self) -> tuple[int, int]:
        now = time.time_ns() // 1_000_000
        with self._lock:
            self._counter += 1
            if now > self._ms or self._counter == _COUNTER_LIMIT:
                self._ms = max(now, self._ms + 1)
                # The top bit starts at zero: 2^41 ids fit before the counter runs into the next millisecond.
                self._counter = int.from_bytes(os.urandom(6)) >> 7
            return self._ms, self._counter


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.restart)


def uuid7() -> UUID:
    """Return a new id, greater than every id this process has made before."""
    ms, counter = _sequence.step()
    high, low = divmod(counter, 1 << 30)
    tail = int.from_bytes(os.urandom(4))
    return UUID(int=(ms << 80) | _VERSION_AND_VARIANT | (high << 64) | (low << 32) | tail)


def posting_id() -> UUID:
    """Return a new id for a posting, with room below it for the ids of its transactions."""
    return UUID(int=uuid7().int & ~(TRANSACTIONS_PER_POSTING - 1))


def posting_id_of(identifier: UUID) -> UUID:
    """Return the posting's id that stands for a version 7 id, such as a form's: the same for the same."""
    return UUID(int=identifier.int & ~(TRANSACTIONS_PER_POSTING - 1))


def nth(posting_id: UUID, n: int) -> UUID:
    """Return the id of a posting's transaction number `n`, counted from 0.

    Raises ValueError when `n` is out of range or the id is not one that `posting_id()` made.
    """
    if posting_id.int % TRANSACTIONS_PER_POSTING:
        raise ValueError("not the id of a posting: its low 8 bits are in use")
    if not 0 <= n < TRANSACTIONS_PER_POSTING:
        raise ValueError(f"a posting has room for {TRANSACTIONS_PER_POSTING} transactions")
    return UUID(int=posting_id.int + n) if n else posting_id


def uuid7_at(moment: datetime) -> UUID:
    """Return the lowest id of the millisecond that holds `moment`: the bound of a partition.

    Raises ValueError for a datetime without time zone or before 1970.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    if moment < _EPOCH:
        raise ValueError("ids begin in 1970")
    ms = (moment - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=(ms << 80) | _VERSION_AND_VARIANT)


def timestamp_of(identifier: UUID) -> datetime:
    """Return when an id was made, in UTC to the millisecond.

    Raises ValueError for an id that is not version 7 or lies beyond the year 9999.
    """
    if identifier.version != 7:
        raise ValueError("only version 7 ids carry a time")
    try:
        return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
    except OverflowError:
        raise ValueError("the time in this id is beyond the year 9999") from None


def base62(identifier: UUID) -> str:
    """Return an id as 22 letters and digits, which sort as the ids do."""
    return base62_number(identifier.int, width=22)


def base62_number(number: int, *, width: int) -> str:
    """Return a number as `width` letters and digits. Raises OverflowError where it needs more."""
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    if number:
        raise OverflowError(f"the number needs more than {width} digits")
    return "".join(reversed(digits))
