"""Limits are checked and counted where the balance moves: whoever asks, however many at once, by whatever door."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import Error

from accounts.models import Customer
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.models import LimitCounter
from wallet.refusals import (
    AmountTooLarge,
    BalanceCapExceeded,
    DailyReceivingLimitExceeded,
    DailySendingLimitExceeded,
    SingleAmountExceeded,
)
from wallet.services import Line, Single
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    DOORS,
    account,
    ask,
    by_post_one,
    give,
    make_rule,
    post_one_line,
    prove_the_books,
    refused,
    system,
    uncounted,
    wallets,
)

pytestmark = pytest.mark.django_db
DAILY = 50_000_00
FIFTH = DAILY // 5


@pytest.fixture(autouse=True)
def _books_add_up(db):
    yield
    prove_the_books()


@pytest.fixture
def ada():
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(ada) -> UUID:
    return make_wallet(ada, amount=200_000_00).pk


@pytest.fixture
def bola() -> UUID:
    return wallets(0)[0]


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request):
    with acting_as_service():
        yield request.param


def used(pk: UUID) -> tuple[int, int]:
    """What counts as sent and as received today, as its owner is told."""
    with acting_as_service():
        found = {row.kind: row.used for row in LimitCounter.objects.filter(account_id=pk)}
    return found["SENDING"], found["RECEIVING"]


def test_a_wallet_sends_up_to_its_limit_to_the_kobo_and_no_more(door, purse, bola):
    door(posting_id(), "TRANSFER", purse, bola, DAILY - 1)
    facts = {"limit": DAILY, "used": DAILY - 1, "available": 1, "amount": 2, "tier": 1, "account": str(purse)}
    with refused(DailySendingLimitExceeded, **facts):
        door(posting_id(), "TRANSFER", purse, bola, 2)
    door(posting_id(), "TRANSFER", purse, bola, 1)
    with refused(DailySendingLimitExceeded, available=0):
        door(posting_id(), "TRANSFER", purse, bola, 1)
    assert used(purse) == (DAILY, 200_000_00) and used(bola) == (0, DAILY)


def test_a_repeat_of_what_was_sent_is_answered_and_counts_once(door, purse, bola):
    order = posting_id()
    first = door(order, "TRANSFER", purse, bola, DAILY)
    again = door(order, "TRANSFER", purse, bola, DAILY)
    assert (first.replayed, again.replayed, again.debit_balance) == (False, True, first.debit_balance)
    assert used(purse) == (DAILY, 200_000_00)


@pytest.mark.parametrize(
    "kind", ["FEE", "VAT", "REVERSAL", "ADJUSTMENT", "INTEREST", "BONUS", "CLAWBACK", "RELEASE"]
)
def test_what_a_customer_does_not_choose_counts_nowhere_and_is_not_stopped(door, purse, bola, kind):
    door(posting_id(), "TRANSFER", purse, bola, DAILY)
    door(posting_id(), kind, purse, bola, 7)
    assert used(purse) == (DAILY, 200_000_00) and used(bola) == (0, DAILY)


def test_a_fee_beside_the_amount_counts_not_and_many_lines_count_together(purse, bola):
    fees = system("FEE_INCOME")
    with acting_as_service():
        lines = [
            Line("TRANSFER", purse, bola, FIFTH * 2),
            Line("FEE", purse, fees, 50),
            Line("VAT", purse, fees, 4),
        ]
        services.post(posting_id=posting_id(), lines=lines)
        assert used(purse)[0] == FIFTH * 2
        lines = [Line("TRANSFER", purse, bola, FIFTH * 2), Line("TRANSFER", purse, bola, FIFTH * 2)]
        with refused(DailySendingLimitExceeded, index=1, used=FIFTH * 4):
            services.post(posting_id=posting_id(), lines=lines)


def test_one_transaction_may_be_bounded_by_itself(door, purse, bola):
    make_rule(1, daily_sending=DAILY, single_amount=FIFTH, balance_cap=None)
    with refused(SingleAmountExceeded, limit=FIFTH, available=FIFTH, amount=FIFTH + 1, tier=1):
        door(posting_id(), "TRANSFER", purse, bola, FIFTH + 1)
    for _time in range(5):
        door(posting_id(), "TRANSFER", purse, bola, FIFTH)
    with refused(DailySendingLimitExceeded):
        door(posting_id(), "TRANSFER", purse, bola, 1)


def test_what_comes_in_is_bounded_where_a_rule_says_so(door, purse, bola):
    make_rule(3, daily_receiving=1_000)
    with acting_as_service():
        assert account(bola).daily_receiving == 1_000
    door(posting_id(), "TRANSFER", purse, bola, 1_000)
    with refused(DailyReceivingLimitExceeded, limit=1_000, used=1_000, account=str(bola)):
        door(posting_id(), "TRANSFER", purse, bola, 1)
    door(posting_id(), "BONUS", system("EQUITY"), bola, 1)


def test_accounts_that_are_no_wallets_have_no_limits(bola):
    kept = uncounted(10 * DAILY)
    post_one_line(kept, system("FEE_INCOME"), 10 * DAILY, kind="PAYMENT")
    assert account(kept).sent is None
    with acting_as_service():
        assert not LimitCounter.objects.filter(account_id=kept).exists()


def test_a_day_without_a_limit_still_fits_64_bits(bola):
    make_rule(3)
    huge, other = wallets(0, 0)
    for _time in range(4):
        give(huge, 10**18)
        post_one_line(huge, other, 10**18)
        post_one_line(other, system("EQUITY"), 10**18, kind="ADJUSTMENT")
    post_one_line(system("EQUITY"), huge, 5, kind="ADJUSTMENT")
    with pytest.raises(AmountTooLarge):
        post_one_line(huge, other, 1)
    with pytest.raises(AmountTooLarge):
        many(Line("TRANSFER", huge, other, 1))


# Reversals


def test_what_is_reversed_today_is_given_back_to_both(purse, bola):
    sent = post_one_line(purse, bola, DAILY).id
    with acting_as_service():
        services.reverse(posting_id=(back := posting_id()), reverses=sent)
        services.reverse(posting_id=back, reverses=sent)
    assert used(purse) == (0, 200_000_00) and used(bola) == (0, 0)
    post_one_line(purse, bola, DAILY)


def test_of_a_posting_of_many_lines_that_is_reversed_what_counted_is_given_back(purse, bola):
    fees = system("FEE_INCOME")
    posting = posting_id()
    with acting_as_service():
        lines = [
            Line("TRANSFER", purse, bola, 100),
            Line("FEE", purse, fees, 7),
            Line("TRANSFER", purse, bola, 30),
        ]
        services.post(posting_id=posting, lines=lines)
        assert used(purse)[0] == 130
        services.reverse(posting_id=posting_id(), reverses=posting)
    assert used(purse)[0] == 0 and used(bola) == (0, 0)


# Bulk


def many(*lines: Line) -> int:
    with acting_as_service():
        return services.post_many(postings=[Single(posting_id(), line) for line in lines])


def test_a_batch_counts_each_line_and_is_refused_whole_by_the_first_that_is_over(purse, bola):
    assert many(
        Line("TRANSFER", purse, bola, FIFTH),
        Line("FEE", purse, bola, 5),
        Line("TRANSFER", purse, bola, FIFTH),
    )
    assert used(purse)[0] == 2 * FIFTH and used(bola) == (0, 2 * FIFTH)
    with refused(DailySendingLimitExceeded, index=3, used=5 * FIFTH, available=0, amount=1):
        many(
            Line("TRANSFER", purse, bola, FIFTH),
            Line("INTEREST", bola, purse, 1),
            Line("TRANSFER", purse, bola, 2 * FIFTH),
            Line("TRANSFER", purse, bola, 1),
            Line("TRANSFER", purse, bola, 1),
        )
    make_rule(3, daily_receiving=2 * FIFTH)
    with refused(DailyReceivingLimitExceeded, index=0, available=0):
        many(Line("TRANSFER", purse, bola, 1))


def test_a_batch_made_again_counts_nothing_twice(purse, bola):
    postings = [Single(posting_id(), Line("TRANSFER", purse, bola, FIFTH)) for _ in range(5)]
    with acting_as_service():
        assert services.post_many(postings=postings) == 5
        assert services.post_many(postings=postings) == 0
    assert used(purse)[0] == DAILY


# Tiers and rules


def test_a_raised_tier_counts_at_once_and_keeps_what_was_used(ada, purse, bola):
    post_one_line(purse, bola, DAILY)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=2)
    now = account(purse)
    assert (now.daily_sending, now.cap, now.sent) == (4 * DAILY, 500_000_00, DAILY)
    post_one_line(purse, bola, 3 * DAILY)
    give(purse, 500_000_00)
    with pytest.raises(BalanceCapExceeded):
        give(purse, 1)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=1)
    with refused(DailySendingLimitExceeded, limit=DAILY, used=4 * DAILY, available=0):
        post_one_line(purse, bola, 1)
    post_one_line(purse, bola, 1, kind="FEE")


def test_a_rule_of_today_holds_at_once_and_one_of_tomorrow_not_yet(purse, bola):
    make_rule(1, days=1, daily_sending=1)
    post_one_line(purse, bola, 2)
    make_rule(1, daily_sending=10)
    with refused(DailySendingLimitExceeded, limit=10, used=2, available=8):
        post_one_line(purse, bola, 9)
    post_one_line(purse, bola, 8)


@pytest.mark.parametrize(
    "statement",
    [
        "update wallet_tierrule set daily_sending = 1 where from_date < current_date",
        "update wallet_tierrule set source = 'me' where from_date < current_date",
        "delete from wallet_tierrule where from_date < current_date",
        "update wallet_tierrule set from_date = current_date where source = 'a test'",
    ],
)
def test_a_rule_in_force_is_never_changed_nor_made_of_another(statement):
    make_rule(1, days=3, daily_sending=1)
    with acting_as_service(), pytest.raises(Error, match="a rule in force is not changed"):
        ask(statement)


def test_a_rule_that_is_to_come_may_be_thought_over():
    rule = make_rule(1, days=3, daily_sending=1)
    with acting_as_service():
        rule.daily_sending = 2
        rule.save(update_fields=["daily_sending"])
        rule.delete()


# Ways round


def test_a_customer_posts_no_kind_that_counts_not_and_writes_no_counter(ada, purse, bola):
    with acting_as(ada):
        for kind in ("FEE", "RELEASE", "REVERSAL", "BONUS", "INTEREST"):
            with pytest.raises(Error, match="transfers to people only"):
                by_post_one(posting_id(), kind, purse, bola, 1)
        for change in ("sent = 0", "daily_sending = null", "counted_until = null", "owner_state = 'ACTIVE'"):
            with pytest.raises(Error, match="permission denied"):
                ask(f"update wallet_account set {change} where id = %s", purse)
        with pytest.raises(Error, match="permission denied"):
            ask("select wallet.begin_day(array[%s::uuid], now() + interval '2 days')", purse)
        with pytest.raises(Error):
            ask("update wallet_limitcounter set used = 0")
    with acting_as_service(), pytest.raises(Error, match="permission denied"):
        ask("update wallet_account set sent = 0 where id = %s", purse)


def test_many_small_transfers_stop_where_one_would(ada, purse, bola):
    make_rule(1, daily_sending=50)
    with acting_as(ada):
        for _time in range(50):
            by_post_one(posting_id(), "TRANSFER", purse, bola, 1)
        with refused(DailySendingLimitExceeded):
            by_post_one(posting_id(), "TRANSFER", purse, bola, 1)


def test_each_wallet_sees_its_own_counters_only(ada, purse, bola):
    with acting_as(ada):
        rows = {(row.account_id, row.kind): (row.used, row.limit) for row in LimitCounter.objects.all()}
    assert rows == {(purse, "SENDING"): (0, DAILY), (purse, "RECEIVING"): (200_000_00, None)}


def test_the_day_of_a_new_wallet_ends_within_a_day(purse):
    assert timedelta(hours=0) < account(purse).counted_until - account(purse).opened_at <= timedelta(hours=24)
