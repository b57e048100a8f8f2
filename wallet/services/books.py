"""Keeping the books honest: folding hot accounts, sealing each day, proving that everything adds up."""

import logging
from dataclasses import dataclass

from django.db import connection, transaction

from core.actors import acting_as_service
from wallet.models import Seal

logger = logging.getLogger(__name__)


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
    """Add a link to the hash chain over all transactions since the last one.

    The log gets its head, so that a copy of it stands outside the database it vouches for.
    """
    _unhurried("select wallet.seal()")
    last = Seal.objects.order_by("-number").first()
    if last:
        logger.info(
            "ledger sealed: number %s, %s transactions, head %s",
            last.number,
            last.rows,
            bytes(last.head).hex(),
        )


def verify() -> list[Fault]:
    """Prove the books in one snapshot and return what is wrong with them: nothing, when they are right."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        # No month is taken out meanwhile: what is seen of it, and what was kept of it, belong together.
        cursor.execute("lock table wallet_transaction in access share mode")
        cursor.execute(
            "select check_name, row_id, detail from wallet.verify() "
            "union all select check_name, row_id, detail from wallet.verify_statements()"
        )
        return [Fault(*row) for row in cursor.fetchall()]


def _unhurried(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute(statement)
