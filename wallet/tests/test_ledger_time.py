"""Balances at past moments, as known then and as known now; hot accounts and their fold; the seal."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from threading import Event
from time import sleep
from uuid import UUID

import pytest

from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.models import Checkpoint, Seal, Transaction
from wallet.refusals import EffectiveInFuture
from wallet.tests.ledger import (
    PATIENCE,
    ask,
    at_once,
    balances,
    give,
    now,
    passed_by_the_horizon,
    post_one_line,
    refused,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db) -> Iterator[None]:
    yield
    assert services.verify() == []


def fold() -> int:
    """Make checkpoints as the periodic task does; return how many there are of all."""
    with acting_as_service():
        services.fold()
        return Checkpoint.objects.count()


def fold_everything() -> None:
    passed_by_the_horizon()
    fold()


def seal() -> Seal:
    passed_by_the_horizon()
    with acting_as_service():
        services.seal()
        return Seal.objects.latest("number")


def at(account: UUID, moment: datetime, *, known: bool = True) -> int:
    with acting_as_service():
        return services.balance_at(account, moment, known=known)


def changes(account: UUID) -> list[tuple[datetime, datetime, int]]:
    """When each entry was recorded, when it happened, and what it changed."""
    with acting_as_service():
        return ask(
            "select recorded_at, effective_at, change from wallet_entry where account_id = %s", account
        )


def test_a_past_balance_is_the_replay_of_the_entries_at_a_hundred_random_instants():
    chance, clearing = random.Random(15), system("PAYSTACK_CLEARING")
    accounts, began = [*wallets(5_000, 5_000), clearing], now()
    for step in range(90):
        debit, credit = chance.sample(accounts, 2)
        sleep(0.003)
        back = chance.choice([None, None, timedelta(milliseconds=chance.randint(1, 3_000))])
        amount = chance.randint(1, 50)
        post_one_line(debit, credit, amount, effective_at=now() - back if back else None)
        if step % 30 == 10:
            fold_everything()
    ended = now()
    for account in accounts:
        entries, seen = changes(account), set()
        for _ in range(50):
            moment = began - timedelta(seconds=2) + chance.random() * (ended - began + timedelta(seconds=2))
            known = sum(change for recorded, _effective, change in entries if recorded <= moment)
            was = sum(change for _recorded, effective, change in entries if effective <= moment)
            assert at(account, moment) == known
            assert at(account, moment, known=False) == was
            seen |= {(known, was)}
        assert len(seen) > 5 and any(known != was for known, was in seen)
    with acting_as_service():
        assert Checkpoint.objects.filter(account=clearing).count() >= 3


def test_the_moment_of_an_entry_counts_and_the_microsecond_before_does_not():
    source, target = wallets(100, 0)
    for pk, change in ((target, 40), (system("SUSPENSE"), 7)):
        posting = post_one_line(source, pk, change).id
        with acting_as_service():
            posted = Transaction.objects.get(pk=posting).recorded_at
        before, after = posted - timedelta(microseconds=1), posted + timedelta(microseconds=1)
        assert [at(pk, moment) for moment in (before, posted, after)] == [0, change, change]
        assert at(pk, now()) == balances(pk)[0]


def test_a_back_dated_entry_changes_what_was_and_not_what_we_knew():
    source, target = wallets(100, 0)
    yesterday, before = now() - timedelta(days=1), now()
    post_one_line(source, target, 30, effective_at=yesterday)
    for moment, known, was in (
        (yesterday - timedelta(microseconds=1), 0, 0),
        (yesterday, 0, 30),
        (before, 0, 30),
        (now(), 30, 30),
    ):
        assert (at(target, moment), at(target, moment, known=False)) == (known, was)


def test_nothing_is_recorded_before_it_happens():
    source, target = wallets(100, 0)
    with refused(EffectiveInFuture):
        post_one_line(source, target, 1, effective_at=now() + timedelta(hours=1))


def test_a_hot_account_has_its_balance_at_every_moment_while_others_post_and_fold():
    """Checked against the sum of its rows in the same snapshot, by two readers, through many folds."""
    clearing, over, wallets_there = system("PAYSTACK_CLEARING"), Event(), wallets(*[0] * 4)

    def deposit(target: UUID) -> None:
        for number in range(60):
            (give if number % 4 else take)(target, 1 + number % 4)
        ended.append(target)
        if len(ended) == 4:
            over.set()

    def take(target: UUID, amount: int) -> None:
        post_one_line(clearing, target, amount)
        post_one_line(target, clearing, amount)

    def keep_folding() -> int:
        folds = 0
        while not over.is_set():
            fold()
            folds += 1
        return folds

    def read() -> int:
        reads = 0
        while not over.is_set():
            with acting_as_service():
                ((balance, proof),) = ask(
                    "select wallet.balance_of(%s), (select coalesce(sum(case when debit_account_id = %s "
                    "then amount else -amount end), 0)::bigint from wallet_transaction "
                    "where %s in (debit_account_id, credit_account_id))",
                    *[clearing] * 3,
                )
            assert balance == proof
            reads += 1
        return reads

    ended: list[UUID] = []
    results = at_once(*[partial(deposit, pk) for pk in wallets_there], keep_folding, read, read)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert results[4] > 5 and min(results[5:]) > 5
    assert balances(clearing) == [sum(balances(*wallets_there))]
    fold_everything()
    assert balances(clearing) == [sum(balances(*wallets_there))]


def test_a_fold_never_misses_what_was_posted_before_it_and_committed_after():
    clearing, (target, other) = system("PAYSTACK_CLEARING"), wallets(0, 0)
    give(target, 100)
    fold_everything()
    posted, folded = Event(), Event()

    def late() -> None:
        with acting_as_service():
            give(target, 7)
            posted.set()
            assert folded.wait(PATIENCE)

    def early() -> int:
        assert posted.wait(PATIENCE)
        give(other, 50)
        found = balances(clearing)[0]
        fold()
        assert balances(clearing) == [found] == [150]
        folded.set()
        return found

    results = at_once(late, early)
    assert results == [None, 150]
    assert balances(clearing) == [157]
    fold_everything()
    assert balances(clearing) == [157]
    with acting_as_service():
        last = Checkpoint.objects.filter(account=clearing).latest("id")
        assert (last.balance, last.entries) == (157, 3)


def test_a_fold_with_nothing_new_makes_no_checkpoint():
    give(wallets(0)[0], 5)
    fold_everything()
    with acting_as_service():
        count = Checkpoint.objects.count()
    fold_everything()
    assert fold() == count == 1


def test_two_folds_at_once_are_one():
    (target,) = wallets(0)
    for _ in range(5):
        give(target, 1)
        passed_by_the_horizon()
        assert [result for result in at_once(fold, fold, fold) if isinstance(result, Exception)] == []
    assert balances(system("PAYSTACK_CLEARING")) == [5]


def test_hot_accounts_never_touch_their_row():
    clearing, suspense, (target,) = system("PAYSTACK_CLEARING"), system("SUSPENSE"), wallets(0)
    give(target, 5)
    post_one_line(clearing, suspense, 5)
    with acting_as_service():
        rows = ask("select balance, version, held from wallet_account where hot")
        assert set(rows) == {(0, 0, 0)}
        row = Transaction.objects.get(credit_account=suspense)
        assert {row.debit_version, row.debit_balance, row.credit_version, row.credit_balance} == {None}
    assert balances(clearing, suspense) == [10, 5]


def test_seals_form_a_chain_over_every_transaction_once():
    source, target = wallets(1_000, 0)
    seals = []
    for count in (3, 1, 5):
        for _ in range(count):
            post_one_line(source, target, 1, posting_id=posting_id())
        seals.append(seal())
    assert [found.number for found in seals] == [1, 2, 3]
    assert sum(found.rows for found in seals) == 10 and [found.rows for found in seals[1:]] == [1, 5]
    assert bytes(seals[0].previous) == b""
    for before, after in pairwise(seals):
        assert bytes(after.previous) == bytes(before.head)


def test_a_seal_leaves_out_what_is_not_final_and_the_next_takes_it_in():
    source, other, target, another = wallets(1_000, 1_000, 0, 0)
    first = seal()
    posted, sealed = Event(), Event()

    def late() -> None:
        with acting_as_service():
            post_one_line(source, target, 1)
            posted.set()
            assert sealed.wait(PATIENCE)

    def early() -> None:
        assert posted.wait(PATIENCE)
        post_one_line(other, another, 2)
        with acting_as_service():
            services.seal()
        assert services.verify() == []
        sealed.set()

    assert at_once(late, early) == [None, None]
    last = seal()
    with acting_as_service():
        assert sum(Seal.objects.filter(number__gt=first.number).values_list("rows", flat=True)) == 2
    assert last.number > first.number


def test_two_seals_at_once_make_no_fork():
    source, target = wallets(1_000, 0)

    def go() -> None:
        for _ in range(5):
            post_one_line(source, target, 1)
            with acting_as_service():
                services.seal()

    assert at_once(go, go, go) == [None] * 3
    seal()
    with acting_as_service():
        assert sum(Seal.objects.values_list("rows", flat=True)) == Transaction.objects.count() == 16
