"""When a gateway does not answer, it is left alone for a while: a circuit breaker, which all processes share.

CLOSED: calls pass. When `MOST` in a row within `WINDOW` seconds have no answer, it opens.
OPEN: no call passes, for `PAUSE` seconds. `CircuitOpen` says that nothing was asked.
PROBING: one call passes; its answer closes it, and no answer opens it anew. If none comes at all, because whoever asked
died, another may ask after `PROBE` seconds.

It is kept in Valkey, and only there. While that does not answer, calls pass.
"""

import functools
import inspect
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.core.cache import cache
from redis.exceptions import RedisError

from wallet.gateways.base import GatewayUnavailable, GatewayUnreadable

MOST, WINDOW = 5, 60
PAUSE = 30
PROBE = 30
# Unanswered calls are counted by steps of so many seconds.
STEP = 10
KEPT = 24 * 3600
# What an adapter works out by itself.
UNASKED = frozenset({"verify_signature", "read_notice", "authorization_of", "close"})

State = Literal["CLOSED", "OPEN", "PROBING"]

logger = logging.getLogger(__name__)


class CircuitOpen(GatewayUnavailable):
    """It has not answered for a while, so it was not asked: what was wanted surely did not happen."""

    code = "gateway_resting"


@dataclass(frozen=True)
class Health:
    """How a gateway answers: calls in a row without an answer lately, and until when it is left alone."""

    state: State
    unanswered: int
    until: float | None


class Breaker:
    """The breaker of one gateway. `clock` gives seconds."""

    def __init__(self, code: str, *, clock: Callable[[], float] | None = None) -> None:
        self._code = code
        # Read at each call, for a breaker lives as long as its adapter.
        self._clock = clock or (lambda: time.time())

    def health(self) -> Health:
        """Tell how it stands, which changes nothing; as CLOSED while Valkey is away."""
        now = self._clock()
        try:
            until = cache.get(self._key("open"))
            count = sum(cache.get_many(self._steps(now)).values())
        except RedisError:
            return Health("CLOSED", 0, None)
        if until is None:
            return Health("CLOSED", count, None)
        return Health("OPEN" if now < until else "PROBING", count, until)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask inside, unless it is open; afterwards it is noted whether an answer came.

        A refusal is an answer, and so is one that cannot be read. Raises CircuitOpen and whatever is raised inside.
        """
        self._pass()
        try:
            yield
        except GatewayUnavailable as error:
            if isinstance(error, GatewayUnreadable):
                self._answered()
            else:
                self._unanswered()
            raise
        except Exception:
            self._answered()
            raise
        self._answered()

    def _pass(self) -> None:
        """Raises CircuitOpen."""
        now = self._clock()
        try:
            until = cache.get(self._key("open"))
            if until is None:
                return
            turn = int((now - until) // PROBE)
            if now >= until and cache.add(self._key(f"probe:{until}:{turn}"), 1, timeout=KEPT):
                return
        except RedisError:
            logger.warning("no breaker: Valkey does not answer", exc_info=True)
            return
        raise CircuitOpen(reason="circuit_open")

    def _unanswered(self) -> None:
        now = self._clock()
        try:
            here = self._step(now)
            cache.add(here, 0, timeout=2 * WINDOW)
            cache.incr(here)
            probed = cache.get(self._key("open")) is not None
            if probed or sum(cache.get_many(self._steps(now)).values()) >= MOST:
                cache.set(self._key("open"), now + PAUSE, timeout=KEPT)
                logger.warning("gateway %s does not answer, and is left alone for %s s", self._code, PAUSE)
        except (RedisError, ValueError):
            logger.warning("no breaker: Valkey does not answer", exc_info=True)

    def _answered(self) -> None:
        try:
            cache.delete_many([self._key("open"), *self._steps(self._clock())])
        except RedisError:
            logger.warning("no breaker: Valkey does not answer", exc_info=True)

    def _steps(self, now: float) -> list[str]:
        return [self._step(now - back) for back in range(0, WINDOW, STEP)]

    def _step(self, moment: float) -> str:
        return self._key(f"unanswered:{int(moment // STEP)}")

    def _key(self, name: str) -> str:
        return f"breaker:{self._code}:{name}"


class Guarded:
    """An adapter whose every call passes a breaker. It offers what the adapter offers, and nothing more."""

    def __init__(self, adapter: Any, breaker: Breaker) -> None:
        for name in dir(adapter):
            if name.startswith("_"):
                continue
            value = getattr(adapter, name)
            # Set on the object itself, so that it counts as having the capabilities that the adapter has.
            setattr(self, name, _guarded(adapter, name, breaker) if callable(value) else value)


def _guarded(adapter: Any, name: str, breaker: Breaker) -> Callable[..., Any]:
    method = getattr(adapter, name)
    comes_in_pages = inspect.isgeneratorfunction(method)

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        ask = functools.partial(getattr(adapter, name), *args, **kwargs)
        if name in UNASKED:
            return ask()
        if comes_in_pages:
            return _pages(ask, breaker)
        with breaker.asking():
            return ask()

    return call


def _pages(ask: Callable[[], Iterator[Any]], breaker: Breaker) -> Iterator[Any]:
    """An answer that comes page by page, as it is wanted: one call, however long it is."""
    with breaker.asking():
        yield from ask()
