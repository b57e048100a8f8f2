import pytest

from accounts.models import User
from accounts.tests.factories import make_person


@pytest.fixture
def ada(db: None) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola(db: None) -> User:
    return make_person(email="bola@alajo.test")
