"""Who writes to an upload in parts: one at a time, until the connection, the lease or the upload ends."""

import base64
import hashlib
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, Upload, UploadPart
from storage_app.services import uploads
from storage_app.tests.factories import bytes_of, make_bucket
from storage_app.tests.raw import Raw
from storage_app.tests.tus import BYTES, SPOKEN, Tus, held, is_there, told

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def ada(server) -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


@pytest.fixture
def tus(server, ada) -> Tus:
    return Tus(server, by=ada)


def request(url: str, ada: User, offset: int, length: int, **more: str) -> bytes:
    headers = {
        **SPOKEN,
        **bearer(ada),
        "Host": urlsplit(url).netloc,
        "Content-Type": BYTES,
        "Upload-Offset": str(offset),
        "Content-Length": str(length),
        **more,
    }
    lines = [f"PATCH {urlsplit(url).path} HTTP/1.1", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def until(server: str, condition: Any) -> None:
    """Wait for what the server does after its client is gone; asking it is what passes the time."""
    deadline = timezone.now() + timedelta(seconds=20)
    while not condition():
        assert timezone.now() < deadline, "it did not happen"
        httpx.get(f"{server}/storage/v1/health")


def somebody_writes() -> bool:
    with acting_as_service():
        return Upload.objects.exclude(writer=None).exists()


def test_what_arrived_stays_when_the_client_goes_away(server, tus, ada, files):
    url = tus.begun(f"{ada.id}/a", 3 * blobs.PIECE)

    def has_arrived() -> bool:
        return any(path.stat().st_size >= blobs.PIECE for path in files.rglob("*.arriving"))

    with Raw(server) as raw:
        raw.send(request(url, ada, 0, 3 * blobs.PIECE) + b"x" * 2 * blobs.PIECE)
        until(server, has_arrived)
    # The writer gave its lease back at once.
    until(server, lambda: not somebody_writes())
    offset = tus.offset(url)
    assert blobs.PIECE <= offset <= 2 * blobs.PIECE
    assert tus.patch(url, offset, b"y" * (3 * blobs.PIECE - offset)).status_code == 204
    assert bytes_of(held(ada)) == b"x" * offset + b"y" * (3 * blobs.PIECE - offset)


def test_nothing_unproven_stays_when_the_client_goes_away(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 10)
    checksum = base64.b64encode(hashlib.sha1(b"x" * 10).digest()).decode()
    with Raw(server) as raw:
        raw.send(request(url, ada, 0, 10, **{"Upload-Checksum": f"sha1 {checksum}"}) + b"x" * 5)
        until(server, somebody_writes)
    until(server, lambda: not somebody_writes())
    assert tus.offset(url) == 0 and list(blobs.keys()) == []


def test_of_two_writers_one_is_told_to_wait(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 10)
    with Raw(server) as raw:
        raw.send(request(url, ada, 0, 10, Connection="close") + b"hello")
        until(server, somebody_writes)
        assert told(tus.patch(url, 0, b"other wins")) == (423, "The resource is locked")
        assert tus.offset(url) == 0
        raw.send(b"world")
        assert raw.all().startswith(b"HTTP/1.1 204")
    assert bytes_of(held(ada)) == b"helloworld"


def test_many_writers_at_once_write_each_byte_once(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 300_000)
    answers: list[int] = []

    def write(letter: bytes) -> None:
        answers.append(Tus(server, by=ada).patch(url, 0, letter * 300_000).status_code)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(204) == 1 and set(answers) <= {204, 409, 423}
    assert bytes_of(held(ada)) in [letter * 300_000 for letter in (b"a", b"b", b"c", b"d")]


def test_a_writer_whose_lease_went_to_another_changes_nothing(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 10)
    with Raw(server) as raw:
        raw.send(request(url, ada, 0, 10, Connection="close") + b"later")
        until(server, somebody_writes)
        with acting_as_service():
            Upload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert tus.patch(url, 0, b"first").status_code == 204
        raw.send(b" late")
        assert raw.all().startswith(b"HTTP/1.1 423")
    assert tus.patch(url, 5, b" wins").status_code == 204
    assert bytes_of(held(ada)) == b"first wins"


def test_an_upload_is_ended(tus, ada):
    url = tus.begun(f"{ada.id}/a", 10, body=b"hello")
    assert told(tus.client.delete(url)) == (204, "")
    for answer in (tus.client.head(url), tus.patch(url, 5, b"world"), tus.client.delete(url)):
        assert told(answer)[0] == 404
    with acting_as_service():
        assert DoomedBlob.objects.count() == 1 and not UploadPart.objects.exists()


def test_an_upload_ends_under_who_writes(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 10)
    with Raw(server) as raw:
        raw.send(request(url, ada, 0, 10, Connection="close") + b"hello")
        until(server, somebody_writes)
        assert tus.client.delete(url).status_code == 204
        raw.send(b"world")
        assert raw.all().startswith(b"HTTP/1.1 404")
    assert not is_there(ada)


def test_an_upload_that_expired_is_gone(tus, ada):
    url = tus.begun(f"{ada.id}/a", 10, body=b"hello")
    with acting_as_service():
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for answer in (tus.client.head(url), tus.patch(url, 5, b"world"), tus.client.delete(url)):
        assert told(answer)[0] == 410
    assert uploads.expire(at=timezone.now()) == 1
    assert told(tus.client.head(url))[0] == 404


def test_all_bytes_came_but_the_server_died_before_the_file_was_there(tus, ada):
    """The client is told that it is complete only once it is."""
    url = tus.begun(f"{ada.id}/a", 10, body=b"hello")
    with acting_as_service():
        upload = uploads.take(id=Upload.objects.get().pk, offset=5, at=timezone.now())
        with blobs.Writer("uploads/last") as writer:
            writer.write(b"world")
            last = writer.finish()
        part = uploads.Part(last.key, last.size)
        uploads.add(id=upload.pk, writer=upload.writer, parts=[part], at=timezone.now())
    assert told(tus.client.head(url))[0] == 423  # the dead writer's lease
    with acting_as_service():
        Upload.objects.update(leased_until=timezone.now())
    assert tus.offset(url) == 10
    assert bytes_of(held(ada)) == b"helloworld"
