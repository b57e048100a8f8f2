"""The dispatcher: numbers what has committed, and hands it to sockets and consumers. `manage.py dispatch` runs it.

It looks when the doorbell rings, and by itself twice a second. Any number may run: the database lets one of them do
each piece of work. It keeps nothing that a crash could lose.

- The main thread numbers, and tells the web processes over the channel layer. What they miss they read themselves.
- Each source has a thread that writes what happened elsewhere (in the books) into the outbox.
- Each consumer has a thread that hands it what it has not had: one that fails holds up no other.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from django.utils.module_loading import import_string

from realtime import doorbell
from realtime.services import consuming, outbox

GROUP = "outbox"
# Seconds between two looks without the doorbell, and after a failure.
LOOK_EVERY, AFTER_A_FAILURE = 0.5, 1.0
AT_ONCE = 5_000
# Seconds from one turn to the next while there is much to do: who looks again at once is called for a handful of
# messages, and what a call costs by itself is more than they do.
PACE, PACE_OF_NUMBERING = 0.1, 0.005
# What one word over the channel layer holds.
LARGEST_BATCH, LARGEST_BATCH_BYTES = 200, 1024 * 1024

logger = logging.getLogger(__name__)


class Dispatcher:
    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._sources = [
            _Hand(path, self._stopped, import_string(path)) for path in settings.REALTIME_SOURCES
        ]
        self._consumers = [
            _Hand(name, self._stopped, partial(_hand_over, name)) for name in settings.REALTIME_CONSUMERS
        ]
        self._voice = Voice()

    def run(self) -> None:
        """Work until `stop` is called."""
        hands = [*self._sources, *self._consumers]
        for hand in hands:
            hand.thread.start()
        ear = _Ear()
        while not self._stopped.is_set():
            started = time.monotonic()
            while self._attempt():
                _wake(self._consumers)
                started = _rested(started, PACE_OF_NUMBERING)
            if doorbell.SOURCES in ear.wait():
                _wake(self._sources)
        _wake(hands)
        for hand in hands:
            hand.thread.join()
        connections.close_all()

    def stop(self) -> None:
        self._stopped.set()

    def number(self) -> int:
        """Number what is new and tell the web processes; return how many messages."""
        placed = outbox.sequence(limit=AT_ONCE)
        if placed:
            self._voice.tell(placed)
        return len(placed)

    def _attempt(self) -> bool:
        if self._stopped.is_set():
            return False
        try:
            return self.number() > 0
        except Exception:
            _recover("numbering")
            return False


class Voice:
    """Tells web processes over the channel layer, in batches that a word can hold."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._failed = False

    def tell(self, placed: list[outbox.Placed]) -> None:
        """Never fails: whom a word does not reach looks in the database within a second."""
        try:
            for batch in batches(placed):
                self._loop.run_until_complete(_send({"type": "outbox", "messages": batch}))
            self._failed = False
        except (redis.RedisError, OSError) as error:
            if not self._failed:
                logger.warning("web processes were not told, they look by themselves: %s", error)
            self._failed = True


def batches(placed: list[outbox.Placed]) -> Iterator[list[list[Any]]]:
    """Cut messages, packed, into batches of bounded number and size, in their order."""
    batch: list[list[Any]] = []
    size = 0
    for message in placed:
        length = len(message.payload or message.binary_payload or "")
        if batch and (len(batch) == LARGEST_BATCH or size + length > LARGEST_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message.packed())
        size += length
    if batch:
        yield batch


async def _send(message: dict[str, Any]) -> None:
    await get_channel_layer().group_send(GROUP, message)


class _Hand:
    """A thread that works when it is woken, and by itself now and then, until there is nothing left to do."""

    def __init__(self, name: str, stopped: threading.Event, work: Callable[[], bool]) -> None:
        self.thread = threading.Thread(target=self._run, name=name)
        self._stopped, self._work, self._woken = stopped, work, threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait(LOOK_EVERY)
            self._woken.clear()
            try:
                started = time.monotonic()
                while not self._stopped.is_set() and self._work():
                    started = _rested(started, PACE)
            except Exception:
                _recover(self.thread.name)
        connections.close_all()


class _Ear:
    """Hears the doorbell."""

    def __init__(self) -> None:
        self._valkey = redis.Redis.from_url(settings.VALKEY_URL)
        self._words: Any = None

    def wait(self) -> set[bytes]:
        """Return when the doorbell rings, with where there is something new; or everywhere, when it is time to look."""
        heard: set[bytes] = set()
        try:
            if self._words is None:
                words: Any = self._valkey.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                words.subscribe(doorbell.channel())
                self._words = words
            until = time.monotonic() + LOOK_EVERY
            while not heard and (left := until - time.monotonic()) > 0:
                heard |= _said(self._words.get_message(timeout=left))
            while more := _said(self._words.get_message()):
                heard |= more
        except (redis.RedisError, OSError):
            self._words = None
            time.sleep(LOOK_EVERY)
        return heard or {doorbell.OUTBOX, doorbell.SOURCES}


def _said(word: Any) -> set[bytes]:
    return {word["data"]} if word else set()


def _rested(started: float, pace: float) -> float:
    """Let so many seconds go by from the start of a turn to that of the next, which is returned."""
    time.sleep(max(0.0, started + pace - time.monotonic()))
    return time.monotonic()


def _hand_over(name: str) -> bool:
    return consuming.consume(name=name, limit=500, at=timezone.now()) > 0


def _wake(hands: list[_Hand]) -> None:
    for hand in hands:
        hand.wake()


def _recover(what: str) -> None:
    """After a failure: say so, drop a connection that may be broken, and give the server a moment."""
    logger.exception("%s failed and is tried again", what)
    connection.close()
    time.sleep(AFTER_A_FAILURE)
