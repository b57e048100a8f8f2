"""Posting: one round trip to the ledger's SQL functions. Amounts are positive integers of the minor unit."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from core.ids import nth
from realtime import doorbell
from wallet.refusals import AmountTooLarge, NothingToPost, refusal_of
from wallet.services import prepared

LARGEST = 2**63 - 1
TRIES = 5
DEADLOCK = (psycopg.errors.DeadlockDetected,)
PASSING = (*DEADLOCK, psycopg.errors.SerializationFailure)


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction to be: `amount` (minor units) from the debit account to the credit account."""

    kind: str
    debit: UUID
    credit: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Posted:
    """One transaction as it was written: each side's version and balance after it, None where the account is hot."""

    id: UUID
    debit_version: int | None
    debit_balance: int | None
    credit_version: int | None
    credit_balance: int | None


@dataclass(frozen=True, slots=True)
class Posting:
    """Transactions that stand or fall together. `replayed` says that they had already been posted."""

    id: UUID
    transactions: tuple[Posted, ...]
    replayed: bool


@dataclass(frozen=True, slots=True)
class Single:
    """A posting of one transaction, for `post_many`."""

    posting_id: UUID
    line: Line
    description: str = ""


def post(
    *, posting_id: UUID, lines: Sequence[Line], description: str = "", effective_at: datetime | None = None
) -> Posting:
    """Post up to 256 transactions, all or none.

    The caller makes `posting_id` (`core.ids.posting_id`) and stores it with its own row first: a repeat returns the
    first result. Raises a LedgerRefusal, and then nothing was written.
    """
    check_amounts(line.amount for line in lines)
    if len(lines) == 1:
        line = lines[0]
        parameters = [posting_id, line.kind, line.debit, line.credit, line.amount, description, effective_at]
        return call(posting_id, "wallet.post_one(%s, %s, %s, %s, %s, %s, %s)", parameters)
    return call(
        posting_id,
        "wallet.post(%s, %s, %s, %s, %s, %s, %s)",
        [posting_id, *columns(lines), description, effective_at],
    )


def reverse(
    *,
    posting_id: UUID,
    reverses: UUID,
    description: str = "",
    kind: str = "REVERSAL",
    effective_at: datetime | None = None,
) -> Posting:
    """Mirror a whole posting, once. Raises AlreadyReversed, PostingNotFound, or why the money cannot go back."""
    parameters = [posting_id, reverses, description, effective_at, kind]
    return call(posting_id, "wallet.reverse(%s, %s, %s, %s, %s)", parameters)


def reverse_part(*, posting_id: UUID, transaction_id: UUID, amount: int, description: str = "") -> Posting:
    """Mirror `amount` (minor units) of one transaction. Raises what `reversals.reverse_part` raises."""
    check_amounts([amount])
    return call(
        posting_id,
        "wallet.reverse_part(%s, %s, %s, %s)",
        [posting_id, transaction_id, amount, description],
    )


def post_many(*, postings: Sequence[Single], effective_at: datetime | None = None) -> int:
    """Post thousands of single-transaction postings in one statement, all or none; return how many were new.

    Raises a LedgerRefusal that names the first offending posting (`data["posting"]`, `data["index"]`).
    """
    if not postings:
        raise NothingToPost
    check_amounts(posting.line.amount for posting in postings)
    kinds, debits, credits, amounts = columns([posting.line for posting in postings])
    ids, descriptions = [p.posting_id for p in postings], [p.description for p in postings]
    statement = "select wallet.post_many(%s, %s, %s, %s, %s, %s, %s)"
    rows = run(statement, [ids, kinds, debits, credits, amounts, descriptions, effective_at])
    return int(rows[0][0])


def call(posting_id: UUID, function: str, parameters: list[Any]) -> Posting:
    """Run a posting function and return what it wrote."""
    statement = (
        f"select debit_version, debit_balance, credit_version, credit_balance, replayed from {function}"
    )
    rows = run(statement, parameters)
    return Posting(
        posting_id, tuple(Posted(nth(posting_id, n), *row[:4]) for n, row in enumerate(rows)), rows[0][4]
    )


def run(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """Run one of the ledger's statements, and return its rows.

    Alone it is a transaction of its own; inside one it gets a savepoint, so that a refusal leaves the caller's
    transaction whole. Tried again when the database asks for that: a deadlock gives up no more than the savepoint, a
    serialisation failure the whole transaction, so that one is tried again only where that is ours. Raises a
    LedgerRefusal.
    """
    database = connections[DEFAULT_DB_ALIAS]
    inside = database.in_atomic_block
    passing = DEADLOCK if inside else PASSING
    for attempt in range(1, TRIES):
        try:
            return _once(database, statement, parameters, inside)
        except OperationalError as error:
            if not isinstance(error.__cause__, passing):
                raise
            sleep(random.uniform(0, 0.01 * 2**attempt))
    return _once(database, statement, parameters, inside)


def _once(
    database: BaseDatabaseWrapper, statement: str, parameters: list[Any], inside: bool
) -> list[tuple[Any, ...]]:
    if not inside:
        return _rows(database, statement, parameters)
    with transaction.atomic():
        return _rows(database, statement, parameters)


def _rows(database: BaseDatabaseWrapper, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    database.ensure_connection()
    try:
        found = prepared.rows(database.connection, statement, parameters)
    except psycopg.Error as error:
        refusal = refusal_of(error)
        if refusal is not None:
            raise refusal from None
        with database.wrap_database_errors:
            raise
    # Whom it concerns is told after the commit (announcing.py).
    transaction.on_commit(doorbell.ring_for_sources, using=DEFAULT_DB_ALIAS)
    return found


def columns(lines: Sequence[Line]) -> tuple[list[str], list[UUID], list[UUID], list[int]]:
    return (
        [line.kind for line in lines],
        [line.debit for line in lines],
        [line.credit for line in lines],
        [line.amount for line in lines],
    )


def check_amounts(amounts: Iterable[int]) -> None:
    """Raise TypeError for anything but an integer, AmountTooLarge past what the books can hold."""
    for amount in amounts:
        if type(amount) is not int:
            raise TypeError("an amount is an integer of the minor unit")
        if amount > LARGEST:
            raise AmountTooLarge(amount=str(amount))
