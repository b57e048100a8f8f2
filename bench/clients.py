"""Many client processes doing one thing for a while, counted."""

import multiprocessing
import time
from collections.abc import Callable

Work = Callable[[int], Callable[[], int]]


def rate(make: Work, *, clients: int, seconds: float) -> float:
    """Fork `clients` processes; each makes its work with its number and repeats it for `seconds`.

    A piece of work returns how many units it did; the result is units per second over all clients, connecting and
    warming up not counted.
    """
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(clients), context.Queue()
    processes = [
        context.Process(target=_client, args=(make, number, seconds, ready, results))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    outcomes = [results.get() for _ in processes]
    for process in processes:
        process.join()
    if any(isinstance(outcome, str) for outcome in outcomes):
        raise RuntimeError(next(outcome for outcome in outcomes if isinstance(outcome, str)))
    return float(sum(done / taken for done, taken in outcomes))


def _client(make: Work, number: int, seconds: float, ready: object, results: object) -> None:
    try:
        work = make(number)
        for _ in range(20):
            work()
        ready.wait()  # type: ignore[attr-defined]
        done, begun = 0, time.perf_counter()
        while (now := time.perf_counter()) - begun < seconds:
            done += work()
        results.put((done, now - begun))  # type: ignore[attr-defined]
    except Exception as error:
        ready.abort()  # type: ignore[attr-defined]
        results.put(repr(error))  # type: ignore[attr-defined]
