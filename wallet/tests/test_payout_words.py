"""Number 8 of the ledger's promises, for payouts: the gateway's words in every order, each twice, come to one end."""

from collections.abc import Callable
from functools import partial
from itertools import permutations

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.gateways.capabilities import Transfer
from wallet.models import Account, BankAccount, Payout
from wallet.refusals import AccountNoCredit, AlreadyReversed
from wallet.services.approved import reversals
from wallet.tests.approving import propose
from wallet.tests.deposits import at_once
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.payouts import NAIRA, bank_account_of, cases, kinds, money, now, request

HAS, SENT, COST = 20_000 * NAIRA, 5_000 * NAIRA, 1_075
PENDING, SUCCEEDED, FAILED, REVERSED = "PENDING", "SUCCEEDED", "FAILED", "REVERSED"
pytestmark = pytest.mark.django_db


@pytest.fixture
def purse(ada) -> Account:
    return make_wallet(ada, amount=HAS)


@pytest.fixture
def bank(ada) -> BankAccount:
    install_sandbox()
    return bank_account_of(ada)


@pytest.fixture
def payout(purse, bank) -> Payout:
    """One whose order got no answer."""
    made = request(purse, bank, SENT)
    at = timezone.now()
    with acting_as_service():
        Payout.objects.filter(pk=made.pk).update(state="UNKNOWN", unknown_since=at, ordered_at=at, orders=1)
    yield now(made)
    assert wallet.verify() == []


def said(payout: Payout, state: str, *, amount: int = SENT, currency: str = "NGN") -> Transfer:
    return Transfer(payout.reference, state, amount, currency, 1_000, "TRF_1", "", state.lower(), raw={})


def hear(payout: Payout, *states: str) -> Payout:
    for state in states:
        wallet.settle_payout(payout_id=payout.pk, transfer=said(payout, state), at=timezone.now())
    return now(payout)


@pytest.mark.parametrize("order", list(permutations([PENDING, SUCCEEDED, REVERSED])), ids=str)
def test_a_payout_that_came_back_is_back_whatever_is_heard_first(payout, purse, order):
    found = hear(payout, *[word for word in order for _twice in range(2)])
    # Heard first that it came back, it was never taken; heard after that it was paid, staff look at it.
    late = order.index(SUCCEEDED) > order.index(REVERSED)
    assert (found.state, money(purse)) == ("FAILED" if late else "RETURNED", (HAS, 0))
    assert cases() == ([("paid_after_all", "OPEN")] if late else [])
    assert sum(change for _kind, change in kinds(payout)) == 0


@pytest.mark.parametrize(
    ("heard", "state", "left"),
    [
        ((SUCCEEDED, PENDING), "SUCCEEDED", HAS - SENT - COST),
        ((SUCCEEDED, SUCCEEDED, PENDING), "SUCCEEDED", HAS - SENT - COST),
        ((FAILED, PENDING, FAILED), "FAILED", HAS),
        ((SUCCEEDED, REVERSED, FAILED), "RETURNED", HAS),
        ((SUCCEEDED, FAILED, REVERSED), "RETURNED", HAS),
        ((SUCCEEDED, REVERSED, SUCCEEDED), "RETURNED", HAS),
        ((REVERSED, REVERSED), "FAILED", HAS),
    ],
)
def test_later_words_do_not_undo_what_is_settled(payout, purse, heard, state, left):
    found = hear(payout, *heard)
    assert (found.state, money(purse)) == (state, (left, 0))


def test_every_word_at_once_takes_or_frees_the_money_once(transactional_db, ada):
    install_sandbox()
    purse, bank = make_wallet(ada, amount=HAS), bank_account_of(ada)
    payouts = [request(purse, bank, SENT) for _ in range(3)]
    steps = [lambda p=payout, w=word: hear(p, w) for payout in payouts for word in (SUCCEEDED, PENDING) * 3]
    assert at_once(*steps) == []
    assert {now(payout).state for payout in payouts} == {"SUCCEEDED"}
    assert money(purse) == (HAS - 3 * (SENT + COST), 0)
    assert at_once(*[lambda p=payout: hear(p, REVERSED) for payout in payouts for _ in range(4)]) == []
    assert money(purse) == (HAS, 0)
    assert wallet.verify() == []


@pytest.mark.parametrize(("amount", "currency"), [(SENT - 1, "NGN"), (SENT, "USD")])
def test_what_is_not_what_was_ordered_moves_nothing(payout, purse, amount, currency):
    transfer = said(payout, SUCCEEDED, amount=amount, currency=currency)
    found = wallet.settle_payout(payout_id=payout.pk, transfer=transfer, at=timezone.now())
    assert (found.state, money(purse), cases()) == ("UNKNOWN", (HAS, SENT + COST), [("differs", "OPEN")])


