from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from accounts.models import User
from accounts.tests.factories import make_person
from config.asgi import application
from core.embedded import Postgres
from realtime.tests.sockets import serving


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


@pytest.fixture
def server(transactional_db: Any, settings: Any) -> Iterator[str]:
    """The address of a web process."""
    with serving(application) as url:
        settings.SITE_URL, settings.ACCESS_TOKEN_ISSUER = url, f"{url}/auth/v1"
        yield url


@pytest.fixture
def other_server(server: str) -> Iterator[str]:
    """A second web process: it shares nothing with the first but the stores."""
    with serving(application) as url:
        yield url


@pytest.fixture
def ada(server: str) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola(server: str) -> User:
    return make_person(name="Bola Ade", email="bola@alajo.test")
