"""Workers killed in mid-payout, again and again, while the gateway loses orders and answers: nobody is paid twice.

Real processes, real signals; the sandbox over HTTP, which goes on with what it was asked when its caller is dead.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import services as wallet
from wallet.models import Payout
from wallet.sandbox.models import SandboxBook, SandboxTransfer
from wallet.tests.deposits import calls_answered_again, fault
from wallet.tests.factories import make_wallet
from wallet.tests.payouts import NAIRA, add_bank_account, money, request
from wallet.tests.test_ledger_crash import is_alive, until

pytestmark = pytest.mark.slow

PAYOUTS, EACH, ROUNDS, WORKERS = 30, 1_000 * NAIRA, 14, 3
# What the next calls meet: an order lost on its way there, an answer lost on its way back.
FAULTS = ("DROP_REPLY", "BAD_GATEWAY_BEFORE", "BAD_GATEWAY_AFTER", "HTML_503", "TRANSFER_FAILS")


@pytest.fixture
def crew(tmp_path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    command = [sys.executable, "-m", "wallet.tests.crash.worker"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stderr=log, cwd=settings.BASE_DIR, env=environment, **pipes) as process,
    ):
        yield process
        assert process.stdin
        process.stdin.close()
        process.wait(30)


def set_to_work(crew: subprocess.Popen[str], payouts: list[Payout], seed: int, errors: Path) -> list[int]:
    one = {
        "do": "pay_out",
        "payouts": [str(payout.pk) for payout in payouts],
        "urls": {name: getattr(settings, name) for name in ("PAYSTACK_BASE_URL", "XPRESS_WALLET_BASE_URL")},
    }
    workers = [{**one, "seed": seed + number} for number in range(WORKERS)]
    assert crew.stdin and crew.stdout
    crew.stdin.write(json.dumps({"do": "work", "errors": str(errors), "workers": workers}) + "\n")
    crew.stdin.flush()
    return list(json.loads(crew.stdout.readline()))


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in pids))


def progress() -> Any:
    with acting_as_service():
        return list(Payout.objects.order_by("pk").values_list("state", "orders"))


def all_is_done() -> bool:
    """The dead may have left nothing to do."""
    with acting_as_service():
        return not Payout.objects.open().exists()


def finish(payouts: list[Payout]) -> None:
    """Let what is left come to its end, by one who lives."""
    for payout in payouts:
        for _again in range(6):
            with suppress(DomainError):
                if not wallet.check_payout(payout_id=payout.pk, at=timezone.now()).is_open:
                    break


def test_workers_killed_at_any_point_pay_each_withdrawal_at_most_once(paystack, crew, tmp_path):
    chance, ada = random.Random(10), make_person(name="Ada Obi")
    purse, bank = make_wallet(ada, amount=PAYOUTS * EACH * 2, tier=3), add_bank_account(ada)
    payouts = [request(purse, bank, EACH) for _ in range(PAYOUTS)]
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        for _fault in range(2):
            fault(
                chance.choice(FAULTS), endpoint=chance.choice(["transfer", "transfer", "transfer_verify", ""])
            )
        before = progress()
        pids = set_to_work(crew, payouts, number * WORKERS, tmp_path / "errors")
        until(lambda before=before: progress() != before or all_is_done())
        time.sleep(chance.uniform(0, 0.7))
        kill(pids)
        with acting_as_service():
            seen.update(Payout.objects.values_list("state", flat=True))
    assert not (tmp_path / "errors").exists(), (tmp_path / "errors").read_text()
    # They died in every state of a payout, and before all was done.
    assert {"HELD", "UNKNOWN", "SUCCEEDED"} <= set(seen), seen
    calls_answered_again()
    finish(payouts)

    with acting_as_service():
        states = Counter(Payout.objects.values_list("state", flat=True))
        arrived = SandboxTransfer.objects.filter(status="SUCCESS")
        paid = Payout.objects.filter(state="SUCCEEDED")
        assert SandboxTransfer.objects.count() == len(
            set(SandboxTransfer.objects.values_list("reference", flat=True))
        )
        assert set(paid.values_list("reference", flat=True)) == set(
            arrived.values_list("reference", flat=True)
        )
        out = paid.aggregate(amount=Sum("amount"), fee=Sum("fee"), gateway_fee=Sum("gateway_fee"))
        there = SandboxBook.objects.get(currency="NGN").balance
        clearing = wallet.balance_of(wallet.system_account("PAYSTACK_CLEARING"))
    assert set(states) <= {"SUCCEEDED", "FAILED"} and states["SUCCEEDED"] > PAYOUTS / 2, states
    balance, held = money(purse)
    has = PAYOUTS * EACH * 2
    assert (balance, held) == (has - out["amount"] - out["fee"], 0)
    # What the gateway took of our balance there is what the books say it no longer owes us.
    assert settings.SANDBOX_OPENING_BALANCE - there == out["amount"] + out["gateway_fee"] == has - clearing
    assert wallet.verify() == []
