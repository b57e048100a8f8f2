"""Who comes first: of many that cannot all have their way, exactly those have it that may."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import permutations
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest

from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.models import Hold, Transaction
from wallet.refusals import AlreadyReversed, HoldExceeded, HoldNotOpen, InsufficientFunds
from wallet.services import Posting
from wallet.tests.ledger import (
    PATIENCE,
    account,
    as_service,
    at_once,
    balances,
    commit,
    errors,
    let_expire,
    now,
    place,
    post_one_line,
    prove_the_books,
    root,
    somebody_waits,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db) -> Iterator[None]:
    yield
    prove_the_books()


def test_the_same_id_with_different_content_at_once_is_one_posting_and_one_refusal():
    source, target = wallets(10_000, 0)
    for _ in range(8):
        posting = posting_id()
        results = at_once(
            *[partial(post_one_line, source, target, amount, posting_id=posting) for amount in (1, 2)]
        )
        assert sorted(type(result).__name__ for result in results) == ["Posting", "PostingIdReused"]


def test_of_two_reversals_at_once_one_succeeds():
    """Formance: N postings, each reverted twice at once: N succeed, N fail."""
    source, target = wallets(1_000, 0)
    postings = [post_one_line(source, target, 10).id for _ in range(10)]
    undo = [
        as_service(services.reverse, posting_id=posting_id(), reverses=posting)
        for posting in postings
        for _twice in range(2)
    ]
    results = at_once(*undo)
    assert errors(results) == {AlreadyReversed: 10}
    for pair in zip(results[::2], results[1::2], strict=True):
        assert sorted(type(result).__name__ for result in pair) == ["AlreadyReversed", "Posting"]
    assert balances(source, target) == [1_000, 0]


def test_the_same_reversal_twice_at_once_is_one_reversal():
    source, target = wallets(100, 0)
    for _ in range(5):
        posting, undo = post_one_line(source, target, 10).id, posting_id()
        call = as_service(services.reverse, posting_id=undo, reverses=posting)
        results = at_once(call, call)
        assert sorted(result.replayed for result in results) == [False, True]
    assert balances(source, target) == [100, 0]


def test_two_part_commits_at_once_never_take_more_than_the_hold():
    source, target = wallets(1_000, 0)
    for _ in range(10):
        hold = place(source, 100)
        results = at_once(*[partial(commit, hold, target, 60, final=False)] * 2)
        assert errors(results) == {HoldExceeded: 1}
    assert balances(source, target) == [400, 600]
    assert account(source).held == 400


def test_holds_and_spends_at_once_never_promise_more_than_there_is():
    """blnk#181: twenty ask for a tenth each, half of them by holds."""
    source, target = wallets(1_000, 0)
    calls = [partial(place, source, 100), partial(post_one_line, source, target, 100)] * 10
    results = at_once(*calls)
    assert errors(results) == {InsufficientFunds: 10}
    assert account(source).available == 0


def test_of_commit_release_and_expiry_at_once_exactly_one_wins():
    (source, target), wins = wallets(100_000, 0), Counter[str]()
    for number in range(60):
        lead = list(permutations((0.0, 0.004, 0.008)))[number % 6]
        hold = place(source, 100, expires_in=timedelta(hours=1))
        expires_at = let_expire(hold, after=timedelta(milliseconds=25 + number))

        def late(
            seconds: float, call: Callable[[], Any], until=expires_at, early: float = number / 1000
        ) -> Any:
            # On a slow day a thread wakes late: later rounds begin earlier.
            sleep(max(0.0, (until - now()).total_seconds() - 0.008 - early) + seconds)
            return call()

        results = at_once(
            partial(late, lead[0], partial(commit, hold, target, 100)),
            partial(late, lead[1], as_service(services.release_hold, hold_id=hold)),
            partial(late, lead[2] + 0.004, as_service(services.release_expired_holds)),
        )
        assert set(errors(results)) <= {HoldNotOpen}
        won = {
            "COMMITTED": isinstance(results[0], Posting),
            "RELEASED": not isinstance(results[1], Exception),
            "EXPIRED": results[2] == 1,
        }
        with acting_as_service():
            state = Hold.objects.get(pk=hold).state
            moved = Transaction.objects.filter(hold_id=hold).count()
        assert [name for name, it_did in won.items() if it_did] == [state]
        assert moved == (state == "COMMITTED")
        wins[state] += 1
        if len(wins) == 3 and number > 10:
            break
    assert set(wins) == {"COMMITTED", "RELEASED", "EXPIRED"}
    assert account(source).held == 0
    assert balances(target) == [100 * wins["COMMITTED"]]


@pytest.mark.parametrize("how", ["commit", "release", "expire"])
def test_whoever_changes_a_hold_waits_for_its_account_and_locks_nothing_before(how):
    """All in one order, or two of them would embrace each other."""
    source, target = wallets(1_000, 0)
    hold = place(source, 100, expires_in=timedelta(hours=1))
    if how == "expire":
        let_expire(hold, after=timedelta(0))
    locked = Event()

    def change() -> Any:
        assert locked.wait(PATIENCE)
        if how == "commit":
            return commit(hold, target, 100)
        call = (
            services.release_expired_holds
            if how == "expire"
            else partial(services.release_hold, hold_id=hold)
        )
        return as_service(call)()

    def watch() -> None:
        with root() as database, database.transaction(force_rollback=True):
            database.execute("select 1 from wallet_account where id = %s for update", [source])
            locked.set()
            deadline = monotonic() + 10
            while not somebody_waits():
                assert monotonic() < deadline
                sleep(0.005)
            database.execute("select 1 from wallet_hold where id = %s for update nowait", [hold])

    assert errors(at_once(watch, change)) == {}
    assert account(source).held == 0
