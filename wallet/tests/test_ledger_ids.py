"""A posting's id: of its kind, of its time, and once; a repeat is the first result, and other content is refused."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.actors import acting_as_service
from core.ids import nth, posting_id, uuid7, uuid7_at
from wallet import services
from wallet.refusals import (
    InsufficientFunds,
    PostingIdOutOfRange,
    PostingIdReused,
)
from wallet.tests.ledger import (
    DOORS,
    balances,
    give,
    now,
    refused,
    set_state,
    wallets,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request) -> Iterator[Callable]:
    """Each way to post one transaction, as the service; afterwards the books must add up."""
    with acting_as_service():
        yield request.param
    assert services.verify() == []


OUT_OF_RANGE = {
    "too old": lambda: UUID(int=uuid7_at(now() - timedelta(days=35, minutes=1)).int),
    "future": lambda: UUID(int=uuid7_at(now() + timedelta(days=1, minutes=1)).int),
    "version 4": lambda: UUID(int=uuid4().int & ~255),
    "version 1": lambda: UUID(int=(uuid7().int & ~(15 << 76) & ~255) | (1 << 76)),
    "low bits in use": lambda: nth(posting_id(), 1),
    "last low bits": lambda: nth(posting_id(), 255),
    "nil": lambda: UUID(int=0),
}


@pytest.mark.parametrize("make", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_a_posting_id_is_new_and_of_its_kind(door, make):
    source, target = wallets(100, 0)
    with refused(PostingIdOutOfRange):
        door(make(), "TRANSFER", source, target, 1)


@pytest.mark.parametrize("age", [timedelta(days=27), timedelta(0), timedelta(hours=-23)])
def test_a_posting_id_within_range_is_taken(door, age):
    source, target = wallets(100, 0)
    posting = UUID(int=uuid7_at(now() - age).int)
    assert door(posting, "TRANSFER", source, target, 1).id == posting


CHANGES = {
    "debit": {"debit": 2},
    "credit": {"credit": 2},
    "amount": {"amount": 11},
    "kind": {"kind": "PAYMENT"},
    "description": {"description": "other"},
    "effective_at": {"effective_at": timedelta(microseconds=1)},
}


@pytest.mark.parametrize("field", CHANGES)
def test_the_same_id_with_other_content_is_refused_and_the_field_named(door, field):
    accounts, posting, at = wallets(100, 100, 100), posting_id(), now() - timedelta(hours=1)
    first = {"debit": 0, "credit": 1, "kind": "TRANSFER", "amount": 10, "description": "rent"}

    def go(*, debit: int, credit: int, kind: str, amount: int, description: str, effective_at=timedelta(0)):
        when = at + effective_at
        return door(posting, kind, accounts[debit], accounts[credit], amount, description, when)

    done = go(**first)
    with refused(PostingIdReused, field=field, posting=str(posting)):
        go(**{**first, **CHANGES[field]})
    again = go(**first)
    assert again.replayed and not done.replayed
    assert (again.debit_version, again.debit_balance, again.credit_version, again.credit_balance) == (
        done.debit_version, 90, done.credit_version, 110,
    )  # fmt: skip
    assert balances(*accounts) == [90, 110, 100]


def test_the_same_id_is_the_same_posting_also_when_the_money_is_gone_or_the_account_closed(door):
    (source, target), posting = wallets(100, 0), posting_id()
    door(posting, "TRANSFER", source, target, 100)
    set_state(source, "CLOSED")
    again = door(posting, "TRANSFER", source, target, 100)
    assert again.replayed and again.debit_balance == 0
    with refused(PostingIdReused, field="amount"):
        door(posting, "TRANSFER", source, target, 99)
    assert balances(source, target) == [0, 100]


def test_what_was_refused_may_be_tried_again_under_its_id(door):
    (source, target), posting = wallets(0, 0), posting_id()
    with refused(InsufficientFunds):
        door(posting, "TRANSFER", source, target, 10)
    give(source, 10)
    assert not door(posting, "TRANSFER", source, target, 10).replayed
