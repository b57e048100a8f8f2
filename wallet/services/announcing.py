"""Telling people of what happened in the books: a source of the outbox (setting REALTIME_SOURCES)."""

from django.db import connection, transaction

from core.actors import as_service_for_one_statement
from realtime import doorbell

AT_ONCE = 5_000


def announce() -> bool:
    """Write notices and events of what was posted since the last call; return whether there was anything.

    Follows the books by what has become visible, so that what commits late is not passed over; the place it has come to
    moves in the same transaction as what it writes: none is lost, none comes twice, however many follow at once.
    """
    with as_service_for_one_statement():
        with connection.cursor() as cursor:
            cursor.execute("select wallet.announce(%s)", [AT_ONCE])
            passed = int(cursor.fetchone()[0])
        if passed:
            transaction.on_commit(doorbell.ring)
    return passed > 0
