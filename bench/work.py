"""What client processes of the ledger's bench do: `python -m bench.work transfers|charged|bulk|page CLIENTS SECS`."""

import random
import sys
import time
from collections.abc import Callable
from functools import cache
from statistics import median
from uuid import UUID

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.clients import rate  # noqa: E402
from bench.ledger import BULK, CLIENTS, pair  # noqa: E402
from bench.world import ACCOUNTS, account_id, user_id  # noqa: E402
from core.actors import acting_as  # noqa: E402
from core.ids import posting_id  # noqa: E402
from wallet import services as wallet  # noqa: E402
from wallet.models import Account, Entry  # noqa: E402


def charged(number: int) -> Callable[[], int]:
    """Transfers that bear stamp duty."""
    return transfers(number, amount=10_000_00)


def transfers(number: int, amount: int = 1) -> Callable[[], int]:
    rng = random.Random(number)

    def once() -> int:
        first, second = pair(rng)
        source = sources()[first]
        wallet.transfer(
            posting_id=posting_id(),
            source=source,
            recipient_id=UUID(user_id(second)),
            amount=amount,
            note="bench",
            at=timezone.now(),
        )
        return 1

    return once


@cache
def sources() -> list[Account]:
    """The accounts, by number: a view has loaded the sender's before it calls the service."""
    return [Account(id=UUID(account_id(n)), currency_id="NGN") for n in range(ACCOUNTS + 1)]


def bulk(number: int) -> Callable[[], int]:
    """Interest to a few thousand customers at a time; each client has its own share of them, as a job's workers do."""
    rng, share = random.Random(number), ACCOUNTS // CLIENTS
    expense = wallet.system_account("EQUITY")

    def once() -> int:
        postings = []
        for n in rng.sample(range(number * share + 1, (number + 1) * share), BULK):
            line = wallet.Line("INTEREST", expense, UUID(account_id(n)), 1)
            postings.append(wallet.Single(posting_id(), line))
        return wallet.post_many(postings=postings)

    return once


def page(seconds: float) -> float:
    """Milliseconds to read the first activity page and the balance of account 1, as its owner; the median."""
    user = User(id=UUID(user_id(1)), email="1@bench.test")
    times, end = [], time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        with acting_as(user):
            account = Account.objects.visible_to(user).get()
            list(Entry.objects.of(account)[:21])
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)


def main() -> None:
    what, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    if what == "page":
        print(page(seconds))
    else:
        if what != "bulk":
            sources()
        print(
            rate(
                {"transfers": transfers, "charged": charged, "bulk": bulk}[what],
                clients=clients,
                seconds=seconds,
            )
        )


main()
