"""Keeping the books honest: folding hot accounts, sealing each day, proving that everything adds up."""

from dataclasses import dataclass

from django.db import connection, transaction

from core.actors import acting_as_service


@dataclass(frozen=True)
class Fault:
    """Something in the books that is not right, and the row it shows at."""

    check: str
    row: str
    detail: str


def fold() -> None:
    """Make a checkpoint of every hot account that moved since its last."""
    _unhurried("select wallet.fold()")


def seal() -> None:
    """Add a link to the hash chain over all transactions since the last one."""
    _unhurried("select wallet.seal()")


def verify() -> list[Fault]:
    """Prove the books in one snapshot and return what is wrong with them: nothing, when they are right."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute("select check_name, row_id, detail from wallet.verify()")
        return [Fault(*row) for row in cursor.fetchall()]


def _unhurried(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute(statement)
