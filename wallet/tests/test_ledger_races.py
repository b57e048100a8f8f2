"""Who comes first: of many that cannot all have their way, exactly those have it that may."""

from collections import Counter
from collections.abc import Iterator
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
    for number in range(24):
        hold = place(source, 100, expires_in=timedelta(hours=1))
        # While a hold is to be committed or released first, it does not expire.
        expires_at = now() if number < 2 else let_expire(hold, after=timedelta(milliseconds=25 + number))
        calls = {
            "COMMITTED": partial(commit, hold, target, 100),
            "RELEASED": as_service(services.release_hold, hold_id=hold),
            "EXPIRED": as_service(services.release_expired_holds),
        }
        results: dict[str, Any] = {}
        if number < len(calls):  # each comes first once; who is first in the other rounds is chance
            first = [*calls][number]
            if first == "EXPIRED":
                sleep(max(0.0, (expires_at - now()).total_seconds()) + 0.001)
            (results[first],) = at_once(calls.pop(first))

        def late(name: str, lead: float, until=expires_at, calls=calls) -> Any:
            # Expiry is never called too early, so that there is always one who can win.
            early = 0.0 if name == "EXPIRED" else 0.004
            sleep(max(0.0, (until - now()).total_seconds() + lead - early))
            return calls[name]()

        leads = list(permutations((0.0, 0.004, 0.008)))[number % 6]
        raced = at_once(*[partial(late, name, lead) for name, lead in zip(calls, leads, strict=False)])
        results |= dict(zip(calls, raced, strict=True))
        assert set(errors([*results.values()])) <= {HoldNotOpen}
        won = {
            "COMMITTED": isinstance(results["COMMITTED"], Posting),
            "RELEASED": not isinstance(results["RELEASED"], Exception),
            "EXPIRED": results["EXPIRED"] == 1,
        }
        with acting_as_service():
            state = Hold.objects.get(pk=hold).state
            moved = Transaction.objects.filter(hold_id=hold).count()
        assert [name for name, it_did in won.items() if it_did] == [state]
        assert moved == (state == "COMMITTED")
        if number < 3:
            assert state == ["COMMITTED", "RELEASED", "EXPIRED"][number]
        wins[state] += 1
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
