"""What the books say no to, by name and through every door; each time nothing at all is written."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError

from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import refusals, services
from wallet.refusals import (
    AccountClosed,
    AccountDiffers,
    AccountFrozen,
    AccountNoCredit,
    AccountNoDebit,
    AccountNotFound,
    AmountNotPositive,
    AmountTooLarge,
    BalanceCapExceeded,
    CurrencyMismatch,
    InsufficientFunds,
    NothingToPost,
    SameAccount,
)
from wallet.services import Line
from wallet.tests.ledger import (
    DOORS,
    ask,
    balances,
    by_service,
    refused,
    root,
    set_limits,
    set_state,
    system,
    uncounted,
    wallets,
)

pytestmark = pytest.mark.django_db

LARGEST = 2**63 - 1


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request) -> Iterator[Callable]:
    """Each way to post one transaction, as the service; afterwards the books must add up."""
    with acting_as_service():
        yield request.param
    assert services.verify() == []


@pytest.fixture(scope="module")
def dollars(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A second currency, for as long as this module runs."""
    with django_db_blocker.unblock():
        with root() as database:
            database.execute("insert into wallet_currency values ('USD', 2, 'US dollar')")
        yield "USD"
        with root() as database:
            database.execute("delete from wallet_currency where code = 'USD'")


def test_more_than_is_available_is_refused(door):
    source, target = wallets(100, 0)
    facts = {"available": 100, "amount": 101, "account": str(source)}
    with refused(InsufficientFunds, **facts):
        door(posting_id(), "TRANSFER", source, target, 101)
    door(posting_id(), "TRANSFER", source, target, 100)
    assert balances(source, target) == [0, 100]


def test_what_is_held_is_not_available(door):
    source, target = wallets(100, 0)
    services.place_hold(hold_id=uuid7(), account_id=source, amount=60, expires_at=None, reason="")
    with refused(InsufficientFunds, available=40, held=60):
        door(posting_id(), "TRANSFER", source, target, 41)
    door(posting_id(), "TRANSFER", source, target, 40)


def test_a_floor_below_nought_is_an_overdraft_and_no_more(door):
    source, target = wallets(100, 0)
    set_limits(source, floor=-50, cap=None)
    with refused(InsufficientFunds, available=150, floor=-50):
        door(posting_id(), "TRANSFER", source, target, 151)
    door(posting_id(), "TRANSFER", source, target, 150)
    assert balances(source) == [-50]


@pytest.mark.parametrize("amount", [0, -1, -LARGEST - 1, None])
def test_an_amount_is_above_zero(door, amount):
    source, target = wallets(100, 0)
    integers_only = amount is None and door is by_service
    with pytest.raises(TypeError) if integers_only else refused(AmountNotPositive):
        door(posting_id(), "TRANSFER", source, target, amount)


@pytest.mark.parametrize("amount", [1.0, 1.5, float("nan"), Decimal(1), Decimal("1.5"), "1", True, None])
def test_an_amount_is_an_integer_and_nothing_else(amount):
    source, target = wallets(100, 0)
    with acting_as_service():
        with pytest.raises(TypeError):
            services.post(posting_id=posting_id(), lines=[Line("TRANSFER", source, target, amount)])
        with pytest.raises(TypeError):
            services.post_many(
                postings=[services.Single(posting_id(), Line("TRANSFER", source, target, amount))]
            )
    assert balances(source, target) == [100, 0]


def test_sql_takes_no_fractions_either():
    source, target = wallets(100, 0)
    with acting_as_service():
        for value in ("1.5", "1.0", "1.5::float8"):
            for statement in (
                f"select wallet.post(%s, '{{TRANSFER}}', array[%s::uuid], array[%s::uuid], array[{value}])",
                f"select wallet.post_one(%s, 'TRANSFER', %s::uuid, %s::uuid, {value})",
            ):
                with pytest.raises(DatabaseError, match="does not exist"):
                    ask(statement, posting_id(), source, target)
        fractions = ask(
            "select attrelid::regclass::text, attname from pg_attribute join pg_class c on c.oid = attrelid "
            "where relname like 'wallet%%' and attname not like '%%percent' and attname !~ '(^|_)rate$' "
            "and format_type(atttypid, null) = any (array['real', 'double precision', 'numeric', 'money'])"
        )
    assert fractions == []
    assert balances(source, target) == [100, 0]


def test_an_amount_beyond_64_bits_is_refused():
    source, target = wallets(100, 0)
    with acting_as_service():
        with refused(AmountTooLarge):
            services.post(posting_id=posting_id(), lines=[Line("TRANSFER", source, target, LARGEST + 1)])
        with refused(AmountTooLarge):
            line = Line("TRANSFER", source, target, LARGEST + 1)
            services.post_many(postings=[services.Single(posting_id(), line)])


def test_a_balance_fills_64_bits_and_no_more(door):
    target = uncounted(1)
    clearing = system("PAYSTACK_CLEARING")
    with refused(AmountTooLarge):
        door(posting_id(), "DEPOSIT", clearing, target, LARGEST)
    door(posting_id(), "DEPOSIT", clearing, target, LARGEST - 1)
    assert balances(target) == [LARGEST]
    with refused(AmountTooLarge):
        door(posting_id(), "DEPOSIT", clearing, target, 1)


