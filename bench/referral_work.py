"""One run that pays bonuses, by some processes: `python -m bench.referral_work CLIENTS` prints postings a second."""

import multiprocessing
import sys
import time

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from wallet import services as wallet  # noqa: E402
from wallet.services import referral_bonuses  # noqa: E402


def client(ready: object, results: object) -> None:
    """What the job does, in a process of its own."""
    try:
        wallet.system_account(referral_bonuses.EXPENSE)  # connects
        ready.wait()  # type: ignore[attr-defined]
        begun = time.perf_counter()
        paid = referral_bonuses.run(clock=timezone.now, until=lambda: False)
        results.put((paid, begun, time.perf_counter()))  # type: ignore[attr-defined]
    except Exception as error:
        ready.abort()  # type: ignore[attr-defined]
        results.put(repr(error))  # type: ignore[attr-defined]


def main(clients: int) -> float:
    """From the first process's start to the last one's end."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(clients), context.Queue()
    processes = [context.Process(target=client, args=(ready, results)) for _number in range(clients)]
    for process in processes:
        process.start()
    outcomes = [results.get() for _ in processes]
    for process in processes:
        process.join()
    if any(isinstance(outcome, str) for outcome in outcomes):
        raise RuntimeError(next(outcome for outcome in outcomes if isinstance(outcome, str)))
    paid = sum(paid for paid, _begun, _ended in outcomes)
    return float(paid / (max(each[2] for each in outcomes) - min(each[1] for each in outcomes)))


if __name__ == "__main__":
    print(main(int(sys.argv[1])))
