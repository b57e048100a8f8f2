"""Whatever a superuser changes behind the ledger's back, one row at a time, `verify` names."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from conftest import wipe
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.services import Fault
from wallet.tests.ledger import (
    account,
    give,
    now,
    passed_by_the_horizon,
    post_one_line,
    root,
    system,
    wallets,
)

OTHER = "'00000000-0000-7000-8000-000000000000'::uuid"

TRANSACTION = {
    "id": "set_byte(uuid_send(id), 5, get_byte(uuid_send(id), 5) # 1)",
    "posting_id": OTHER,
    "debit_account_id": OTHER,
    "credit_account_id": OTHER,
    "amount": "amount + 1",
    "debit_version": "debit_version + 1",
    "debit_balance": "debit_balance - 1",
    "credit_version": "credit_version + 1",
    "credit_balance": "credit_balance + 1",
    "effective_at": "effective_at - interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "xid": "(select max(to_xid) from wallet_seal)",
    "hold_id": OTHER,
    "reverses": OTHER,
    "actor_id": OTHER,
    "currency": "'NGX'",
    "digest": "set_byte(digest, 31, get_byte(digest, 31) # 1)",
    "kind": "kind || 'X'",
    "description": "overlay(description placing 'R' from 1 for 1)",
}
ACCOUNT = {
    "balance": ("balance - 1", "account_balance"),
    "held": ("held + 1", "held"),
    "version": ("version + 1", "account_balance"),
    "floor": ("balance", "floor"),
    "normal_side": ("'DEBIT'", "running_balance"),
    "hot": ("true", "side_kept"),
    "currency_id": ("'NGX'", "currency"),
    "id": (OTHER, "account_missing"),
}
HOLD = {
    "amount": ("amount + 1", "held"),
    "committed": ("committed + 1", "hold_committed"),
    "state": ("'EXPIRED'", "held"),
    "account_id": (OTHER, "held"),
    "id": (OTHER, "hold_committed"),
}
REVERSAL = {"posting_id": OTHER, "reversed_by": OTHER}
CHECKPOINT = {"balance": "balance + 1", "entries": "entries + 1", "horizon": "'3'::xid8"}
SEAL = {
    "number": "number + 5",
    "from_xid": "(from_xid::text::bigint + 1)::text::xid8",
    "to_xid": "(to_xid::text::bigint - 1)::text::xid8",
    "rows": "rows - 1",
    "previous": "previous || '\\x00'",
    "head": "set_byte(head, 0, get_byte(head, 0) # 1)",
}


DELETE = "delete from wallet_transaction where id = "
FIRST = "(select id from wallet_transaction order by id limit 1)"
LAST = "(select id from wallet_transaction order by id desc limit 1)"
ADD_A_SEAL = (
    "insert into wallet_seal select number + 1, to_xid, (to_xid::text::bigint + 1)::text::xid8, 1, head, '\\x00', "
    "now() from wallet_seal order by number desc limit 1"
)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[dict[str, str]]:
    """Books with something of everything, folded and sealed; the id of one row of each table."""
    with django_db_blocker.unblock():
        source, target = wallets(10_000, 10_000)
        transfer = post_one_line(source, target, 100, description="rent")
        hold = uuid7()
        with acting_as_service():
            until = now() + timedelta(days=1)
            services.place_hold(hold_id=hold, account_id=source, amount=50, expires_at=until, reason="")
            services.commit_hold(
                hold_id=hold, posting_id=posting_id(), credit=target, amount=20, kind="PAYMENT", final=False
            )
            services.reverse(posting_id=posting_id(), reverses=post_one_line(source, target, 7).id)
        for _ in range(2):
            give(target, 3)
            passed_by_the_horizon()
            with acting_as_service():
                services.fold()
                services.seal()
        assert services.verify() == []
        yield {
            "wallet_transaction": str(transfer.id),
            "wallet_account": str(source),
            "wallet_hold": str(hold),
        }
        wipe()


@pytest.fixture
def superuser(world) -> Iterator[psycopg.Connection]:
    """The superuser, past every trigger and key; what it does here is taken back."""
    with root() as database, database.transaction(force_rollback=True):
        database.execute("set local session_replication_role = replica")
        for constraint, table in (
            ("wallet_account_balance", "wallet_account"),
            ("wallet_hold_closed", "wallet_hold"),
            ("wallet_seal_window", "wallet_seal"),
        ):
            database.execute(f"alter table {table} drop constraint {constraint}")
        yield database


def faults(database: psycopg.Connection) -> list[Fault]:
    return [Fault(*row) for row in database.execute("select check_name, row_id, detail from wallet.verify()")]


def change(database: psycopg.Connection, table: str, column: str, value: str, where: str) -> None:
    changed = database.execute(f"update {table} set {column} = {value} where {where}")
    assert changed.rowcount == 1


def test_the_world_is_right_before(superuser):
    assert faults(superuser) == []


@pytest.mark.parametrize("column", TRANSACTION)
def test_a_changed_transaction_is_named(superuser, world, column):
    pk = world["wallet_transaction"]
    value = TRANSACTION[column]
    if column == "id":
        value = f"encode({value}, 'hex')::uuid"
    change(superuser, "wallet_transaction", column, value, f"id = '{pk}'")
    found = faults(superuser)
    if column == "xid":
        assert {fault.check for fault in found} >= {"seal"}
        return
    assert "digest" in {fault.check for fault in found}
    if column != "id":
        assert Fault("digest", pk, "the row is not as it was written") in found


def test_every_column_of_a_transaction_is_under_proof(world):
    with root() as database:
        columns = database.execute(
            "select column_name from information_schema.columns where table_name = 'wallet_transaction'"
        )
        assert {name for (name,) in columns} == set(TRANSACTION)


@pytest.mark.parametrize("column", ACCOUNT)
def test_a_changed_account_is_named(superuser, world, column):
    value, check = ACCOUNT[column]
    pk = world["wallet_account"]
    change(superuser, "wallet_account", column, value, f"id = '{pk}'")
    found = {fault.check: fault for fault in faults(superuser)}
    assert check in found
    if check in ("account_balance", "held", "floor"):
        assert found[check].row == pk
    else:
        assert pk in found[check].detail


@pytest.mark.parametrize("column", HOLD)
def test_a_changed_hold_is_named(superuser, world, column):
    value, check = HOLD[column]
    pk, owner = world["wallet_hold"], world["wallet_account"]
    change(superuser, "wallet_hold", column, value, f"id = '{pk}'")
    told = [fault for fault in faults(superuser) if fault.check == check]
    assert {fault.row for fault in told} & {pk, owner, OTHER.strip("'")[:36]}


@pytest.mark.parametrize(
    ("table", "check", "column", "value"),
    [
        *(("wallet_reversal", "reversal", column, value) for column, value in REVERSAL.items()),
        *(("wallet_checkpoint", "checkpoint", column, value) for column, value in CHECKPOINT.items()),
        *(("wallet_seal", "seal", column, value) for column, value in SEAL.items()),
    ],
)
def test_a_changed_record_of_the_books_is_named(superuser, table, check, column, value):
    key = {"wallet_reversal": "posting_id", "wallet_checkpoint": "id", "wallet_seal": "number"}[table]
    ((pk,),) = superuser.execute(f"select {key}::text from {table} order by {key} desc limit 1").fetchall()
    change(superuser, table, column, value, f"{key}::text = '{pk}'")
    assert check in {fault.check for fault in faults(superuser)}


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        (DELETE + LAST, "seal"),
        (DELETE + LAST, "account_balance"),
        (DELETE + FIRST, "version"),
        ("delete from wallet_seal where number = 1", "seal"),
        ("delete from wallet_reversal", "reversal"),
        ("delete from wallet_hold", "held"),
        ("delete from wallet_account where owner_id is not null and held > 0", "account_missing"),
        (ADD_A_SEAL, "seal"),
    ],
    ids=[
        "last: seal",
        "last: balance",
        "first",
        "a seal",
        "a reversal",
        "a hold",
        "an account",
        "seal added",
    ],
)
def test_a_row_that_is_gone_or_was_added_is_noticed(superuser, statement, check):
    assert superuser.execute(statement).rowcount == 1
    assert check in {fault.check for fault in faults(superuser)}


def test_a_row_of_a_hot_account_that_is_gone_is_noticed_before_any_seal(superuser, world):
    """The kept side's balance no longer follows; between two hot accounts only the next seal would tell."""
    give_row = "select max(id::text) from wallet_transaction where debit_version is null"
    ((pk,),) = superuser.execute(give_row).fetchall()
    superuser.execute("delete from wallet_seal")
    superuser.execute("delete from wallet_transaction where id::text = %s", [pk])
    assert {fault.check for fault in faults(superuser)} >= {"account_balance", "checkpoint", "conservation"}


