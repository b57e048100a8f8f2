"""What a customer may do and see with raw SQL as `authenticated`: their own side of their own accounts."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.models import Transaction
from wallet.refusals import (
    AccountSaves,
    HoldNotFound,
    InsufficientFunds,
    LedgerRefusal,
    NotYourAccount,
    RecipientCannotReceive,
    SameAccount,
)
from wallet.services import Line
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    DOORS,
    TABLES,
    account,
    ask,
    balances,
    denied,
    now,
    plainly_denied,
    post_one_line,
    refused,
    system,
    written,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ige")


@pytest.fixture
def purses(ada, bola) -> tuple[UUID, UUID]:
    """Ada's and Bola's wallets with 1,000 each, of which Ada has sent Bola 10."""
    first, second = (make_wallet(user, amount=1_000).pk for user in (ada, bola))
    post_one_line(first, second, 10)
    return first, second


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_customer_debits_only_accounts_of_their_own(door, ada, bola, purses):
    own, other = purses
    with acting_as(ada):
        for debit in (other, system("SUSPENSE"), system("PAYSTACK_CLEARING"), uuid7()):
            with refused(NotYourAccount):
                door(posting_id(), "TRANSFER", debit, own, 1)
        assert door(posting_id(), "TRANSFER", own, other, 1).debit_balance == 989
    assert balances(own, other) == [989, 1_011]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_what_a_customer_saves_moves_by_its_plan_alone(door, ada, bola, purses):
    own, other = purses
    with acting_as_service():
        saved = ask("select wallet.open_savings(%s, %s, 'NGN')", uuid7(), ada.pk)[0][0]
        door(posting_id(), "SAVING", own, saved, 100)
    with acting_as(ada):
        for debit, credit in ((saved, own), (saved, other), (own, saved)):
            with refused(AccountSaves):
                door(posting_id(), "TRANSFER", debit, credit, 1)
        with refused(AccountSaves):
            ask("select wallet.place_hold(%s, %s, 1)", uuid7(), saved)
    assert balances(own, saved) == [890, 100]


def test_a_customer_hides_no_strange_debit_among_lines_of_their_own(ada, purses):
    own, other = purses
    with acting_as(ada):
        for place in range(3):
            lines = [Line("TRANSFER", own, other, 1), Line("TRANSFER", own, other, 1)]
            lines.insert(place, Line("TRANSFER", other, own, 5))
            with refused(NotYourAccount):
                services.post(posting_id=posting_id(), lines=lines)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_customer_does_not_choose_when_it_happened(door, ada, purses):
    with acting_as(ada):
        for moment in (now() - timedelta(days=1), now()):
            with denied(match="only service_role"):
                door(posting_id(), "TRANSFER", *purses, 1, "", moment)


def test_a_customer_neither_reverses_nor_runs_the_books(ada, purses):
    own, other = purses
    with acting_as_service():
        hold = uuid7()
        services.place_hold(hold_id=hold, account_id=own, amount=10, expires_at=None, reason="")
        posting = Transaction.objects.filter(kind="TRANSFER").get().posting_id
    line = Line("TRANSFER", own, other, 1)
    with acting_as(ada):
        for call in (
            lambda: services.reverse(posting_id=posting_id(), reverses=posting),
            lambda: services.commit_hold(
                hold_id=hold, posting_id=posting_id(), credit=other, amount=1, kind="PAYMENT"
            ),
            lambda: services.release_hold(hold_id=hold),
            lambda: services.release_expired_holds(),
            lambda: services.post_many(postings=[services.Single(posting_id(), line)]),
            lambda: services.fold(),
            lambda: services.seal(),
            lambda: ask("select * from wallet.verify()"),
            lambda: ask("select wallet.set_limits(%s, -1000, null)", own),
            lambda: ask("select wallet.set_state(%s, 'ACTIVE')", own),
            lambda: ask("select wallet.open_system_account('MINE', 'EQUITY', 'NGN', 'CREDIT')"),
        ):
            with denied():
                inside(call)


def inside(call: Callable[[], object]) -> None:
    with transaction.atomic():
        call()


def test_a_customer_opens_and_holds_on_their_own_accounts_only(ada, bola, purses):
    own, other = purses
    with acting_as(ada):
        with refused(NotYourAccount):
            ask("select wallet.open_account(%s, 'WALLET', 'NGN')", bola.pk)
        with refused(NotYourAccount):
            ask("select wallet.open_account(%s, 'HELD', 'NGN')", ada.pk)
        assert ask("select wallet.open_account(%s, 'WALLET', 'NGN')", ada.pk) == [(own,)]
        for pk in (other, system("SUSPENSE"), uuid7()):
            with refused(NotYourAccount):
                ask("select wallet.place_hold(%s, %s, 1)", uuid7(), pk)
        ask("select wallet.place_hold(%s, %s, 40)", uuid7(), own)
    assert account(own).held == 40


def test_a_transfer_leaves_ones_own_account_only_and_opens_none_when_refused(ada, bola, purses):
    own, other = (account(pk) for pk in purses)
    newcomer = make_person()
    with acting_as(ada):
        for source, amount, error in ((other, 1, NotYourAccount), (own, 991, InsufficientFunds)):
            with refused(error):
                services.transfer(
                    posting_id=posting_id(),
                    source=source,
                    recipient_id=newcomer.pk,
                    amount=amount,
                    at=timezone.now(),
                )
        with refused(SameAccount):
            services.transfer(
                posting_id=posting_id(), source=own, recipient_id=ada.pk, amount=1, at=timezone.now()
            )
        with refused(RecipientCannotReceive):
            services.transfer(
                posting_id=posting_id(), source=own, recipient_id=uuid7(), amount=1, at=timezone.now()
            )
        posting = posting_id()
        for replayed in (False, True):
            done = services.transfer(
                posting_id=posting, source=own, recipient_id=newcomer.pk, amount=990, at=timezone.now()
            )
            assert done.replayed is replayed
    assert balances(own.pk, make_wallet(newcomer).pk) == [0, 990]


@pytest.mark.parametrize("statement", [
    "select * from wallet.post(null, null, null, null, null)",
    "select * from wallet.post(%(id)s, '{}', '{}', '{}', '{}')",
    "select * from wallet.post(null, '{FEE}', array[%(own)s], array[%(other)s], '{1}')",
    "select * from wallet.post(%(id)s, '{FEE}', '{null}', array[%(other)s], '{1}')",
    "select * from wallet.post(%(id)s, '{FEE}', array[%(own)s], '{null}', '{1}')",
    "select * from wallet.post(%(id)s, '{null}', array[%(own)s], array[%(other)s], '{1}')",
    "select * from wallet.post(%(id)s, '{FEE}', array[%(own)s], array[%(other)s], '{null}')",
    "select * from wallet.post(%(id)s, '{FEE,FEE}', array[[%(own)s, %(other)s]], "
    "array[%(other)s, %(own)s], '{1,1}')",
    "select * from wallet.post(%(id)s, '{FEE}', '[0:0]={%(raw)s}', array[%(own)s], '{1}')",
    "select * from wallet.post(%(id)s, '{FEE,FEE}', '[0:1]={%(raw)s,%(raw)s}', '{%(raw)s,%(raw)s}', '{1,1}')",
    "select * from wallet.post_one(null, null, null, null, null)",
    "select * from wallet.post_one(%(id)s, 'FEE', null, %(other)s, 1)",
    "select * from wallet.post_one(%(id)s, null, %(own)s, %(other)s, 1)",
    "select * from wallet.post_one(%(id)s, 'FEE', %(own)s, null, 1)",
    "select * from wallet.send(%(id)s, %(own)s, null, 'NGN', 1, '')",
    "select * from wallet.send(%(id)s, null, null, null, null, null)",
    "select wallet.place_hold(null, null, null)",
    "select wallet.place_hold(null, %(own)s, 1)",
])  # fmt: skip
def test_odd_arguments_write_nothing(ada, purses, statement):
    """Nulls, empty and misshapen arrays: refused in whatever words, and nothing moves."""
    before = written()
    own, other = (f"'{pk}'::uuid" for pk in purses)
    values = {"own": own, "other": other, "raw": purses[1], "id": f"'{posting_id()}'::uuid"}
    with acting_as(ada), pytest.raises((DatabaseError, LedgerRefusal)) as caught:
        ask(statement % values)
    assert "syntax error" not in str(caught.value) and "does not exist" not in str(caught.value)
    assert written() == before


def test_nobody_sees_more_of_the_books_than_is_theirs(ada, bola, purses):
    own, other = purses
    stranger = make_person()
    third = make_wallet(stranger, amount=500).pk
    post_one_line(other, third, 5)
    with acting_as_service():
        for pk in purses:
            services.place_hold(hold_id=uuid7(), account_id=pk, amount=1, expires_at=None, reason="")
    with acting_as(ada):
        assert ask("select id from wallet_account") == [(own,)]
        rows = ask("select debit_account_id, credit_account_id from wallet_transaction")
        assert len(rows) == 2 and all(own in row for row in rows)
        assert ask("select distinct account_id from wallet_hold") == [(own,)]
        entries = ask("select account_id, side from wallet_entry where account_id = %s", own)
        assert len(entries) == 2
        assert ask("select 1 from wallet_entry where account_id = %s", third) == []
        assert ask("select wallet.balance_of(%s), wallet.balance_of(%s)", own, other) == [(990, None)]
        for known in (True, False):
            at = "select wallet.balance_at(%s, clock_timestamp(), %s)"
            assert (ask(at, own, known), ask(at, other, known)) == ([(990,)], [(None,)])
        assert ask("select wallet.own_accounts()") == [([own],)]
        assert ask("select 1 from wallet_checkpoint") == []
        for table in ("wallet_reversal", "wallet_seal"):
            with denied():
                ask(f"select 1 from {table}")


def test_a_transaction_shows_each_side_its_own_balance_and_never_the_others(ada, bola, purses):
    for user, shown in ((ada, [(1_000, 1), (990, 2)]), (bola, [(1_000, 1), (1_010, 2)])):
        with acting_as(user):
            for view in (
                "wallet_entry",
                "(select * from wallet_debit_entry union all table wallet_credit_entry) e",
            ):
                assert ask(f"select balance, version from {view} order by version") == shown
            for columns in (
                "debit_balance",
                "credit_balance",
                "debit_version",
                "credit_version",
                "digest",
                "xid",
            ):
                plainly_denied(f"select {columns} from wallet_transaction")
                plainly_denied(f"select id from wallet_transaction order by {columns}")
            for whole in ("select * from wallet_transaction", "select t from wallet_transaction t"):
                plainly_denied(whole)
            plainly_denied("select to_jsonb(t) from wallet_transaction t")


def test_the_limit_of_the_wall_is_the_login_role_itself(ada, bola, purses):
    """Roles and claims are the login's to choose: whoever has its raw SQL may act as any customer or the service.

    What still holds then: no row is written but through the functions, with their checks, and none is rewritten.
    """
    own, other = purses
    claims = json.dumps({"sub": str(bola.pk), "role": "authenticated"})
    with acting_as(ada):
        ask("select set_config('request.jwt.claims', %s, true)", claims)
        ask("select * from wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", posting_id(), other, own)
    before = written()
    with acting_as(ada):
        ask("reset role")
        for table in TABLES:
            plainly_denied(f"select 1 from {table}")
        ask("set local role service_role")
        ask("select wallet.set_limits(%s, 0, 30000000)", other)
        with pytest.raises(InsufficientFunds):
            ask("select * from wallet.post_one(%s, 'TRANSFER', %s, %s, 100000)", posting_id(), other, own)
        with pytest.raises(HoldNotFound):
            ask("select wallet.release_hold(%s)", uuid7())
        for statement in ("update wallet_account set balance = 1", "delete from wallet_transaction"):
            plainly_denied(statement)
    assert written() == before
    assert balances(own, other) == [991, 1_009]
    assert services.verify() == []
