"""People and an organisation that many tests begin with."""

import pytest

from accounts.models import Organization, User
from accounts.tests.factories import make_person
from accounts.tests.organizations import make_organization


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Adeyemi", email="bola@alajo.test")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def chidi() -> User:
    return make_person(name="Chidi Eze", email="chidi@alajo.test")


@pytest.fixture
def firm(bola: User) -> Organization:
    """Bola's own."""
    return make_organization(bola)
