from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from config.asgi import application
from realtime.tests.sockets import serving


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
