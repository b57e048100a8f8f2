"""Tests run on a real PostgreSQL and Valkey of their own, as the runtime role: neither owner nor superuser.

A template database is migrated once for each state of the migrations and cloned for each test process. Tests that
commit are cleaned up after by the superuser, since the runtime role may not delete what is append-only.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

from accounts import access_tokens
from core import ids
from core.embedded import Postgres, ensure_running
from core.embedded.place import exclusive
from wallet.services.fees import forget_schedules
from wallet.tests.mutations import break_guard

SERVER = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB"}
# The source that tests name in rules of their own, in the one table of the schema's data that they add to.
OF_TESTS = "a test"
KEPT = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "accounts_approvalband",
    "wallet_currency",
    "wallet_tierrule",
    "wallet_coolingoffrule",
    "wallet_feeschedule",
    "wallet_feerule",
    "wallet_reversalrule",
    "wallet_matchingrule",
    "wallet_follower",
    "credit_lossrates",
    "realtime_horizon",
    "realtime_consumer",
    "realtime_declared",
    "credit_scorecardversion",
    "marketplace_taxclass",
    "marketplace_taxrate",
)


class Scheduling(LoadScopeScheduling):
    """Those that drive browsers file by file and first, since they take longest; each other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::")[0] if nodeid.startswith("config/tests/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def superuser(dbname: str) -> psycopg.Connection:
    return psycopg.connect(Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=dbname), autocommit=True)


def schema_fingerprint() -> str:
    """What the schema is made from: changes with any migration or SQL file."""
    digest = hashlib.sha256()
    files = [*settings.BASE_DIR.glob("*/migrations/*.py"), *settings.BASE_DIR.glob("*/*/migrations/*.py")]
    operations = (
        "core/rls.py",
        "core/history.py",
        "core/migrating.py",
        "realtime/declaring.py",
        "accounts/roles.py",
    )
    code = [Path(settings.BASE_DIR) / name for name in operations]
    written = [*settings.BASE_DIR.glob("*/sql/*.sql"), *settings.BASE_DIR.glob("*/policies.py")]
    for path in sorted([*files, *written, *code]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _make_template(name: str) -> None:
    with superuser("postgres") as connection:
        for (old,) in connection.execute(
            "select datname from pg_database where datname like 'alajo_template_%'"
        ):
            connection.execute(f'drop database "{old}" with (force)')
        draft = name + "_draft"
        connection.execute(f'drop database if exists "{draft}" with (force)')
        connection.execute(f'create database "{draft}" owner alajo_owner')
        owner = connections["owner"]
        owner.close()
        wanted, owner.settings_dict["NAME"] = owner.settings_dict["NAME"], draft
        try:
            call_command("migrate", database="owner", verbosity=0)
        finally:
            owner.close()
            owner.settings_dict["NAME"] = wanted
        connection.execute(f'alter database "{draft}" rename to "{name}"')


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    stores = ensure_running(settings.TEST_ROOT, settings=SERVER)
    template, mine = f"alajo_template_{schema_fingerprint()}", settings.DATABASES["default"]["NAME"]
    with django_db_blocker.unblock(), exclusive(settings.TEST_ROOT / "template.lock"):
        with superuser("postgres") as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [template]).fetchone()
        if not found:
            _make_template(template)
        with superuser("postgres") as connection:
            connection.execute(f'drop database if exists "{mine}" with (force)')
            connection.execute(f'create database "{mine}" template "{template}" owner alajo_owner')
        if mutant := os.environ.get("ALAJO_MUTANT"):
            with superuser(mine) as connection:
                break_guard(connection, mutant)
    Path(settings.TEXTS_PATH).unlink(missing_ok=True)
    yield
    connections.close_all()
    stores.release()


@dataclass
class Cleaner:
    """A connection that stays: a new one would have to learn of each table again, for a quarter of a second."""

    connection: psycopg.Connection | None = None

    def run(self, clean: Callable[[psycopg.Connection], None]) -> None:
        if self.connection is not None:
            try:
                return clean(self.connection)
            except psycopg.OperationalError:
                self.connection.close()
        self.connection = superuser(settings.DATABASES["default"]["NAME"])
        self.connection.execute("set session_replication_role = replica")
        return clean(self.connection)


cleaner = Cleaner()


def wipe(_case: object = None) -> None:
    """Delete every row that is not part of the schema's own data, whoever committed it."""
    connections.close_all()
    cleaner.run(_delete_rows)


def _delete_rows(connection: psycopg.Connection) -> None:
    # One that nobody ever wrote to has no block; many partitions are like that.
    tables = connection.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' "
        "and relname <> all(%s) and pg_relation_size(oid) > 0",
        [[*KEPT, "wallet_account"]],
    ).fetchall()
    statements = [f'delete from "{name}"' for (name,) in tables]
    of_tests = f"select id from wallet_feeschedule where source = '{OF_TESTS}'"
    statements.append(f"delete from wallet_feerule where schedule_id in ({of_tests})")
    for rules in ("tierrule", "coolingoffrule", "reversalrule", "feeschedule"):
        statements.append(f"delete from wallet_{rules} where source = '{OF_TESTS}'")
    statements.append(f"delete from credit_scorecardversion where source = '{OF_TESTS}'")
    statements.append(
        "delete from wallet_account where owner_id is not null or kind in ('LENDER', 'MERCHANT', 'SELLER')"
    )
    statements.append("update wallet_account set balance = 0, held = 0, version = 0, state = 'ACTIVE'")
    connection.execute("; ".join(statements))


TransactionTestCase._fixture_teardown = wipe  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    marked = request.node.get_closest_marker("django_db")
    if marked or {"db", "transactional_db", "live_server"} & set(request.fixturenames):
        cache.clear()
        access_tokens.forget_keys()  # those of the last test are no rows any more
        forget_schedules()
    # Ids never go back, so a test that moved the clock ahead would leave all later ones in its future.
    ids._sequence.restart()
