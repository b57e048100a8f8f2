"""How a customer stands decides what their money may do, whoever's hand it is: asked where the balance moves."""

from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Customer, Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.gateways.base import Charge
from wallet.models import Account, Case, Payment
from wallet.refusals import (
    CustomerClosed,
    CustomerFrozen,
    CustomerLocked,
    CustomerNoCredit,
    CustomerNoDebit,
    LedgerRefusal,
    RecipientCannotReceive,
)
from wallet.services import Line, Single
from wallet.services.settlement import settle
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import (
    DOORS,
    account,
    ask,
    at_once,
    balances,
    commit,
    errors,
    give,
    place,
    post_one_line,
    prove_the_books,
    refused,
    root,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)
OUT: dict[str, type[LedgerRefusal]] = {
    "LOCKED": CustomerLocked,
    "NO_DEBIT": CustomerNoDebit,
    "FROZEN": CustomerFrozen,
    "CLOSED": CustomerClosed,
}
IN = ["NO_CREDIT", "FROZEN", "CLOSED"]


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db):
    yield
    prove_the_books()


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(ada) -> UUID:
    return make_wallet(ada, amount=1_000).pk


@pytest.fixture
def bola() -> UUID:
    return wallets(1_000)[0]


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request):
    return request.param


def stands(pk: UUID, state: str) -> None:
    """As the trigger on the customer writes it; not every standing has its service yet."""
    with root() as database:
        database.execute("update wallet_account set owner_state = %s where id = %s", [state, pk])


@pytest.mark.parametrize("state", OUT)
def test_nothing_goes_out_by_anybodys_hand(door, state, purse, bola):
    stands(purse, state)
    with acting_as_service():
        for kind in ("TRANSFER", "FEE"):
            with refused(OUT[state], account=str(purse)):
                door(posting_id(), kind, purse, bola, 1)
        with refused(OUT[state], index=0, account=str(purse)):
            services.post_many(postings=[Single(posting_id(), Line("FEE", purse, bola, 1))])
    with refused(OUT[state]):
        place(purse, 1)


@pytest.mark.parametrize("state", IN)
def test_nothing_comes_in_and_the_sender_is_not_told_why(door, state, purse, bola):
    stands(purse, state)
    with acting_as_service():
        with refused(CustomerNoCredit, account=str(purse)):
            door(posting_id(), "TRANSFER", bola, purse, 1)
        with refused(CustomerNoCredit, index=0):
            services.post_many(postings=[Single(posting_id(), Line("INTEREST", system("EQUITY"), purse, 1))])


@pytest.mark.parametrize(("state", "may_send", "may_receive"), [("NO_CREDIT", 1, 0), ("NO_DEBIT", 0, 1)])
def test_the_other_direction_stays_open(door, state, may_send, may_receive, purse, bola):
    stands(purse, state)
    with acting_as_service():
        if may_send:
            door(posting_id(), "TRANSFER", purse, bola, 1)
        if may_receive:
            door(posting_id(), "TRANSFER", bola, purse, 1)
    assert balances(purse) == [1_000 - may_send + may_receive]


@pytest.mark.parametrize("state", ["LOCKED", "NO_DEBIT", "FROZEN"])
def test_what_was_set_aside_before_is_still_paid_out(state, purse, bola):
    hold = place(purse, 600)
    stands(purse, state)
    commit(hold, bola, 200, final=False)
    commit(hold, bola, 400)
    assert balances(purse, bola) == [400, 1_600]


def test_of_a_closed_customer_nothing_is_and_what_was_set_aside_can_be_given_back(purse, bola):
    hold = place(purse, 600)
    stands(purse, "CLOSED")
    with refused(CustomerClosed):
        commit(hold, bola, 600)
    with acting_as_service():
        services.release_hold(hold_id=hold)
    assert balances(purse) == [1_000]


def test_what_was_done_before_is_answered_as_before(door, purse, bola):
    order = posting_id()
    with acting_as_service():
        door(order, "TRANSFER", purse, bola, 5)
    stands(purse, "FROZEN")
    with acting_as_service():
        assert door(order, "TRANSFER", purse, bola, 5).replayed


@pytest.mark.parametrize("status", ["LOCKED", "CLOSED"])
def test_every_account_of_a_customer_follows_their_status_and_back(ada, purse, status):
    with acting_as_service():
        kept = services.open_wallet(owner_id=ada.pk, kind=Account.Kind.HELD)
        Customer.objects.filter(user=ada).update(status=status)
        later = services.open_wallet(owner_id=ada.pk, kind="SAVINGS")
    assert [account(pk).owner_state for pk in (purse, kept, later)] == [status] * 3
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="ACTIVE")
    assert [account(pk).owner_state for pk in (purse, kept, later)] == ["ACTIVE"] * 3


def test_a_customer_that_is_locked_while_sending_sends_nothing_afterwards(ada, purse, bola):
    def lock() -> None:
        with acting_as_service():
            Customer.objects.filter(user=ada).update(status="LOCKED")

    def send() -> None:
        with acting_as(ada):
            ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", posting_id(), purse, bola)

    found = at_once(*[send for _ in range(6)], lock)
    assert set(errors(found)) <= {CustomerLocked}
    left = balances(purse)
    with pytest.raises(CustomerLocked):
        send()
    with pytest.raises(CustomerLocked):
        post_one_line(purse, bola, 1)
    assert balances(purse) == left


def test_money_paid_in_for_whom_nothing_may_come_in_goes_to_suspense_with_a_case(ada, purse):
    install_sandbox()
    at = timezone.now()
    payment = services.create_payment(account=account(purse), amount=10_000, at=at)
    stands(purse, "NO_CREDIT")
    charge = Charge(payment.reference, "SUCCEEDED", 10_000, 10_000, 0, "NGN", at, "card", "1", {})
    assert settle(payment_id=payment.pk, charge=charge, at=at).state == Payment.State.REVIEW
    with acting_as_service():
        assert Case.objects.get().kind == Case.Kind.LATE_PAYMENT
        assert Notification.objects.get(user=ada).event == "deposit.review"
    assert balances(purse, system("SUSPENSE")) == [1_000, 10_000]


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("NO_CREDIT", CustomerNoCredit),
        ("FROZEN", CustomerFrozen),
        ("LOCKED", CustomerLocked),
        ("CLOSED", CustomerClosed),
    ],
)
def test_who_may_take_nothing_in_starts_no_deposit_and_who_may_send_nothing_does(purse, state, refusal):
    install_sandbox()
    stands(purse, state)
    with pytest.raises(refusal):
        services.create_payment(account=account(purse), amount=10_000, at=timezone.now())
    stands(purse, "NO_DEBIT")
    services.create_payment(account=account(purse), amount=10_000, at=timezone.now())


def test_to_a_closed_customer_who_had_no_wallet_nothing_is_sent(bola):
    eve = make_person()
    with acting_as_service():
        Customer.objects.filter(user=eve).update(status="CLOSED")
        with pytest.raises(RecipientCannotReceive):
            ask("select wallet.send(%s, %s, %s, 'NGN', 1, '')", posting_id(), bola, eve.pk)
    give(bola, 1)
