"""Months of the past for tests: what was posted just now is moved back, as if it had been posted then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from psycopg.types.json import Jsonb

from core.actors import acting_as_service
from core.embedded import Postgres
from core.ids import uuid7
from wallet import services as wallet
from wallet.tests.ledger import passed_by_the_horizon, root

LONG_AGO = datetime.fromisoformat("2019-03-10T12:00:00+00:00")
MONTHS = "partitions.ensure(%s, %s, 0)"
AGE = """
create function pg_temp.aged(p_id uuid, p_by interval) returns uuid language sql immutable
return (lpad(to_hex(('x' || substr(replace(p_id::text, '-', ''), 1, 12))::bit(48)::bigint
    - (extract(epoch from p_by) * 1000)::bigint), 12, '0') || substr(replace(p_id::text, '-', ''), 13))::uuid;
"""


def proven_and_sealed() -> None:
    """Fold and seal all there is."""
    passed_by_the_horizon()
    with acting_as_service():
        wallet.fold()
    passed_by_the_horizon()
    with acting_as_service():
        wallet.seal()


def moved_back(to: datetime = LONG_AGO) -> timedelta:
    """Move all that stands in the books, and in the audit trail, back to a month of the past; return by how much."""
    with root() as database:
        for table in ("wallet_transaction", "accounts_auditevent"):
            database.execute(f"select {MONTHS}", [table, to])
        database.execute(AGE)
        database.execute("set session_replication_role = replica")
        ((by,),) = database.execute("select date_trunc('day', now() - %s)", [to]).fetchall()
        database.execute(
            "update wallet_transaction set id = pg_temp.aged(id, %(by)s), "
            "posting_id = pg_temp.aged(posting_id, %(by)s), "
            "reverses = pg_temp.aged(reverses, %(by)s), effective_at = effective_at - %(by)s, "
            "recorded_at = recorded_at - %(by)s where recorded_at > now() - interval '300 days'",
            {"by": by},
        )
        database.execute(
            "update wallet_reversal set posting_id = pg_temp.aged(posting_id, %(by)s), "
            "reversed_by = pg_temp.aged(reversed_by, %(by)s) where created_at > now() - interval '300 days'",
            {"by": by},
        )
        database.execute(
            "update wallet_transaction set digest = wallet.digest_of(id, posting_id, debit_account_id, "
            "credit_account_id, amount, currency, debit_version, debit_balance, credit_version, credit_balance, "
            "effective_at, recorded_at, "
            "hold_id, reverses, actor_id, kind, description) where recorded_at < now() - interval '300 days'"
        )
        database.execute(
            "update accounts_auditevent set id = pg_temp.aged(id, %s) where recorded_at > now() - interval '300 days'",
            [by],
        )
        database.execute(
            "update accounts_auditevent set recorded_at = recorded_at - %s "
            "where recorded_at > now() - interval '300 days'",
            [by],
        )
        database.execute(
            "update wallet_account set opened_at = opened_at - %s where owner_id is not null", [by]
        )
        # Nothing of long ago counts in a day's limits.
        database.execute(
            "update wallet_account set counted_until = null, sent = null, received = null "
            "where counted_until is not null"
        )
    return by


def note_an_archive() -> None:
    """Write down a month that is in its files alone, of which there is nothing."""
    name, since, until = "accounts_auditevent_y2019m03", "2019-03-01Z", "2019-04-01Z"
    file = [{"name": "accounts_auditevent/part-0001.parquet", "rows": 3, "bytes": 900, "sha256": "c0ffee"}]
    with root() as database:
        database.execute(
            "insert into core_archive (id, parent, partition, since, until, state, columns, rows, content, parts, "
            "begun_at, dropped_at) values "
            "(%s, 'accounts_auditevent', %s, %s, %s, 'DROPPED', '[]', 3, %s, %s, now(), now())",
            [uuid7(), name, since, until, b"\xc0\xff\xee", Jsonb(file)],
        )


def removed() -> None:
    """Take away the months of the past, wherever they are by now."""
    with root() as database:
        database.execute("set session_replication_role = replica")
        for parent in ("wallet_transaction", "accounts_auditevent"):
            for schema in ("public", "archived"):
                found = database.execute(
                    "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = %s "
                    "and (tablename like %s or tablename like '%%\\_read')",
                    [schema, f"{parent}_y2019%"],
                ).fetchall()
                for (name,) in found:
                    database.execute(f"drop table if exists {name}")


def database_owner() -> str:
    return Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=settings.DATABASES["default"]["NAME"])


@contextmanager
def months_of_the_past() -> Iterator[None]:
    """At the end, the tables are by month as before."""
    try:
        yield
    finally:
        removed()
