"""Waking the dispatcher after a commit: a word over Valkey, which may be lost, since it also looks by itself.

The word says where there is something new: in the outbox, or where its sources look. A thread of its own says it, so
that no request waits for Valkey, and many commits at once are one word.
"""

import logging
import os
import threading
import time

import redis
from django.conf import settings

OUTBOX, SOURCES = b"outbox", b"sources"
# Seconds between two words, of which the second tells what came meanwhile; and while nobody hears them.
PAUSE, WHILE_AWAY = 0.02, 1.0

logger = logging.getLogger(__name__)


def channel() -> str:
    return f"{settings.VALKEY_PREFIX}:doorbell"


class _Doorbell:
    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """A forked child has none of its parent's threads."""
        self._rung = threading.Event()
        self._places: set[bytes] = set()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self, place: bytes) -> None:
        self._places.add(place)
        self._rung.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._tell, name="doorbell", daemon=True)
                    self._thread.start()

    def _tell(self) -> None:
        valkey = redis.Redis.from_url(settings.VALKEY_URL, socket_timeout=2)
        is_away = False
        while self._rung.wait():
            self._rung.clear()
            try:
                # Not until there are none: those who ring without end would have it speak without rest.
                for place in tuple(self._places):
                    self._places.discard(place)
                    valkey.publish(channel(), place)
                is_away = False
            except (redis.RedisError, OSError) as error:
                if not is_away:
                    logger.warning("the dispatcher is not woken, it looks by itself: %s", error)
                is_away = True
            time.sleep(WHILE_AWAY if is_away else PAUSE)


_doorbell = _Doorbell()
os.register_at_fork(after_in_child=_doorbell.start_anew)


def ring() -> None:
    """Wake the dispatcher: there are messages. Costs the caller next to nothing, and never fails."""
    _doorbell.ring(OUTBOX)


def ring_for_sources() -> None:
    """Likewise, where something happened that a source of the outbox follows."""
    _doorbell.ring(SOURCES)
