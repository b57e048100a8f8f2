"""A gateway that does not answer is left alone for a while, by all processes together; the clock is the test's."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoValkey

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import ChargesCards, KnowsBanks, PaysOut
from wallet.services import breaker as breakers
from wallet.services.breaker import MOST, PAUSE, PROBE, STEP, WINDOW, Breaker, CircuitOpen, Guarded

START = 1_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    cache.clear()
    return Clock()


def gone() -> None:
    raise GatewayUnavailable(reason="http_503")


def refuse() -> None:
    raise GatewayRefused(reason="no")


def garble() -> None:
    raise GatewayUnreadable(field="data")


def tried(breaker: Breaker, ask: Any, times: int = 1) -> list[str]:
    """How each of so many calls ended."""
    ended = []
    for _time in range(times):
        try:
            with breaker.asking():
                ask()
            ended.append("answered")
        except Exception as error:
            ended.append(type(error).__name__)
    return ended


def open_one(clock: Clock, code: str = "g") -> Breaker:
    breaker = Breaker(code, clock=clock)
    tried(breaker, gone, MOST)
    assert breaker.health().state == "OPEN"
    return breaker


def test_unanswered_calls_open_it_and_then_nobody_is_asked(clock):
    breaker, asked = Breaker("g", clock=clock), []
    assert tried(breaker, gone, MOST - 1) == ["GatewayUnavailable"] * (MOST - 1)
    assert (breaker.health().state, breaker.health().unanswered) == ("CLOSED", MOST - 1)
    assert tried(breaker, gone) == ["GatewayUnavailable"]
    assert tried(breaker, lambda: asked.append(1), 3) == ["CircuitOpen"] * 3 and asked == []
    assert breaker.health().until == START + PAUSE


def test_another_process_and_only_that_gateway_sees_it(clock):
    open_one(clock)
    assert Breaker("g", clock=clock).health().state == "OPEN"
    assert Breaker("h", clock=clock).health().state == "CLOSED"


def test_a_refusal_and_what_cannot_be_read_are_answers(clock):
    breaker = Breaker("g", clock=clock)
    for ask in (refuse, garble, lambda: None):
        tried(breaker, gone, MOST - 1)
        tried(breaker, ask, MOST + 1)
        assert (breaker.health().state, breaker.health().unanswered) == ("CLOSED", 0)


def test_calls_long_ago_do_not_count(clock):
    breaker = Breaker("g", clock=clock)
    for _time in range(4 * MOST):
        clock.now += WINDOW / (MOST - 2)
        tried(breaker, gone)
    assert breaker.health().state == "CLOSED"
    tried(breaker, gone, 2)
    assert breaker.health().state == "OPEN"


def test_after_the_pause_one_call_passes_and_its_answer_closes_it(clock):
    breaker = open_one(clock)
    clock.now += PAUSE - 0.001
    assert tried(breaker, gone) == ["CircuitOpen"]
    clock.now += 0.001
    assert breaker.health().state == "PROBING"
    inside = []

    def probe() -> None:
        inside.extend(tried(Breaker("g", clock=clock), gone, 3))

    assert tried(breaker, probe) == ["answered"] and inside == ["CircuitOpen"] * 3
    assert (breaker.health().state, breaker.health().unanswered) == ("CLOSED", 0)


def test_a_probe_without_an_answer_opens_it_anew(clock):
    breaker = open_one(clock)
    clock.now += PAUSE
    assert tried(breaker, gone, 2) == ["GatewayUnavailable", "CircuitOpen"]
    assert breaker.health().until == START + 2 * PAUSE
    clock.now += PAUSE
    assert tried(breaker, lambda: None, 2) == ["answered"] * 2


def test_a_refused_probe_closes_it(clock):
    breaker = open_one(clock)
    clock.now += PAUSE
    assert tried(breaker, refuse, 2) == ["GatewayRefused"] * 2


def test_a_probe_whose_process_dies_lets_another_follow(clock):
    breaker = open_one(clock)
    clock.now += PAUSE

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    with pytest.raises(Killed), breaker.asking():
        die()
    assert tried(breaker, lambda: None) == ["CircuitOpen"]
    clock.now += PROBE
    assert tried(breaker, lambda: None) == ["answered"]


def test_of_many_at_once_one_probes(clock):
    open_one(clock)
    clock.now += PAUSE
    together, ended, lock = threading.Barrier(12), [], threading.Lock()
    release = threading.Event()

    def ask() -> None:
        together.wait()
        end = tried(Breaker("g", clock=clock), release.wait)
        with lock:
            ended.extend(end)
            if len(ended) == 11:
                release.set()

    threads = [threading.Thread(target=ask) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["CircuitOpen"] * 11 + ["answered"]


def test_of_many_at_once_every_unanswered_call_counts(clock):
    def ask() -> None:
        tried(Breaker("g", clock=clock), gone)

    threads = [threading.Thread(target=ask) for _number in range(MOST - 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Breaker("g", clock=clock).health().unanswered == MOST - 1


def test_a_clock_set_back_does_not_keep_it_open_for_ever(clock):
    breaker = open_one(clock)
    clock.now -= STEP
    assert breaker.health().state == "OPEN"
    clock.now += STEP + PAUSE
    assert tried(breaker, lambda: None) == ["answered"]


def test_without_valkey_calls_pass(clock, monkeypatch):
    breaker = open_one(clock)

    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise NoValkey

    monkeypatch.setattr(breakers, "cache", Gone())
    assert tried(breaker, gone, 2 * MOST) == ["GatewayUnavailable"] * 2 * MOST
    assert tried(breaker, lambda: None) == ["answered"] and breaker.health().state == "CLOSED"


class Adapter:
    """Some of what an adapter may be."""

    idempotent = False

    def banks(self) -> list[str]:
        gone()
        return []

    def resolve_account(self, *, account_number: str, bank_code: str) -> str:
        return f"{account_number} {bank_code}"

    def read_notice(self, raw: bytes) -> int:
        return len(raw)

    def ledger(self, *, pages: int) -> Iterator[int]:
        yield from range(pages)
        gone()


def test_a_guarded_adapter_offers_what_the_adapter_offers(clock):
    guarded: Any = Guarded(Adapter(), Breaker("g", clock=clock))
    assert isinstance(guarded, KnowsBanks) and not isinstance(guarded, PaysOut | ChargesCards)
    assert guarded.idempotent is False
    assert guarded.resolve_account(account_number="1", bank_code="2") == "1 2"
    for _time in range(MOST):
        with pytest.raises(GatewayUnavailable):
            guarded.banks()
    with pytest.raises(CircuitOpen):
        guarded.resolve_account(account_number="1", bank_code="2")
    # What needs nobody's answer goes on.
    assert guarded.read_notice(b"abc") == 3


def test_an_answer_of_many_pages_is_one_call(clock):
    guarded: Any = Guarded(Adapter(), Breaker("g", clock=clock))
    rows = guarded.ledger(pages=3)
    assert [next(rows), next(rows), next(rows)] == [0, 1, 2]
    with pytest.raises(GatewayUnavailable):
        next(rows)
    assert Breaker("g", clock=clock).health().unanswered == 1
    open_one(clock)
    with pytest.raises(CircuitOpen):
        next(guarded.ledger(pages=1))
