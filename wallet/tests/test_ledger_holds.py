"""Holds: what is set aside is spoken for until it moves, is given back, or its time is over."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.models import Hold, Transaction
from wallet.refusals import (
    AccountFrozen,
    AccountHot,
    AccountNoDebit,
    AccountNotEmpty,
    AccountNotFound,
    AmountNotPositive,
    ExpiryInPast,
    HoldExceeded,
    HoldIdReused,
    HoldNotFound,
    HoldNotOpen,
    InsufficientFunds,
    PostingIdReused,
)
from wallet.services import Posting
from wallet.tests.ledger import (
    account,
    ask,
    balances,
    now,
    place_overdue,
    post_one_line,
    refused,
    set_limits,
    set_state,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_add_up(db):
    with acting_as_service():
        yield
    assert services.verify() == []


def place(source: UUID, amount: int, expires_at: datetime | None = None, *, hold: UUID | None = None) -> UUID:
    hold = hold or uuid7()
    services.place_hold(hold_id=hold, account_id=source, amount=amount, expires_at=expires_at, reason="order")
    return hold


def commit(
    hold: UUID, credit: UUID, amount: int, posting: UUID | None = None, *, final: bool = True
) -> Posting:
    return services.commit_hold(
        hold_id=hold,
        posting_id=posting or posting_id(),
        credit=credit,
        amount=amount,
        kind="PAYMENT",
        final=final,
    )


def state(hold: UUID) -> tuple[str, int]:
    found = Hold.objects.get(pk=hold)
    return found.state, found.committed


def test_a_hold_lowers_what_is_available_and_not_the_balance():
    (source,) = wallets(100)
    place(source, 30)
    place(source, 70)
    found = account(source)
    assert (found.balance, found.held, found.available) == (100, 100, 0)
    with refused(InsufficientFunds, available=0):
        place(source, 1)


def test_a_hold_is_committed_in_parts_and_the_rest_released_with_the_last():
    source, target = wallets(100, 0)
    hold = place(source, 60)
    commit(hold, target, 20, final=False)
    commit(hold, target, 15, final=False)
    assert (account(source).held, state(hold)) == (25, ("OPEN", 35))
    commit(hold, target, 5)
    assert (account(source).held, state(hold)) == (0, ("COMMITTED", 40))
    assert balances(source, target) == [60, 40]
    with refused(HoldNotOpen, state="COMMITTED"):
        commit(hold, target, 1)


def test_the_last_kobo_closes_a_hold_even_when_more_was_to_come():
    source, target = wallets(100, 0)
    hold = place(source, 60)
    commit(hold, target, 60, final=False)
    assert state(hold) == ("COMMITTED", 60)


def test_parts_never_exceed_the_hold():
    source, target = wallets(1_000, 0)
    hold = place(source, 100)
    commit(hold, target, 60, final=False)
    with refused(HoldExceeded, left=40):
        commit(hold, target, 41, final=False)
    commit(hold, target, 40, final=False)


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_of_holds_are_above_zero(amount):
    source, target = wallets(100, 0)
    with refused(AmountNotPositive):
        place(source, amount)
    hold = place(source, 10)
    with refused(AmountNotPositive):
        commit(hold, target, amount)


def test_a_commit_repeated_under_its_id_happens_once():
    """midaz#2485: the reply was lost, the client asks again."""
    (source, target), posting = wallets(100, 0), posting_id()
    hold = place(source, 60)
    first = commit(hold, target, 20, posting, final=False)
    again = commit(hold, target, 20, posting, final=False)
    assert again.replayed and not first.replayed
    with refused(PostingIdReused, field="amount"):
        commit(hold, target, 21, posting, final=False)
    commit(hold, target, 1)
    assert commit(hold, target, 20, posting, final=False).replayed
    assert Transaction.objects.filter(hold_id=hold).count() == 2
    assert balances(target) == [21]


def test_a_commit_under_the_id_of_another_posting_is_refused():
    source, target = wallets(100, 0)
    other = post_one_line(source, target, 20, kind="PAYMENT").id
    first, second, posting = place(source, 20), place(source, 20), posting_id()
    commit(first, target, 20, posting)
    for used in (other, posting):
        with refused(PostingIdReused, field="hold"):
            commit(second, target, 20, used)
    assert account(source).held == 20