@pytest.mark.parametrize("column", ["balance", "version"])
def test_a_hot_account_that_keeps_something_is_named(superuser, column):
    """No check of the row says so: see wallet_account_balance."""
    ((hot,),) = superuser.execute("select id from wallet_account where code = 'EQUITY'").fetchall()
    change(superuser, "wallet_account", column, "1", f"id = '{hot}'")
    assert ("floor", str(hot)) in {(fault.check, fault.row) for fault in faults(superuser)}


def test_balances_swapped_between_two_accounts_are_named(superuser, world):
    """Conservation alone would not see it."""
    changed = superuser.execute(
        "update wallet_account a set balance = b.balance from wallet_account b "
        "where a.owner_id is not null and b.owner_id is not null and a.id <> b.id"
    )
    assert changed.rowcount == 2
    told = {fault.check for fault in faults(superuser)}
    assert "account_balance" in told and "conservation" not in told


@pytest.mark.django_db(transaction=True)
def test_the_service_names_what_the_superuser_changed(transactional_db):
    source, target = wallets(100, 0)
    posting = post_one_line(source, target, 10).id
    assert services.verify() == []
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute("update wallet_transaction set amount = amount + 1 where id = %s", [posting])
    rows: list[Any] = [(fault.check, fault.row) for fault in services.verify()]
    assert ("digest", str(posting)) in rows and ("running_balance", str(posting)) in rows
    assert account(source).balance == 90 and system("SUSPENSE")
