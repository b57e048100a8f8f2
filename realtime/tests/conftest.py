from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from core.embedded import Postgres


@pytest.fixture
def another_session(transactional_db) -> Iterator[Callable[[], psycopg.Connection]]:
    """Make further connections to the test's database, as the service: who begins early and commits late."""
    with ExitStack() as stack:

        def session() -> psycopg.Connection:
            name = settings.DATABASES["default"]["NAME"]
            connection = psycopg.connect(Postgres(settings.TEST_ROOT).dsn(dbname=name))
            stack.callback(connection.close)
            connection.execute("set role service_role")
            connection.commit()
            return connection

        yield session
    connections.close_all()
