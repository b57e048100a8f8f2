"""Posting: one round trip to the ledger's SQL functions. Amounts are positive integers of the minor unit."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from wallet.refusals import AmountTooLarge, NothingToPost, named

LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Line:
    """One transaction to be: `amount` (minor units) from the debit account to the credit account."""

    kind: str
    debit: UUID
    credit: UUID
    amount: int


@dataclass(frozen=True)
class Posted:
    """One transaction as it was written: each side's version and balance after it, None where the account is hot."""

    id: UUID
    amount: int
    debit_version: int | None
    debit_balance: int | None
    credit_version: int | None
    credit_balance: int | None
    recorded_at: datetime
    replayed: bool


@dataclass(frozen=True)
class Posting:
    """Transactions that stand or fall together. `replayed` says that they had already been posted."""

    id: UUID
    transactions: tuple[Posted, ...]

    @property
    def replayed(self) -> bool:
        return self.transactions[0].replayed


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
        return call(
            posting_id,
            "select * from wallet.post_one(%s, %s, %s, %s, %s, %s, %s)",
            [posting_id, line.kind, line.debit, line.credit, line.amount, description, effective_at],
        )
    return call(
        posting_id,
        "select * from wallet.post(%s, %s, %s, %s, %s, %s, %s)",
        [posting_id, *columns(lines), description, effective_at],
    )


def reverse(*, posting_id: UUID, reverses: UUID, description: str = "") -> Posting:
    """Mirror a whole posting, once. Raises AlreadyReversed, PostingNotFound, or why the money cannot go back."""
    return call(posting_id, "select * from wallet.reverse(%s, %s, %s)", [posting_id, reverses, description])


@dataclass(frozen=True)
class Single:
    """A posting of one transaction, for `post_many`."""

    posting_id: UUID
    line: Line
    description: str = ""


def post_many(*, postings: Sequence[Single], effective_at: datetime | None = None) -> int:
    """Post thousands of single-transaction postings in one statement, all or none; return how many were new.

    Raises a LedgerRefusal that names the first offending posting (`data["posting"]`, `data["index"]`).
    """
    if not postings:
        raise NothingToPost
    check_amounts(posting.line.amount for posting in postings)
    kinds, debits, credits, amounts = columns([posting.line for posting in postings])
    ids, descriptions = [p.posting_id for p in postings], [p.description for p in postings]
    with named(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select wallet.post_many(%s, %s, %s, %s, %s, %s, %s)",
            [ids, kinds, debits, credits, amounts, descriptions, effective_at],
        )
        return int(cursor.fetchone()[0])


def call(posting_id: UUID, statement: str, parameters: list[object]) -> Posting:
    """Run a posting function: alone it is its own transaction; inside one it gets a savepoint, so that a refusal leaves
    the caller's transaction whole."""
    with named(), transaction.atomic() if connection.in_atomic_block else nullcontext(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return Posting(posting_id, tuple(Posted(*row) for row in cursor.fetchall()))


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
        if isinstance(amount, bool) or not isinstance(amount, int):
            raise TypeError("an amount is an integer of the minor unit")
        if amount > LARGEST:
            raise AmountTooLarge(amount=str(amount))
