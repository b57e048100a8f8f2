"""Files coming into a running server."""

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as
from storage_app.models import Object
from storage_app.services import objects
from storage_app.tests.factories import bytes_of, make_bucket

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def ada(server) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/storage/v1") as client:
        yield client


def held(ada: User, name: str) -> Object:
    with acting_as(ada):
        return objects.find(bucket_id="docs", name=f"{ada.id}/{name}")


def form(*parts: tuple[str, bytes], boundary: str = "X", end: str = "--X--\r\n") -> bytes:
    lines = [
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body
        for head, body in parts
    ]
    return b"\r\n".join([*lines, end.encode()])


def test_a_file_is_sent_as_the_body_itself(client, ada):
    make_bucket()
    headers = {
        **bearer(ada),
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "max-age=60",
        "x-metadata": base64.b64encode(json.dumps({"k": ["ọ̀nà", 1]}).encode()).decode(),
    }
    answer = client.post(f"/object/docs/{ada.id}/a b.txt", content=b"hello", headers=headers)
    assert answer.status_code == 200, answer.text
    found = held(ada, "a b.txt")
    assert answer.json() == {"Id": str(found.pk), "Key": f"docs/{ada.id}/a b.txt"}
    assert bytes_of(found) == b"hello"
    assert found.version.content_type == "text/plain"
    assert found.version.cache_control == "max-age=60"
    assert found.user_metadata == {"k": ["ọ̀nà", 1]}


@pytest.mark.parametrize("head", ['name=""; filename="blob"', 'name=""', 'name="file"; filename="a.txt"'])
def test_a_file_is_sent_in_a_form_also_without_a_name(client, ada, head):
    make_bucket()
    body = form(
        ('name="cacheControl"', b"120"),
        ('name="metadata"', b'{"k":1}'),
        (f"{head}\r\nContent-Type: text/csv", b"--X\r\n-\r\n--Y" * 3),
    ).replace(b"--X\r\n-", b"\r\n--Z\r\n-")
    answer = client.post(
        f"/object/docs/{ada.id}/a",
        content=body,
        headers={**bearer(ada), "content-type": "multipart/form-data; boundary=X"},
    )
    assert answer.status_code == 200, answer.text
    found = held(ada, "a")
    assert bytes_of(found) == b"\r\n--Z\r\n-\r\n--Y" * 3
    assert (found.version.content_type, found.version.cache_control) == ("text/csv", "max-age=120")
    assert found.user_metadata == {"k": 1}
