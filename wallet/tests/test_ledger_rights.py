"""What each role of the database may do to the books, tried in raw SQL: the last wall, not the first."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from accounts.tests.factories import make_person
from core.actors import acting_as_anon
from core.ids import posting_id, uuid7
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    ROLES,
    TABLES,
    ask,
    denied,
    give,
    login,
    root,
    wallets,
)

pytestmark = pytest.mark.django_db

VIEWS = ("wallet_entry", "wallet_debit_entry", "wallet_credit_entry")
# What customers may call, and what the service may besides. Everything else in the schema is internal.
CUSTOMERS = {
    "post", "post_one", "send", "send_charged", "sees_all", "open_account", "own_accounts", "place_hold", "balance_of",
    "balance_at", "hot_change", "entry_at", "version_at", "is_archived", "today", "limited", "rule_of", "day_of",
    "day_end",
}  # fmt: skip
SERVICE = CUSTOMERS | {
    "post_many", "reverse", "reverse_part", "commit_hold", "commit_hold_lines", "release_hold", "expire_holds", "fold",
    "announce", "seal", "verify", "claim", "open_system_account", "open_savings", "set_state", "set_limits",
    "reserve_many", "hold_still", "verify_statements", "prove_recall", "trial_balance", "follow_suspense",
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
            f"create trigger t before insert on {table} execute function core.append_only()",
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
        "alter function wallet.verify() owner to alajo_app",
        "grant service_role to anon",
        "create role another",
        "alter role alajo_app superuser",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(statement)


def test_a_stranger_and_nobody_see_and_do_nothing(as_login):
    (purse,) = wallets(1_000)
    with acting_as_anon():
        for table in (*TABLES, *VIEWS):
            with denied():
                ask(f"select 1 from {table}")
        with denied():
            ask("select wallet.balance_of(%s)", purse)
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


def test_a_customer_without_claims_owns_nothing(as_login):
    database = as_login("authenticated")
    assert database.execute("select count(*) from wallet_account").fetchone() == (0,)
    assert database.execute("select count(*) from wallet_entry").fetchone() == (0,)
    with pytest.raises(psycopg.Error, match="not_your_account"):
        database.execute(
            "select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", [posting_id(), uuid7(), uuid7()]
        )


def test_even_the_owner_of_the_schema_changes_nothing_that_is_written(db):
    with login("alajo_owner") as owner:
        for table in relations():
            with pytest.raises(psycopg.Error) as caught, owner.transaction(force_rollback=True):
                owner.execute(f"truncate {table}")
            assert caught.value.sqlstate in ("ALJ02", "0A000")
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


def test_the_tables_themselves_take_no_row_that_no_posting_could_write(db):
    """Should a function ever forget a check, the row is refused all the same: tried as the owner of the schema."""
    with login("alajo_owner") as owner:
        ((hot,),) = owner.execute("select id from wallet_account where code = 'SUSPENSE'").fetchall()
        for columns in (
            {"amount": "0"},
            {"amount": "-1"},
            {"credit_account_id": "'00000000-0000-7000-8000-000000000001'"},
            {"kind": "'lower case'"},
            {"description": "repeat('x', 501)"},
            {"digest": "null"},
            {"recorded_at": "null"},
        ):
            row = {**ROW, **columns}
            statement = (
                f"insert into wallet_transaction ({', '.join(row)}) values ({', '.join(row.values())})"
            )
            refused_by_the_table(owner, statement)
        for change in ("floor = 0", "cap = 0", "held = -1"):
            refused_by_the_table(owner, f"update wallet_account set {change} where id = '{hot}'")
        account = {"id": "uuidv7()", "code": "'KEPT'", "kind": "'EQUITY'", "currency_id": "'NGN'"}
        account |= {"normal_side": "'CREDIT'", "floor": "0"}
        for columns in (
            {"balance": "1"},
            {"held": "1"},
            {"version": "1"},
            {"cap": "-1"},
            {"code": "''"},
            {"normal_side": "'LEFT'"},
            {"state": "'ASLEEP'"},
            {"state": "'CLOSED'"},
            {"hot": "true"},
        ):
            row = {**account, **columns}
            statement = f"insert into wallet_account ({', '.join(row)}) values ({', '.join(row.values())})"
            refused_by_the_table(owner, statement)


ROW = {
    "id": "uuidv7()",
    "posting_id": "uuidv7()",
    "debit_account_id": "'00000000-0000-7000-8000-000000000001'",
    "credit_account_id": "'00000000-0000-7000-8000-000000000002'",
    "amount": "1",
    "currency": "'NGN'",
    "kind": "'TRANSFER'",
    "digest": "''",
    "effective_at": "now()",
    "recorded_at": "now()",
}


def refused_by_the_table(owner: psycopg.Connection, statement: str) -> None:
    """By a CHECK, a domain, a NOT NULL or a trigger; not because the statement itself is wrong."""
    with pytest.raises(psycopg.errors.IntegrityError), owner.transaction(force_rollback=True):
        owner.execute(statement)