def test_money_that_comes_back_to_a_frozen_account_is_kept_aside_for_staff(payout, purse):
    hear(payout, SUCCEEDED)
    with acting_as_service():
        wallet.set_state(account=purse, state="FROZEN", reason="test")
        before = wallet.balance_of(wallet.system_account("SUSPENSE"))
        found = hear(payout, REVERSED)
        assert wallet.balance_of(wallet.system_account("SUSPENSE")) == before + SENT + COST
    assert (found.state, cases()) == ("RETURNED", [("returned_elsewhere", "OPEN")])
    assert money(purse) == (HAS - SENT - COST, 0)


def test_money_that_comes_back_over_what_the_tier_may_hold_is_kept_for_its_owner(payout, purse, ada):
    hear(payout, SUCCEEDED)
    with acting_as_service():
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        account = Account.objects.get(pk=purse.pk)
        line = wallet.Line("DEPOSIT", clearing, purse.pk, account.cap - account.balance)
        wallet.post(posting_id=posting_id(), lines=[line])
    assert hear(payout, REVERSED).state == "RETURNED"
    with acting_as_service():
        kept = Account.objects.get(owner=ada, kind="HELD")
    assert kept.balance == SENT + COST


def test_what_came_back_to_elsewhere_is_not_taken_back_as_well_until_that_is_undone(payout, purse):
    hear(payout, SUCCEEDED)
    with acting_as_service():
        wallet.set_state(account=purse, state="FROZEN", reason="test")
        found = hear(payout, REVERSED)
        wallet.set_state(account=purse, state="ACTIVE", reason="test")
        for take_back in (whole, a_part):
            with pytest.raises(AlreadyReversed) as caught:
                take_back(found)
            assert caught.value.data["reversed_by"] == str(found.return_posting_id)
        with pytest.raises(AlreadyReversed):
            propose(reversals.CODE, {"posting": str(found.posting_id), "description": ""})
    assert money(purse) == (HAS - SENT - COST, 0)
    with acting_as_service():
        wallet.reverse(posting_id=posting_id(), reverses=found.return_posting_id)
        whole(found)
    assert money(purse) == (HAS, 0)


def whole(payout: Payout) -> None:
    wallet.reverse(posting_id=posting_id(), reverses=payout.posting_id)


def a_part(payout: Payout) -> None:
    wallet.reverse_part(posting_id=posting_id(), transaction_id=payout.posting_id, amount=1_000)


def test_of_what_staff_took_back_in_part_the_rest_comes_back_to_elsewhere(payout, purse):
    hear(payout, SUCCEEDED)
    with acting_as_service():
        a_part(payout)
        wallet.set_state(account=purse, state="FROZEN", reason="test")
        hear(payout, REVERSED)
        assert wallet.balance_of(wallet.system_account("SUSPENSE")) == SENT + COST - 1_000


@pytest.mark.parametrize("take_back", [whole, a_part])
def test_a_return_and_whoever_takes_it_back_at_once_give_it_back_once(transactional_db, ada, take_back):
    purse = make_wallet(ada, amount=HAS)
    install_sandbox()
    made = request(purse, bank_account_of(ada), SENT)
    at = timezone.now()
    with acting_as_service():
        Payout.objects.filter(pk=made.pk).update(state="UNKNOWN", unknown_since=at, ordered_at=at, orders=1)
        hear(made, SUCCEEDED)
        wallet.set_state(account=purse, state="NO_CREDIT", reason="test")
    errors = at_once(lambda: hear(made, REVERSED), *[partial(as_service, take_back, made)] * 3)
    assert {type(error) for error in errors} <= {AlreadyReversed, AccountNoCredit}
    with acting_as_service():
        back = wallet.balance_of(wallet.system_account("SUSPENSE")) + money(purse)[0] - (HAS - SENT - COST)
    assert back == SENT + COST and wallet.verify() == []


def as_service(step: Callable[[Payout], None], payout: Payout) -> None:
    with acting_as_service():
        step(payout)


def test_a_posting_that_staff_took_back_is_not_returned_twice(payout, purse):
    hear(payout, SUCCEEDED)
    with acting_as_service():
        wallet.reverse(posting_id=posting_id(), reverses=payout.posting_id)
    assert hear(payout, REVERSED).state == "RETURNED"
    assert (money(purse), cases()) == ((HAS, 0), [("returned_elsewhere", "OPEN")])


def test_money_that_is_gone_from_a_frozen_account_is_a_case_until_it_can_be_booked(payout, purse):
    with acting_as_service():
        wallet.set_state(account=purse, state="FROZEN", reason="test")
    found = hear(payout, SUCCEEDED)
    assert (found.state, cases()) == ("UNKNOWN", [("not_booked", "OPEN")])
    with acting_as_service():
        wallet.set_state(account=purse, state="ACTIVE", reason="test")
    assert hear(payout, SUCCEEDED).state == "SUCCEEDED"
    assert (money(purse), cases()) == ((HAS - SENT - COST, 0), [("not_booked", "CLOSED")])
