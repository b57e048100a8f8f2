"""What each role of the database may do to the books, tried in raw SQL: the last wall, not the first."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from psycopg import sql

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.models import Transaction
from wallet.refusals import HoldNotFound, InsufficientFunds, LedgerRefusal, NotYourAccount
from wallet.services import Line
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    DOORS,
    ROLES,
    TABLES,
    account,
    ask,
    balances,
    give,
    login,
    now,
    post_one_line,
    refused,
    root,
    system,
    written,
)

pytestmark = pytest.mark.django_db

VIEWS = ("wallet_entry", "wallet_debit_entry", "wallet_credit_entry")
# What customers may call, and what the service may besides. Everything else in the schema is internal.
CUSTOMERS = {
    "post", "post_one", "send", "sees_all", "open_account", "own_accounts", "place_hold", "balance_of",
    "balance_at", "hot_change", "entry_at",
}  # fmt: skip
SERVICE = CUSTOMERS | {
    "post_many", "reverse", "commit_hold", "release_hold", "expire_holds", "fold", "seal", "verify",
    "open_system_account", "set_state", "set_limits",
}  # fmt: skip
MAY_CALL = {"none": set(), "anon": set(), "authenticated": CUSTOMERS, "service_role": SERVICE}


@pytest.fixture
def as_login(db) -> Iterator[Callable[[str], psycopg.Connection]]:
    """The runtime's login, having stepped into a role (none: by itself), without Django in between."""
    with login() as database:

        def become(role: str) -> psycopg.Connection:
            database.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            return database

        yield become


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


@contextmanager
def denied(*, match: str = "permission denied") -> Iterator[None]:
    """The server itself says no (42501), and the books are what they were."""
    before = written()
    with pytest.raises(ProgrammingError, match=match) as caught:
        yield
    assert caught.value.__cause__.sqlstate == "42501"
    assert written() == before


def relations() -> list[str]:
    with root() as database:
        found = database.execute(
            "select relname from pg_class "
            "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and "
            "(relname = any (%s) or relispartition and relname like 'wallet_transaction%%') order by 1",
            [list(TABLES)],
        ).fetchall()
    names = [name for (name,) in found]
    assert len(names) >= len(TABLES) + 4
    return names


@pytest.mark.parametrize("role", ["none", *ROLES])
def test_no_role_writes_a_table_of_the_books_nor_any_partition(as_login, role):
    database = as_login(role)
    for table in relations():
        for statement in (
            f"insert into {table} default values",
            f"update {table} set {first_column(table)} = default",
            f"delete from {table}",
            f"truncate {table}",
            f"truncate {table} cascade",
            f"select 1 from {table} for update",
            f"merge into {table} using (values (1)) v on true when matched then delete",
            f"copy {table} from stdin",
            f"alter table {table} disable trigger all",
            f"alter table {table} no force row level security",
            f"create trigger t before insert on {table} execute function wallet.refuse_change()",
            f"drop table {table}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(statement)


def first_column(table: str) -> str:
    with root() as database:
        return database.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", [table]
        ).fetchone()[0]


@pytest.mark.parametrize("role", ["none", *ROLES])
def test_each_role_calls_its_own_functions_and_none_that_is_internal(as_login, role):
    with root() as database:
        functions = database.execute(
            "select p.proname, p.oid::regprocedure::text, "
            "array(select format('null::%s', a::regtype) from unnest(p.proargtypes) a) "
            "from pg_proc p "
            "where p.pronamespace = 'wallet'::regnamespace and p.prorettype <> 'trigger'::regtype"
        ).fetchall()
        allowed = database.execute(
            "select p.proname from pg_proc p where p.pronamespace = 'wallet'::regnamespace "
            "and has_function_privilege(%s, p.oid, 'execute') "
            "and has_schema_privilege(%s, 'wallet', 'usage')",
            [role if role != "none" else "alajo_app"] * 2,
        ).fetchall()
    assert {name for (name,) in allowed} == MAY_CALL[role]
    assert {"apply_posting", "release_overdue", "refuse", "put_back"} <= {name for name, *_ in functions}
    database = as_login(role)
    for name, _signature, arguments in functions:
        if name not in MAY_CALL[role]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(f"select wallet.{name}({', '.join(arguments)})")


@pytest.mark.parametrize("role", ["none", *ROLES])
def test_no_role_steps_out_of_its_bounds(as_login, role):
    database = as_login(role)
    for statement in (
        "set role alajo_owner",
        "set role postgres",
        "set session authorization alajo_owner",
        "set session_replication_role = replica",
        "create function wallet.f() returns int language sql return 1",
        "create table public.t ()",
        "create schema s",
        "alter function wallet.verify(boolean) owner to alajo_app",
        "grant service_role to anon",
        "create role another",
        "alter role alajo_app superuser",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(statement)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_customer_debits_only_accounts_of_their_own(door, ada, bola, purses):
    own, other = purses
    with acting_as(ada):
        for debit in (other, system("SUSPENSE"), system("PAYSTACK_CLEARING"), uuid7()):
            with refused(NotYourAccount):
                door(posting_id(), "TRANSFER", debit, own, 1)
        assert door(posting_id(), "TRANSFER", own, other, 1).debit_balance == 989
    assert balances(own, other) == [989, 1_011]


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
    "select * from wallet.send(%(id)s, %(own)s, null, 1, '')",
    "select * from wallet.send(%(id)s, null, null, null, null)",
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


def test_a_stranger_and_nobody_see_and_do_nothing(as_login, purses):
    for actor in (acting_as_anon,):
        with actor():
            for table in (*TABLES, *VIEWS):
                with denied():
                    ask(f"select 1 from {table}")
            with denied():
                ask("select wallet.balance_of(%s)", purses[0])
    database = as_login("none")
    for table in (*TABLES, *VIEWS, "wallet_currency"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(f"select 1 from {table}")


@pytest.mark.parametrize("role", ROLES)
def test_partitions_show_nobody_what_the_table_would_not(as_login, role):
    database = as_login(role)
    for table in relations():
        if table not in TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(f"select 1 from {table}")


def test_a_customer_without_claims_owns_nothing(as_login, purses):
    database = as_login("authenticated")
    assert database.execute("select count(*) from wallet_account").fetchone() == (0,)
    assert database.execute("select count(*) from wallet_entry").fetchone() == (0,)
    with pytest.raises(psycopg.Error, match="not_your_account"):
        database.execute("select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", [posting_id(), *purses])


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


def plainly_denied(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask(statement)


def test_even_the_owner_of_the_schema_changes_nothing_that_is_written(db):
    with login("alajo_owner") as owner:
        for table in relations():
            with pytest.raises(psycopg.Error) as caught, owner.transaction(force_rollback=True):
                owner.execute(f"truncate {table}")
            assert caught.value.sqlstate in ("ALJ01", "0A000")
        for table in TABLES:
            if table not in ("wallet_account", "wallet_hold"):
                assert "append_only" in triggers(owner, table)
    give(make_wallet(make_person()).pk, 5)
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("alajo_app",)


def triggers(database: psycopg.Connection, table: str) -> set[str]:
    found = database.execute("select tgname from pg_trigger where tgrelid = %s::regclass", [table])
    return {name for (name,) in found}
