"""Limits where several ask at the same moment, where money is set aside, and where a day ends in between."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.models import LimitCounter
from wallet.refusals import DailySendingLimitExceeded, SingleAmountExceeded
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    account,
    as_service,
    ask,
    at_once,
    balances,
    by_post_one,
    commit,
    errors,
    give,
    make_rule,
    place,
    place_overdue,
    post_one_line,
    prove_the_books,
    refused,
    root,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAILY = 50_000_00
FIFTH = DAILY // 5
LAGOS = ZoneInfo("Africa/Lagos")


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db):
    yield
    prove_the_books()


@pytest.fixture
def ada():
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(ada) -> UUID:
    return make_wallet(ada, amount=300_000_00).pk


@pytest.fixture
def bola() -> UUID:
    return wallets(0)[0]


def sent(pk: UUID) -> int:
    with acting_as_service():
        return LimitCounter.objects.get(account_id=pk, kind="SENDING").used


def night_falls(*accounts: UUID) -> None:
    """All that these accounts did so far was done the day before."""
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute(
            "update wallet_account set counted_until = counted_until - interval '1 day' where id = any (%s)",
            [list(accounts)],
        )
        for table, moment in (("wallet_hold", "created_at"), ("wallet_hold", "expires_at")):
            database.execute(f"update {table} set {moment} = {moment} - interval '1 day'")
        aged = "recorded_at = recorded_at - interval '1 day', effective_at = effective_at - interval '1 day'"
        database.execute(f"update wallet_transaction t set {aged}")
        database.execute(
            "update wallet_transaction t set digest = wallet.digest_of(t.id, t.posting_id, t.debit_account_id, "
            "t.credit_account_id, t.amount, t.currency, t.debit_version, t.debit_balance, t.credit_version, "
            "t.credit_balance, t.effective_at, t.recorded_at, t.hold_id, t.reverses, t.actor_id, t.kind, t.description)"
        )


def test_of_ten_transfers_of_a_fifth_at_once_exactly_five_go_through(purse, bola):
    found = at_once(
        *[as_service(by_post_one, posting_id(), "TRANSFER", purse, bola, FIFTH) for _ in range(10)]
    )
    assert errors(found) == {DailySendingLimitExceeded: 5}
    assert balances(purse, bola) == [300_000_00 - DAILY, DAILY]


def test_by_every_door_at_once_no_more_than_the_limit_goes_through(ada, purse, bola):
    def by_bulk() -> int:
        line = services.Line("TRANSFER", purse, bola, FIFTH)
        return services.post_many(postings=[services.Single(posting_id(), line)])

    def by_customer() -> object:
        with acting_as(ada):
            return ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, %s)", posting_id(), purse, bola, FIFTH)

    calls = [
        *[as_service(by_bulk) for _ in range(4)],
        *[by_customer for _ in range(4)],
        *[lambda: place(purse, FIFTH) for _ in range(4)],
    ]
    found = at_once(*calls)
    assert errors(found) == {DailySendingLimitExceeded: 7}
    assert sent(purse) == DAILY


def test_the_same_transfer_ten_times_at_once_counts_once(purse, bola):
    order = posting_id()
    found = at_once(*[as_service(by_post_one, order, "TRANSFER", purse, bola, DAILY) for _ in range(10)])
    assert errors(found) == {} and sum(not done.replayed for done in found) == 1
    assert sent(purse) == DAILY


def test_a_tier_that_is_raised_while_transfers_run_is_never_lost(ada, purse, bola):
    def rise() -> None:
        with acting_as_service():
            Customer.objects.filter(user=ada).update(tier=2)

    sends = [as_service(by_post_one, posting_id(), "TRANSFER", purse, bola, FIFTH) for _ in range(7)]
    found = at_once(*sends, rise)
    assert set(errors(found)) <= {DailySendingLimitExceeded}
    assert account(purse).daily_sending == 4 * DAILY
    post_one_line(purse, bola, 4 * DAILY - sent(purse))
    with pytest.raises(DailySendingLimitExceeded):
        post_one_line(purse, bola, 1)


def test_a_wallet_that_opens_while_its_owners_tier_changes_follows_it():
    people = [make_person() for _ in range(6)]

    def rise(person) -> None:
        with acting_as_service():
            Customer.objects.filter(user=person).update(tier=3)

    calls = [
        call for person in people for call in (lambda p=person: make_wallet(p), lambda p=person: rise(p))
    ]
    assert errors(at_once(*calls)) == {}
    for person in people:
        pk = make_wallet(person).pk
        assert (account(pk).daily_sending, account(pk).cap) == (5_000_000_00, None)


# Holds


def test_a_hold_reserves_what_may_be_sent_and_its_release_gives_it_back(purse, bola):
    hold = place(purse, 4 * FIFTH)
    assert sent(purse) == 4 * FIFTH
    with refused(DailySendingLimitExceeded, used=4 * FIFTH, available=FIFTH):
        post_one_line(purse, bola, FIFTH + 1)
    with refused(DailySendingLimitExceeded):
        place(purse, FIFTH + 1)
    with acting_as_service():
        services.release_hold(hold_id=hold)
        services.release_hold(hold_id=hold)
    assert sent(purse) == 0
    post_one_line(purse, bola, DAILY)


def test_what_is_committed_counted_when_it_was_placed_and_the_rest_is_given_back(purse, bola):
    hold = place(purse, DAILY)
    commit(hold, bola, FIFTH, final=False)
    assert sent(purse) == DAILY
    commit(hold, bola, FIFTH)
    assert sent(purse) == 2 * FIFTH
    whole = place(purse, 3 * FIFTH)
    commit(whole, bola, 3 * FIFTH)
    assert sent(purse) == DAILY
    with pytest.raises(DailySendingLimitExceeded):
        post_one_line(purse, bola, 1)


def test_a_commit_that_is_reversed_the_same_day_is_given_back(purse, bola):
    done = commit(place(purse, DAILY), bola, FIFTH)
    with acting_as_service():
        services.reverse(posting_id=posting_id(), reverses=done.id)
    assert sent(purse) == 0


def test_an_overdue_hold_gives_back_by_the_sweep_and_to_whoever_needs_it(purse, bola):
    place_overdue(purse, DAILY)
    post_one_line(purse, bola, FIFTH)
    assert sent(purse) == FIFTH
    place_overdue(purse, 4 * FIFTH)
    place(purse, 3 * FIFTH)
    place_overdue(purse, FIFTH)
    with acting_as_service():
        assert services.release_expired_holds() == 1
    assert sent(purse) == 4 * FIFTH
    place_overdue(purse, FIFTH)
    with acting_as_service():
        line = services.Line("TRANSFER", purse, bola, FIFTH)
        services.post_many(postings=[services.Single(posting_id(), line)])
    assert sent(purse) == DAILY


def test_holds_are_bounded_one_by_one_too(purse):
    make_rule(1, single_amount=10)
    with refused(SingleAmountExceeded, limit=10, amount=11):
        place(purse, 11)
    place(purse, 10)


def test_a_tier_raised_under_a_hold_keeps_what_it_reserved(ada, purse, bola):
    hold = place(purse, DAILY)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=2)
    with refused(DailySendingLimitExceeded, limit=4 * DAILY, used=DAILY):
        post_one_line(purse, bola, 3 * DAILY + 1)
    with acting_as_service():
        services.release_hold(hold_id=hold)
    give(purse, FIFTH)
    post_one_line(purse, bola, 4 * DAILY)


def test_a_customer_gains_nothing_by_placing_holds(ada, purse, bola):
    with acting_as(ada):
        for _time in range(5):
            services.place_hold(
                hold_id=posting_id(), account_id=purse, amount=FIFTH, expires_at=None, reason="mine"
            )
        for call in (
            "select wallet.release_hold(%s)",
            "select wallet.commit_hold(%s, uuidv7(), uuidv7())",
        ):
            with pytest.raises(Exception, match="permission denied"):
                ask(call, posting_id())
        with pytest.raises(DailySendingLimitExceeded):
            ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", posting_id(), purse, bola)


# The day's end


def test_the_day_ends_at_midnight_in_lagos(purse):
    until = account(purse).counted_until.astimezone(LAGOS)
    tomorrow = timezone.now().astimezone(LAGOS).date() + timedelta(days=1)
    assert until == datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=LAGOS)
    with root() as database:
        found = database.execute(
            "select wallet.day_of(a)::text, to_char(wallet.day_end(a) at time zone 'UTC', 'DD HH24:MI:SS') "
            "from unnest(array['2026-02-28 22:59:59.999999+00', '2026-02-28 23:00:00+00']::timestamptz[]) a"
        ).fetchall()
    assert found == [("2026-02-28", "28 23:00:00"), ("2026-03-01", "01 23:00:00")]


def test_with_a_new_day_the_whole_limit_is_there_again(purse, bola):
    post_one_line(purse, bola, DAILY)
    night_falls(purse, bola)
    assert sent(purse) == 0
    post_one_line(purse, bola, DAILY)
    with pytest.raises(DailySendingLimitExceeded):
        post_one_line(purse, bola, 1)


def test_a_hold_of_yesterday_counts_yesterday_whatever_becomes_of_it(purse, bola):
    released, committed = place(purse, FIFTH), place(purse, 3 * FIFTH)
    night_falls(purse, bola)
    post_one_line(purse, bola, DAILY - 1)
    with acting_as_service():
        services.release_hold(hold_id=released)
    done = commit(committed, bola, FIFTH)
    assert sent(purse) == DAILY - 1
    with acting_as_service():
        services.reverse(posting_id=posting_id(), reverses=done.id)
    assert sent(purse) == DAILY - 1
    post_one_line(purse, bola, 1)


def test_what_was_sent_yesterday_and_is_reversed_today_gives_nothing_back(purse, bola):
    yesterday = post_one_line(purse, bola, DAILY).id
    night_falls(purse, bola)
    post_one_line(purse, bola, FIFTH)
    with acting_as_service():
        services.reverse(posting_id=posting_id(), reverses=yesterday)
    assert sent(purse) == FIFTH


def test_a_rule_dated_ahead_comes_into_force_with_its_day_by_itself(purse, bola):
    post_one_line(purse, bola, DAILY)
    make_rule(1, days=1, daily_sending=7)
    assert account(purse).daily_sending == DAILY
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute("update wallet_tierrule set from_date = from_date - 1 where source = 'a test'")
    night_falls(purse, bola)
    with refused(DailySendingLimitExceeded, limit=7, used=0):
        post_one_line(purse, bola, 8)
    post_one_line(purse, bola, 7)
    assert account(purse).daily_sending == 7


def test_ten_at_once_on_the_first_of_a_day_are_five_as_well(purse, bola):
    post_one_line(purse, bola, DAILY)
    night_falls(purse, bola)
    found = at_once(
        *[as_service(by_post_one, posting_id(), "TRANSFER", purse, bola, FIFTH) for _ in range(10)]
    )
    assert errors(found) == {DailySendingLimitExceeded: 5}
    assert sent(purse) == DAILY


def test_a_tampered_counter_is_named_by_verify(purse, bola):
    post_one_line(purse, bola, DAILY)
    for column in ("sent", "received"):
        with root() as database:
            database.execute(f"update wallet_account set {column} = {column} - 1 where id = %s", [purse])
            assert [(fault.check, fault.row) for fault in services.verify()] == [("counter", str(purse))]
            database.execute(f"update wallet_account set {column} = {column} + 1 where id = %s", [purse])