def test_a_hold_placed_again_changes_nothing_and_with_other_content_is_refused():
    source, other = wallets(100, 100)
    until = now() + timedelta(hours=1)
    hold = place(source, 60, until)
    place(source, 60, until, hold=hold)
    assert account(source).held == 60
    for field, again in (
        ("account", (other, 60, until)),
        ("amount", (source, 61, until)),
        ("expires_at", (source, 60, None)),
    ):
        with refused(HoldIdReused, field=field):
            place(*again, hold=hold)


def test_a_released_hold_gives_back_what_is_left_once():
    source, target = wallets(100, 0)
    hold = place(source, 60)
    commit(hold, target, 10, final=False)
    services.release_hold(hold_id=hold)
    services.release_hold(hold_id=hold)
    assert (account(source).held, account(source).available) == (0, 90)
    assert state(hold) == ("RELEASED", 10)
    with refused(HoldNotOpen, state="RELEASED"):
        commit(hold, target, 1)


def test_an_overdue_hold_is_spent_by_nobody_and_binds_nobody():
    """A late sweeper neither lets it be committed nor keeps the owner from the money."""
    source, target = wallets(100, 0)
    hold = place_overdue(source, 100)
    with refused(HoldNotOpen, state="EXPIRED"):
        commit(hold, target, 1)
    post_one_line(source, target, 60)
    assert (state(hold), account(source).held) == (("EXPIRED", 0), 0)
    hold = place_overdue(source, 40)
    place(source, 40)
    assert (state(hold), account(source).held) == (("EXPIRED", 0), 40)


def test_a_refusal_does_not_even_close_an_overdue_hold():
    source, target = wallets(100, 0)
    hold = place_overdue(source, 50)
    with refused(InsufficientFunds, available=100):
        post_one_line(source, target, 101)
    with refused(InsufficientFunds, available=100):
        place(source, 101)
    assert state(hold) == ("OPEN", 0)


def test_the_sweeper_closes_overdue_holds_and_no_others():
    source, target = wallets(1_000, 0)
    for seconds in (0.5, 5.0):  # on a slow day the first is over before it is committed
        committed = place(source, 10, now() + timedelta(seconds=seconds))
        try:
            commit(committed, target, 4, final=False)
        except HoldNotOpen:
            services.release_expired_holds()
        else:
            break
    ask("select pg_sleep(%s)", seconds)
    holds = [place_overdue(source, 10) for _ in range(3)]
    kept = [place(source, 10), place(source, 10, now() + timedelta(hours=1))]
    assert services.release_expired_holds() == 4
    assert services.release_expired_holds() == 0
    assert {state(hold) for hold in holds} == {("EXPIRED", 0)}
    assert {state(hold) for hold in kept} == {("OPEN", 0)}
    assert state(committed) == ("EXPIRED", 4)
    assert account(source).held == 20
    with refused(HoldNotOpen, state="EXPIRED"):
        services.release_hold(hold_id=holds[0])


def test_what_cannot_be_held_is_refused_by_name():
    (source,) = wallets(100)
    with refused(AccountNotFound):
        place(uuid4(), 1)
    with refused(AccountHot):
        place(system("SUSPENSE"), 1)
    with refused(ExpiryInPast):
        place(source, 1, now() - timedelta(seconds=1))
    for name, error in (("FROZEN", AccountFrozen), ("NO_DEBIT", AccountNoDebit)):
        set_state(source, name)
        with refused(error):
            place(source, 1)
    for call in (services.release_hold, lambda hold_id: commit(hold_id, source, 1)):
        with refused(HoldNotFound):
            call(hold_id=uuid4())


def test_a_frozen_account_keeps_its_holds_and_pays_none():
    source, target = wallets(100, 0)
    hold = place(source, 60)
    set_state(source, "FROZEN")
    with refused(AccountFrozen):
        commit(hold, target, 60)
    services.release_hold(hold_id=hold)
    assert account(source).held == 0


def test_an_account_with_money_or_holds_is_not_closed_nor_its_floor_raised_over_them():
    source, target = wallets(100, 0)
    hold = place(source, 60)
    with refused(InsufficientFunds):
        set_limits(source, floor=41, cap=None)
    set_limits(source, floor=40, cap=None)
    set_limits(source, floor=0, cap=None)
    with refused(AccountNotEmpty, balance=100, held=60):
        set_state(source, "CLOSED")
    commit(hold, target, 60)
    post_one_line(source, target, 40)
    set_state(source, "CLOSED")