def test_a_balance_does_not_fall_below_64_bits(door):
    source, target = uncounted(), uncounted()
    set_limits(source, floor=None, cap=None)
    door(posting_id(), "TRANSFER", source, target, LARGEST)
    with refused(AmountTooLarge):
        door(posting_id(), "TRANSFER", source, target, 2)


def test_an_account_takes_in_no_more_than_its_cap(door):
    source, target = wallets(1_000, 100)
    set_limits(target, floor=0, cap=150)
    with refused(BalanceCapExceeded, cap=150, balance=100, account=str(target)):
        door(posting_id(), "TRANSFER", source, target, 51)
    door(posting_id(), "TRANSFER", source, target, 50)
    set_limits(target, floor=0, cap=20)
    door(posting_id(), "TRANSFER", target, source, 1)
    with refused(BalanceCapExceeded):
        door(posting_id(), "TRANSFER", source, target, 1)


@pytest.mark.parametrize("unknown", ["debit", "credit", "both"])
def test_an_unknown_account_is_refused(door, unknown):
    (known,) = wallets(100)
    debit = known if unknown == "credit" else uuid4()
    credit = known if unknown == "debit" else uuid4()
    with refused(AccountNotFound):
        door(posting_id(), "TRANSFER", debit, credit, 1)


def test_a_closed_account_takes_part_on_neither_side(door):
    closed, other = wallets(0, 100)
    set_state(closed, "CLOSED")
    for debit, credit in ((closed, other), (other, closed)):
        with refused(AccountClosed, account=str(closed)):
            door(posting_id(), "TRANSFER", debit, credit, 1)


@pytest.mark.parametrize(
    ("state", "debit_error", "credit_error"),
    [
        ("FROZEN", AccountFrozen, AccountFrozen),
        ("NO_DEBIT", AccountNoDebit, None),
        ("NO_CREDIT", None, AccountNoCredit),
    ],
)
def test_a_state_stops_the_sides_it_names(door, state, debit_error, credit_error):
    subject, other = wallets(100, 100)
    set_state(subject, state)
    for debit, credit, error in ((subject, other, debit_error), (other, subject, credit_error)):
        if error:
            with refused(error, account=str(subject)):
                door(posting_id(), "TRANSFER", debit, credit, 1)
        else:
            assert not door(posting_id(), "TRANSFER", debit, credit, 1).replayed
    set_state(subject, "ACTIVE")
    door(posting_id(), "TRANSFER", subject, other, 1)


@pytest.mark.parametrize("code", ["SUSPENSE", "PAYSTACK_CLEARING"])
def test_a_frozen_hot_account_takes_part_on_neither_side(door, code):
    (customer,) = wallets(100)
    hot = system(code)
    set_state(hot, "FROZEN")
    for debit, credit in ((hot, customer), (customer, hot)):
        with refused(AccountFrozen, account=str(hot)):
            door(posting_id(), "TRANSFER", debit, credit, 1)


def test_money_does_not_move_to_where_it_is(door):
    (source,) = wallets(100)
    for pk in (source, system("SUSPENSE")):
        with refused(SameAccount):
            door(posting_id(), "TRANSFER", pk, pk, 1)


def test_two_currencies_do_not_mix(door, dollars):
    (naira,) = wallets(100)
    for hot in (True, False):
        code = f"{dollars}_{hot}"
        statement = "select wallet.open_system_account(%s, 'CLEARING', %s, 'CREDIT', %s)"
        ((other,),) = ask(statement, code, dollars, hot)
        for debit, credit in ((naira, other), (other, naira), (system("SUSPENSE"), other)):
            with refused(CurrencyMismatch):
                door(posting_id(), "TRANSFER", debit, credit, 1)


@pytest.mark.parametrize(
    "other", [("FEES", "CREDIT", False), ("CLEARING", "DEBIT", False), ("CLEARING", "CREDIT", True)]
)
def test_a_system_account_is_not_opened_again_as_another_sort(other):
    statement = "select wallet.open_system_account('OURS', %s, 'NGN', %s, %s)"
    with acting_as_service():
        first = ask(statement, "CLEARING", "CREDIT", False)
        assert ask(statement, "CLEARING", "CREDIT", False) == first
        with refused(AccountDiffers, code="OURS", account=str(first[0][0])):
            ask(statement, *other)


def test_an_empty_posting_is_refused():
    with acting_as_service():
        with refused(NothingToPost):
            services.post(posting_id=posting_id(), lines=[])
        with refused(NothingToPost):
            services.post_many(postings=[])
        with refused(NothingToPost):
            ask("select wallet.post_many('{}', '{}', '{}', '{}', '{}', '{}')")


def test_a_kind_or_description_out_of_form_is_refused_and_writes_nothing(door):
    source, target = wallets(100, 0)
    for kind, description in (("lower", ""), ("", ""), ("A" * 41, ""), ("TRANSFER", "x" * 501)):
        with pytest.raises(DatabaseError):
            door(posting_id(), kind, source, target, 1, description)
    assert balances(source, target) == [100, 0]
    door(posting_id(), "A" * 40, source, target, 1, "₦" * 500)


def test_every_refusal_in_the_sql_has_a_name_in_python():
    sql = "\n".join(path.read_text() for path in (settings.BASE_DIR / "wallet" / "sql").glob("*.sql"))
    told = set(re.findall(r"wallet\.refuse\('([a-z_]+)'", sql))
    assert len(told) > 12
    assert told - set(refusals.BY_CODE) == set()
