"""Many at once: money is neither made nor lost, nobody waits for ever, and who must lose, loses by name."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from threading import Event
from time import sleep
from uuid import UUID

import pytest
from django.db import connection, transaction

from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.refusals import InsufficientFunds, LedgerRefusal
from wallet.services import Line, Posting
from wallet.tests.ledger import (
    DOORS,
    PATIENCE,
    account,
    as_service,
    at_once,
    balances,
    commit,
    errors,
    give,
    place,
    post_one_line,
    prove_the_books,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db) -> Iterator[None]:
    yield
    prove_the_books()


def test_the_bank_holds_its_total_in_every_snapshot_and_owes_nobody():
    """Jepsen's bank: eight write at random, two read in snapshots all the while."""
    accounts, over = wallets(*[1_000] * 8), Event()

    def write(seed: int) -> int:
        chance, done = random.Random(seed), 0
        for _ in range(40):
            debit, credit = chance.sample(accounts, 2)
            try:
                post_one_line(debit, credit, chance.randint(1, 700))
                done += 1
            except InsufficientFunds:
                pass
        return done

    def read(_number: int) -> list[tuple[int, ...]]:
        seen = []
        while not over.is_set():
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("set transaction isolation level repeatable read")
                with acting_as_service():
                    first = balances(*accounts)
                    assert services.verify() == []
                    assert balances(*accounts) == first
            seen.append(tuple(first))
        return seen

    def write_all(seed: int) -> int:
        try:
            return write(seed)
        finally:
            ended.append(seed)
            if len(ended) == 8:
                over.set()

    ended: list[int] = []
    results = at_once(*[partial(write_all, seed) for seed in range(8)], *[partial(read, n) for n in range(2)])
    assert errors(results) == {}
    done, seen = sum(results[:8]), {snapshot for found in results[8:] for snapshot in found}
    assert done > 100 and len(seen) > 3
    assert {sum(snapshot) for snapshot in seen} == {8_000}
    assert min(min(snapshot) for snapshot in seen) >= 0


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("descending", [False, True], ids=["to a later account", "to an earlier account"])
def test_of_twenty_spends_of_money_for_ten_exactly_ten_succeed(door, descending):
    source, target = sorted(wallets(0, 0), reverse=descending)
    give(source, 1_000)
    spends = [as_service(door, posting_id(), "TRANSFER", source, target, 100) for _ in range(20)]
    results = at_once(*spends)
    assert errors(results) == {InsufficientFunds: 10}
    assert balances(source, target) == [0, 1_000]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("descending", [False, True], ids=["to a later account", "to an earlier account"])
def test_those_who_cannot_pay_never_block_those_who_can(door, descending):
    """Poor and rich cross over the same two accounts; each refusal is one of funds, never of the server."""
    poor, rich = sorted(wallets(0, 0), reverse=descending)
    give(rich, 1_000_000)

    def spend(debit: UUID, credit: UUID, amount: int) -> list[type]:
        found: list[type] = []
        for _ in range(25):
            try:
                as_service(door, posting_id(), "TRANSFER", debit, credit, amount)()
            except InsufficientFunds:
                found.append(InsufficientFunds)
        return found

    calls = [partial(spend, poor, rich, 900_000)] * 4 + [partial(spend, rich, poor, 1)] * 4
    results = at_once(*calls)
    assert errors(results) == {}
    assert [len(found) for found in results] == [25] * 4 + [0] * 4
    assert balances(poor, rich) == [100, 999_900]


def test_transfers_across_each_other_never_deadlock():
    first, second = wallets(1_000, 1_000)

    def send(debit: UUID, credit: UUID) -> int:
        for _ in range(500):
            post_one_line(debit, credit, 1)
        return 500

    results = at_once(*[partial(send, first, second), partial(send, second, first)] * 2)
    assert results == [500] * 4
    assert balances(first, second) == [1_000, 1_000]


def test_every_kind_of_posting_across_each_other_never_deadlocks():
    accounts = wallets(*[10_000] * 4)

    def work(seed: int) -> Counter[str]:
        chance, done = random.Random(seed), Counter[str]()
        for _ in range(30):
            done[one_of_all(chance, accounts)] += 1
        return done

    results = at_once(*[partial(work, seed) for seed in range(6)])
    assert errors(results) == {}
    done = sum(results, Counter())
    assert min(done[name] for name in ("single", "chain", "bulk", "hold", "reverse")) > 5
    assert sum(balances(*accounts)) == 40_000


def one_of_all(chance: random.Random, accounts: list[UUID]) -> str:
    """Do one random thing, each step in a transaction of its own; return what, or the refusal's code."""
    a, b, c = chance.sample(accounts, 3)
    kind, posting, amount = chance.choice(["single", "chain", "bulk", "hold", "reverse"]), posting_id(), 1
    lines = [Line("TRANSFER", a, b, amount), Line("TRANSFER", b, c, amount), Line("TRANSFER", c, a, amount)]
    try:
        if kind == "bulk":
            postings = [services.Single(posting_id(), line) for line in lines]
            as_service(services.post_many, postings=postings)()
        elif kind == "hold":
            commit(place(a, 2, expires_in=timedelta(hours=1)), b, 1)
        else:
            moves = lines[:1] if kind == "single" else lines
            as_service(services.post, posting_id=posting, lines=moves)()
            if kind == "reverse":
                as_service(services.reverse, posting_id=posting_id(), reverses=posting)()
    except LedgerRefusal as error:
        return error.code
    return kind


def test_the_credit_side_loses_no_update():
    """blnk#238: many deposits into one account from as many sources."""
    target, *sources = wallets(0, *[100] * 8)

    def pay(source: UUID) -> None:
        for _ in range(20):
            post_one_line(source, target, 5)

    assert errors(at_once(*[partial(pay, source) for source in sources])) == {}
    assert balances(target, *sources) == [800, *[0] * 8]
    assert account(target).version == 160


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_posting_sent_by_eight_at_once_happens_once(door):
    (source, target), clearing, suspense = wallets(100, 0), system("PAYSTACK_CLEARING"), system("SUSPENSE")
    for debit, credit in ((source, target), (clearing, target), (clearing, suspense)):
        posting = posting_id()
        results = at_once(*[as_service(door, posting, "TRANSFER", debit, credit, 100)] * 8)
        assert errors(results) == {}
        assert sorted(result.replayed for result in results) == [False] + [True] * 7
        assert len({(result.id, result.debit_version, result.credit_version) for result in results}) == 1
    assert balances(source, target, suspense) == [0, 200, 100]


def test_a_posting_waits_for_its_accounts_and_reads_them_after():
    """Whoever comes second sees what the first one wrote, although it asked before that was there."""
    source, target = wallets(100, 0)
    locked, asked = Event(), Event()

    def first() -> None:
        with acting_as_service():
            post_one_line(source, target, 60)
            locked.set()
            assert asked.wait(PATIENCE)
            sleep(0.1)

    def second() -> Posting:
        assert locked.wait(PATIENCE)
        connection.ensure_connection()
        asked.set()
        return post_one_line(source, target, 60)

    results = at_once(first, second)
    assert isinstance(results[1], InsufficientFunds) and results[1].data["available"] == 40
    assert balances(source, target) == [40, 60]
