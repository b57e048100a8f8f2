"""Workers killed in mid-payout at a gateway that cannot be asked twice: nothing is ever ordered there again."""

import random
import time
from collections import Counter
from decimal import Decimal

import pytest

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Payout
from wallet.tests.deposits import balances, calls_answered_again, fault
from wallet.tests.factories import make_wallet
from wallet.tests.payouts import NAIRA, money, now, request
from wallet.tests.test_ledger_crash import until
from wallet.tests.test_payout_crash import crew, finish, kill, progress, set_to_work  # noqa: F401  a fixture
from wallet.tests.xpress_wallet import add_bank_account, sent, there

pytestmark = pytest.mark.slow

PAYOUTS, EACH, ROUNDS = 12, 1_000 * NAIRA, 5
FAULTS = ("DROP_REPLY", "BAD_GATEWAY_BEFORE", "BAD_GATEWAY_AFTER", "TRANSFER_FAILS")
STARTS = 1_000_000_000


def test_workers_killed_at_any_point_order_each_withdrawal_at_most_once(xpress_wallet, crew, tmp_path):  # noqa: F811
    chance, ada = random.Random(7), make_person(name="Ada Obi")
    has = PAYOUTS * EACH * 2
    purse, bank = make_wallet(ada, amount=has, tier=3), add_bank_account(ada)
    payouts = [request(purse, bank, EACH) for _ in range(PAYOUTS)]
    [cleared] = balances("XPRESS_WALLET_CLEARING")
    for number in range(ROUNDS):
        fault(chance.choice(FAULTS), endpoint=chance.choice(["wallet_transfer", "wallet_transfer", ""]))
        before = progress()
        pids = set_to_work(crew, payouts, number * 3, tmp_path / "errors")
        until(lambda before=before: progress() != before)
        time.sleep(chance.uniform(0, 0.4))
        kill(pids)
        if Payout.State.HELD not in {now(payout).state for payout in payouts}:
            break
    assert not (tmp_path / "errors").exists(), (tmp_path / "errors").read_text()
    calls_answered_again()
    finish(payouts)

    ends: Counter[str] = Counter()
    for payout in payouts:
        rows, state = [row.status for row in sent(payout)], now(payout).state
        ends[state] += 1
        # What has no row was never sent, and stays as it is: unknown, or not ordered yet.
        assert (state, rows) in (
            ("SUCCEEDED", ["success"]),
            ("FAILED", ["failed"]),
            ("UNKNOWN", []),
            ("HELD", []),
        )
    assert ends["SUCCEEDED"] >= PAYOUTS / 4, ends
    with acting_as_service():
        open_ones = Payout.objects.open().count()
    balance, held = money(purse)
    assert balance == has - ends["SUCCEEDED"] * (EACH + 1_075) and held == open_ones * (EACH + 1_075)
    [now_cleared] = balances("XPRESS_WALLET_CLEARING")
    # In whole kobo the books say what is there: of half a kobo, either.
    assert abs(there() * 100 - STARTS - (now_cleared - cleared)) <= Decimal("0.5")
