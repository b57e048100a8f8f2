"""The demo world for tests, with its books folded and sealed: made once by a test process, then laid back."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import Sum
from django.utils import timezone
from psycopg import sql

from accounts.models import User
from conftest import KEPT, cleaner, superuser
from core.actors import acting_as_service
from wallet.models import Checkpoint, Seal, Transaction
from wallet.services.books import fold, seal

PATIENCE = 30.0
# A world ages: what it says of today, and of what was proven just now, must still be so.
LASTS = timedelta(minutes=10)
TABLES = """
select c.relname, array_agg(a.attname order by a.attnum)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> all(%s)
group by 1 order by 1
"""


@dataclass(frozen=True)
class World:
    """What seeding said, and each table's rows as COPY writes them."""

    said: str
    made_at: datetime
    rows: list[tuple[sql.Identifier, sql.Composed, bytes]]

    def is_fresh(self, now: datetime) -> bool:
        same_day = timezone.localdate(self.made_at) == timezone.localdate(now)
        return same_day and self.made_at <= now <= self.made_at + LASTS


_last: list[World] = []


def make_demo_world() -> str:
    """Let it be there; return what the command said. Whoever tests seeding itself calls `seed_demo_world`."""
    now, alone = timezone.now(), is_empty() and not connection.in_atomic_block
    if alone and _last and _last[0].is_fresh(now):
        lay_back(_last[0])
        return _last[0].said
    said = seed_demo_world()
    if alone:
        _last[:] = [World(said, now, take_up())]
    return said


def seed_demo_world() -> str:
    """Seed it, and wait until all of it is sealed; return what the command said.

    A fold or a seal stops before the oldest transaction that still runs on the server, and other test
    processes share the server.
    """
    out = StringIO()
    call_command("seed_demo", stdout=out)
    deadline = time.monotonic() + PATIENCE
    while not _all_sealed():
        assert time.monotonic() < deadline, "some other transaction runs on and on"
        time.sleep(0.1)
        for step in (fold, seal):
            with acting_as_service():
                step()
    return out.getvalue()


def is_empty() -> bool:
    """Tell whether no test has put anybody into it before."""
    with acting_as_service():
        return not User.objects.exists()


def take_up() -> list[tuple[sql.Identifier, sql.Composed, bytes]]:
    with here() as database:
        tables = database.execute(TABLES, [list(KEPT)]).fetchall()
        rows = []
        for name, columns in tables:
            into = sql.SQL("{} ({})").format(
                sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            read = sql.SQL("copy (select {} from {}) to stdout").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(name)
            )
            with database.cursor().copy(read) as copy:
                if found := b"".join(bytes(part) for part in copy):
                    rows.append((sql.Identifier(name), into, found))
        return rows


def lay_back(world: World) -> None:
    """Past every trigger, since each row was there before; a gateway that a test has put there gives way."""
    connections.close_all()
    cleaner.run(lambda database: _lay_back(world, database))


def _lay_back(world: World, database: psycopg.Connection) -> None:
    with database.transaction():
        database.execute("delete from wallet_account")
        for table, _into, _found in world.rows:
            database.execute(sql.SQL("delete from {}").format(table))
        for _table, into, found in world.rows:
            with database.cursor().copy(sql.SQL("copy {} from stdin").format(into)) as copy:
                copy.write(found)


def here() -> psycopg.Connection:
    return superuser(settings.DATABASES["default"]["NAME"])


def _all_sealed() -> bool:
    with acting_as_service():
        sealed = Seal.objects.aggregate(rows=Sum("rows"))["rows"] or 0
        return sealed == Transaction.objects.count() and Checkpoint.objects.exists()
