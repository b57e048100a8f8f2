"""Processes that move money until they are killed, and a diary of each that survives it.

Started once as `python -m wallet.tests.crash.worker`; each line on its standard input is an order in JSON,
answered by a line. It forks for every order, so that a process costs little and shares no connection.
"""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

PEOPLE, EACH = 6, 100_000


class Diary:
    """What a worker was about to do and what it knows was done, written past every buffer of its own."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


def people() -> list[Any]:
    from accounts.models import User
    from core.actors import acting_as_service

    with acting_as_service():
        return list(User.objects.filter(email__startswith="worker").order_by("email"))


def make_world(_order: dict[str, Any]) -> None:
    from accounts.models import User
    from accounts.services import register
    from wallet.tests.factories import make_wallet

    for number in range(PEOPLE):
        make_wallet(register(user=User(email=f"worker{number}@alajo.test"), display_name="A"), amount=EACH)


def wallets() -> dict[str, tuple[Any, Any]]:
    """By the owner's id: the owner and the wallet."""
    from core.actors import acting_as_service
    from wallet.models import Account

    found = people()
    with acting_as_service():
        accounts = {a.owner_id: a for a in Account.objects.filter(owner__in=found)}
    return {str(user.pk): (user, accounts[user.pk]) for user in found}


def send(known: dict[str, tuple[Any, Any]], posting: UUID, sender: str, receiver: str, amount: int) -> str:
    from django.utils import timezone

    from core.actors import acting_as
    from wallet import services
    from wallet.refusals import InsufficientFunds

    user, source = known[sender]
    try:
        with acting_as(user):
            services.transfer(
                posting_id=posting,
                source=source,
                recipient_id=UUID(receiver),
                amount=amount,
                note="crash",
                at=timezone.now(),
            )
    except InsufficientFunds:
        return "refused"
    return "done"


def work(order: dict[str, Any]) -> None:
    """Send small amounts to and fro for ever; every one is noted before and after."""
    from core.ids import posting_id

    diary, chance, known = Diary(order["diary"]), random.Random(order["seed"]), wallets()
    while True:
        posting, amount = posting_id(), chance.randint(1, 50)
        sender, receiver = chance.sample(sorted(known), 2)
        diary.note("try", posting, sender, receiver, amount)
        diary.note(send(known, posting, sender, receiver, amount), posting)


def again(order: dict[str, Any]) -> None:
    """Make the given transfers under their ids, whether or not they happened before."""
    known = wallets()
    for posting, sender, receiver, amount in order["transfers"]:
        send(known, UUID(posting), sender, receiver, int(amount))


def make_referrals(order: dict[str, Any]) -> None:
    """So many referrals whose bonuses are due, of pairs of the people there are."""
    from accounts.tests.referring import invited_by, make_program, qualify

    make_program(budget=order["budget"])
    inviters = people()
    for number in range(order["many"]):
        qualify(invited_by(inviters[number % len(inviters)]))


def pay(_order: dict[str, Any]) -> None:
    """One run of the job that pays bonuses, in chunks so small that it dies between some."""
    from django.utils import timezone

    from accounts.services.referrals import reserving
    from wallet.services import referral_bonuses

    reserving.BATCH = 25
    referral_bonuses.CHUNK = 3
    referral_bonuses.run(clock=timezone.now, until=lambda: False)


def pay_out(order: dict[str, Any]) -> None:
    """Order and ask about the given payouts for ever, whichever comes, as nobody holds them for one worker alone."""
    from django.conf import settings
    from django.utils import timezone

    from core.errors import DomainError
    from wallet.services import payouts

    # Whichever of the gateways a test has.
    for name, url in order["urls"].items():
        setattr(settings, name, url)
    chance = random.Random(order["seed"])
    while True:
        with suppress(DomainError):
            payouts.check_payout(payout_id=UUID(chance.choice(order["payouts"])), at=timezone.now())


ORDERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "world": make_world,
    "work": work,
    "again": again,
    "referrals": make_referrals,
    "pay": pay,
    "pay_out": pay_out,
}


def fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ORDERS[order["do"]](order)
    except BaseException:
        Path(order["errors"]).write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "work":
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            answer = [fork({**order, **each}) for each in order["workers"]]
        else:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer = [os.waitstatus_to_exitcode(os.waitpid(fork(order), 0)[1])]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
