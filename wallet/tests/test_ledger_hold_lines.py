"""One hold, one posting of several lines: what is paid out counts as sent, and the fees for it do not."""

from uuid import UUID

import pytest
from django.db import ProgrammingError

from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.models import Hold, LimitCounter
from wallet.refusals import (
    DailySendingLimitExceeded,
    HoldExceeded,
    HoldIdReused,
    HoldNotOpen,
    PostingIdReused,
)
from wallet.services import Line, Posting
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import account, ask, balances, place_overdue, refused, system

pytestmark = pytest.mark.django_db
NAIRA = 100


@pytest.fixture
def purse(ada) -> UUID:
    """₦100,000 of a customer who may send ₦50,000 in a day."""
    return make_wallet(ada, amount=100_000 * NAIRA, tier=1).pk


@pytest.fixture(autouse=True)
def _books_add_up(db):
    with acting_as_service():
        yield
        assert services.verify() == []


def place(source: UUID, amount: int, *, counted: int | None = None, hold: UUID | None = None) -> UUID:
    hold = hold or uuid7()
    services.place_hold(
        hold_id=hold, account_id=source, amount=amount, counted=counted, expires_at=None, reason="out"
    )
    return hold


def commit(hold: UUID, source: UUID, *lines: tuple[str, str, int], posting: UUID | None = None) -> Posting:
    return services.commit_hold_lines(
        hold_id=hold,
        posting_id=posting or posting_id(),
        lines=[Line(kind, source, system(code), amount) for kind, code, amount in lines],
    )


OUT, FEE, VAT = ("WITHDRAWAL", "PAYSTACK_CLEARING"), ("FEE", "FEE_INCOME"), ("VAT", "VAT_PAYABLE")


def used(purse: UUID) -> int:
    return LimitCounter.objects.get(account_id=purse, kind="SENDING").used


def test_a_payout_its_fee_and_the_tax_on_it_are_one_posting_out_of_one_hold(purse):
    hold = place(purse, 10_000 + 2_500 + 188, counted=10_000)
    assert used(purse) == 10_000
    posting = commit(hold, purse, (*OUT, 10_000), (*FEE, 2_500), (*VAT, 188))
    assert [line.debit_version for line in posting.transactions] == [2, 3, 4]
    found = Hold.objects.get(pk=hold)
    assert (found.state, found.committed, found.counted_committed) == ("COMMITTED", 12_688, 10_000)
    assert (account(purse).held, account(purse).balance) == (0, 100_000 * NAIRA - 12_688)
    assert used(purse) == 10_000


def test_fees_do_not_take_up_the_limit_of_the_day(purse):
    place(purse, 50_000 * NAIRA + 5_375, counted=50_000 * NAIRA)
    with refused(DailySendingLimitExceeded):
        place(purse, 1)
    place(purse, 5_000, counted=0)


def test_what_is_not_paid_out_is_given_back_to_the_day(purse):
    released, part = place(purse, 9_000, counted=8_000), place(purse, 7_000, counted=6_000)
    services.release_hold(hold_id=released)
    assert used(purse) == 6_000
    commit(part, purse, (*OUT, 2_000), (*FEE, 1_000))
    assert (used(purse), account(purse).held) == (2_000, 0)


def test_an_overdue_hold_gives_back_no_more_than_counted(purse):
    until = place_overdue(purse, 500)
    assert services.release_expired_holds() == 1
    assert (Hold.objects.get(pk=until).state, used(purse)) == ("EXPIRED", 0)


def test_more_than_was_set_aside_for_either_is_refused(purse):
    hold = place(purse, 1_100, counted=1_000)
    with refused(HoldExceeded, left=1_100):
        commit(hold, purse, (*OUT, 1_000), (*FEE, 101))
    with refused(HoldExceeded, left=1_000):
        commit(hold, purse, (*OUT, 1_001), (*FEE, 99))
    assert Hold.objects.get(pk=hold).state == "OPEN"


def test_a_repeat_is_the_first_and_other_lines_are_refused(purse):
    hold, posting = place(purse, 1_100, counted=1_000), posting_id()
    lines = ((*OUT, 1_000), (*FEE, 100))
    first = commit(hold, purse, *lines, posting=posting)
    again = commit(hold, purse, *lines, posting=posting)
    assert (first.replayed, again.replayed) == (False, True) and first.transactions == again.transactions
    with refused(PostingIdReused, field="amount"):
        commit(hold, purse, (*OUT, 999), (*FEE, 101), posting=posting)
    with refused(HoldNotOpen, state="COMMITTED"):
        commit(hold, purse, *lines)
    with refused(HoldIdReused, field="counted"):
        place(purse, 1_100, counted=900, hold=hold)


def test_what_is_taken_back_gives_back_what_counted(purse):
    hold, posting = place(purse, 1_100, counted=1_000), posting_id()
    commit(hold, purse, (*OUT, 1_000), (*FEE, 100), posting=posting)
    services.reverse(posting_id=posting_id(), reverses=posting)
    assert (used(purse), account(purse).balance) == (0, 100_000 * NAIRA)


def test_a_customer_cannot_say_that_nothing_counts(ada, purse):
    with acting_as(ada), pytest.raises(ProgrammingError, match="what counts"):
        ask("select wallet.place_hold(%s, %s, 40, null, '', 0)", uuid7(), purse)
    with acting_as(ada), pytest.raises(ProgrammingError, match="permission denied"):
        ask("select wallet.commit_hold_lines(%s, %s, '{}', '{}', '{}')", uuid7(), uuid7())


@pytest.mark.parametrize("counted", [-1, 101])
def test_what_counts_is_a_part_of_it(purse, counted):
    with pytest.raises(Exception, match="part of the amount"):
        place(purse, 100, counted=counted)


def test_balances_of_the_other_sides(purse):
    hold = place(purse, 1_100, counted=1_000)
    before = balances(system("FEE_INCOME"))
    commit(hold, purse, (*OUT, 1_000), (*FEE, 100))
    assert balances(system("FEE_INCOME")) == [before[0] + 100]
