"""Files going out of a running server."""

import httpx
import pytest

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from storage_app.tests.factories import make_bucket, put

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def ada(server) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola(server) -> User:
    return make_person(email="bola@alajo.test")


@pytest.fixture
def client(server) -> httpx.Client:
    with httpx.Client(base_url=f"{server}/storage/v1") as client:
        yield client


def test_a_file_is_read_by_its_owner_and_by_nobody_else(client, ada, bola):
    make_bucket()
    put(f"{ada.id}/a b.txt", b"hello", by=ada)
    for path in (f"/object/docs/{ada.id}/a b.txt", f"/object/authenticated/docs/{ada.id}/a%20b.txt"):
        answer = client.get(path, headers=bearer(ada))
        assert (answer.status_code, answer.content) == (200, b"hello"), answer.text
        refused = client.get(path, headers=bearer(bola))
        assert (refused.status_code, refused.json()["statusCode"]) == (400, "404")
