"""A document that comes in parts, at a running server: cut off half way, gone on with, and taken over once."""

import json

import pytest
from django.test import Client

from accounts.models import KycDocument, User
from accounts.tests.factories import make_person, sign_in
from accounts.tests.kyc import begin, card
from core.actors import acting_as_service
from storage_app import blobs
from storage_app.models import Object
from storage_app.tests.conftest import files, server  # noqa: F401
from storage_app.tests.test_tus_writers import somebody_writes, until
from storage_app.tests.tus import BYTES, Tus

pytestmark = pytest.mark.usefixtures("server")
SLOT = "/verify/documents/passport/whole/"


@pytest.fixture
def ada(server) -> User:  # noqa: F811
    user = make_person(email="ada@alajo.test")
    begin(user, tier=3)
    return user


@pytest.fixture
def client(ada) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def right(client: Client, *, size: int, kind: str = "image/jpeg", slot: str = SLOT) -> dict:
    answer = client.post(f"{slot}upload-right/", {"name": "card.jpg", "size": size, "type": kind})
    return {"status": answer.status_code, **json.loads(answer.content)}


def waiting() -> int:
    with acting_as_service():
        return Object.objects.filter(bucket_id="kyc-incoming").count()


class Cut(Exception):
    """The connection is gone."""


def half_of(content: bytes, arrived):
    """Half of it, and then nothing: the connection breaks when that has arrived."""
    yield content[: len(content) // 2]
    arrived()
    raise Cut


def test_a_connection_cut_half_way_goes_on_where_it_stopped(server, ada, client, files):  # noqa: F811
    content = card((1800, 1200), kind="PNG", compress_level=0)
    given = right(client, size=len(content), kind="image/png")
    tus = Tus(server, token=given["token"])
    url = tus.begun(given["name"], len(content), bucket=given["bucket"], told={"contentType": "image/png"})

    def half_is_there() -> bool:
        return any(path.stat().st_size >= 2 * blobs.PIECE for path in files.rglob("*.arriving"))

    length = {"Content-Type": BYTES, "Upload-Offset": "0", "Content-Length": str(len(content))}
    with pytest.raises(Cut):
        half = half_of(content, lambda: until(server, half_is_there))
        tus.client.patch(url, headers=length, content=half)
    until(server, lambda: not somebody_writes())
    arrived = tus.offset(url)
    assert 2 * blobs.PIECE <= arrived <= len(content) // 2
    assert tus.patch(url, arrived, content[arrived:]).status_code == 204
    assert client.post(SLOT, {"uploaded": given["name"]}).url == "/verify/document/"
    with acting_as_service():
        document = KycDocument.objects.get()
    assert (document.width, document.height, document.state) == (1800, 1200, "PENDING")
    assert waiting() == 0
    assert client.post(SLOT, {"uploaded": given["name"]}).status_code == 422


def test_what_somebody_else_sent_is_not_taken_over(server, ada, client):  # noqa: F811
    content = card()
    given = right(client, size=len(content))
    tus = Tus(server, token=given["token"])
    url = tus.begun(given["name"], len(content), bucket=given["bucket"], told={"contentType": "image/jpeg"})
    tus.patch(url, 0, content)
    bola = make_person()
    begin(bola, tier=3)
    other = Client()
    sign_in(other, bola)
    assert other.post(SLOT, {"uploaded": given["name"]}).status_code == 422
    with acting_as_service():
        assert not KycDocument.objects.exists()
    assert waiting() == 1


def test_what_came_whole_and_is_no_good_is_forgotten(server, ada, client):  # noqa: F811
    content = card(blur=9)
    given = right(client, size=len(content))
    tus = Tus(server, token=given["token"])
    url = tus.begun(given["name"], len(content), bucket=given["bucket"], told={"contentType": "image/jpeg"})
    tus.patch(url, 0, content)
    answer = client.post(SLOT, {"uploaded": given["name"]})
    assert answer.status_code == 422 and "blurred" in answer.content.decode() and waiting() == 0


@pytest.mark.parametrize(
    ("size", "kind", "said"), [(15_000_001, "image/jpeg", "15 MB"), (900, "text/html", "cannot read")]
)
def test_a_page_learns_before_it_sends_what_would_be_refused(ada, client, size, kind, said):
    answer = right(client, size=size, kind=kind)
    assert answer["status"] == 422 and said in answer["message"]


def test_a_page_that_says_a_picture_and_sends_a_program_is_refused_at_the_door(server, ada, client):  # noqa: F811
    given = right(client, size=2_000)
    tus = Tus(server, token=given["token"])
    url = tus.begun(given["name"], 2_000, bucket=given["bucket"], told={"contentType": "image/jpeg"})
    assert tus.patch(url, 0, b"MZ" + bytes(1_998)).status_code >= 400 and waiting() == 0
