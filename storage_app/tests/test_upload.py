"""Files coming into a running server."""

import asyncio
import base64
import hashlib
import http.client
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from accounts import access_tokens
from accounts.models import AuditEvent, User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as, acting_as_service
from storage_app import blobs
from storage_app.asgi import exchange, multipart
from storage_app.models import Bucket, BucketRule, DoomedBlob, Object
from storage_app.services import buckets, objects, removal, signing
from storage_app.tests.factories import bytes_of, make_bucket
from storage_app.tests.raw import Raw, refused

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


def refuses(answer: httpx.Response, status: str, text: str = "") -> None:
    """Refused with this status and these words, and nothing of it is left."""
    real, message = refused(answer)
    assert (real, text in message) == (status, True), message
    assert list(blobs.keys()) == []
    with acting_as_service():
        assert not Object.objects.exists() and not DoomedBlob.objects.exists()


@pytest.mark.parametrize("more", [0, 1])
def test_the_etag_is_the_md5_of_the_bytes_and_of_large_ones_that_of_their_sha256(more):
    content = bytes(blobs.MD5_UP_TO + more)
    sha256 = hashlib.sha256(content)
    wanted = hashlib.md5(sha256.digest() if more else content).hexdigest()
    for step in (3 * blobs.PIECE, 100_000):
        with blobs.Writer(f"objects/aa/bb/{more}-{step}") as writer:
            for at in range(0, len(content), step):
                writer.write(content[at : at + step])
            written = writer.finish()
        assert (written.md5, written.sha256) == (wanted, sha256.hexdigest())


def test_put_and_upsert_replace_and_post_does_not(client, ada):
    make_bucket()
    path, headers = f"/object/docs/{ada.id}/a", {**bearer(ada), "content-type": "text/plain"}
    assert client.post(path, content=b"1", headers=headers).status_code == 200
    assert refused(client.post(path, content=b"2", headers=headers)) == ("409", "The resource already exists")
    assert client.post(path, content=b"3", headers={**headers, "x-upsert": "true"}).status_code == 200
    assert bytes_of(held(ada, "a")) == b"3"
    assert client.put(path, content=b"", headers=headers).status_code == 200
    assert bytes_of(held(ada, "a")) == b"" and held(ada, "a").version.size == 0


def test_nobody_writes_where_no_rule_lets_them(client, ada):
    make_bucket()
    path, bola = f"/object/docs/{ada.id}/a", make_person(email="bola@alajo.test")
    row = "new row violates row-level security policy"
    refuses(client.post(path, content=b"1", headers=bearer(bola)), "403", row)
    refuses(client.put(path, content=b"1", headers=bearer(bola)), "403", row)
    refuses(client.post("/object/docs/a", content=b"1", headers=bearer(ada)), "403", row)
    refuses(client.post(path, content=b"1"), "400", "authorization")
    refuses(
        client.post(path, content=b"1", headers={"apikey": access_tokens.static_key("anon")}), "404", "Bucket"
    )
    refuses(client.post("/object/none/a", content=b"1", headers=bearer(ada)), "404", "Bucket not found")


@pytest.mark.parametrize(
    "name",
    ["..%2fa", "a/%2e%2e/b", "a//b", "/a", "a/", "a%00b", "%E1%BB%8D", "a%0d%0ab", "x" * 1100, "a%5cb"],
)
def test_a_name_that_is_no_name_is_refused(client, ada, name):
    make_bucket()
    answer = client.post(f"/object/docs/{ada.id}/{name}", content=b"1", headers=bearer(ada))
    refuses(answer, "400")


def test_what_is_too_large_is_refused_declared_or_not_and_leaves_nothing(client, ada):
    make_bucket(file_size_limit=2 * blobs.PIECE)
    path, headers = f"/object/docs/{ada.id}/a", {**bearer(ada), "content-type": "text/plain"}
    large = bytes(4 * blobs.PIECE)
    refuses(client.post(path, content=large, headers=headers), "413", "exceeded the maximum allowed size")
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))
    refuses(client.post(path, content=pieces, headers=headers), "413")
    refuses(client.post(path, files={"file": ("a", large)}, headers=bearer(ada)), "413")
    slightly = bytes(2 * blobs.PIECE + 1)
    refuses(client.post(path, files={"file": ("a", slightly)}, headers=bearer(ada)), "413")
    assert client.post(path, content=slightly[:-1], headers=headers).status_code == 200


def test_a_size_declared_too_large_is_refused_before_a_byte_is_sent(server, ada):
    make_bucket()
    with Raw(server) as raw:
        raw.send(head(f"/object/docs/{ada.id}/a", ada, length=10**13) + b"Expect: 100-continue\r\n\r\n")
        answer = raw.all()
    assert (
        answer.startswith(b"HTTP/1.1 400") and b"EntityTooLarge" in answer and b"connection: close" in answer
    )


def test_who_sends_much_hears_why_it_is_refused(server, ada):
    make_bucket()
    parts = urlsplit(server)
    for body in (bytes(20 * blobs.PIECE), (bytes(blobs.PIECE) for _each in range(20))):
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
        connection.request(
            "POST", f"/storage/v1/object/docs/{ada.id}/a", body, {"Authorization": "Bearer a.b.c"}
        )
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["statusCode"]) == (400, "403")
        connection.close()


def test_the_type_is_what_the_content_is(client, ada):
    make_bucket()
    for name, content, declared, kept in (
        ("a", b"\x89PNG\r\n\x1a\n" + bytes(64), "text/plain", "image/png"),
        ("b", b"<html><script>1</script>", "image/png", "text/html"),
        ("c", b"just words", "image/png", "application/octet-stream"),
        ("d", b"", "", "application/octet-stream"),
    ):
        path = f"/object/docs/{ada.id}/{name}"
        answer = client.post(path, content=content, headers={**bearer(ada), "content-type": declared})
        assert answer.status_code == 200, answer.text
        assert held(ada, name).version.content_type == kept


def test_a_type_that_is_not_allowed_is_refused_by_word_and_by_content(client, ada):
    make_bucket(allowed_mime_types=["image/*"])
    path, lies = f"/object/docs/{ada.id}/a", {**bearer(ada), "content-type": "image/png"}
    words = "mime type text/plain is not supported"
    refuses(
        client.post(path, content=b"1", headers={**bearer(ada), "content-type": "text/plain"}), "415", words
    )
    refuses(
        client.post(path, files={"f": ("a", b"%PDF-1.7" + bytes(9000), "image/png")}, headers=bearer(ada)),
        "415",
    )
    # Seen by the first bytes, long before the last.
    pieces = (b"%PDF-1.7" + bytes(65536) for _each in range(64))
    refuses(client.post(path, content=pieces, headers=lies), "415", "application/pdf")


def test_a_blob_whose_row_is_refused_is_removed_later(client, ada):
    make_bucket(quota_bytes=4)
    answer = client.post(f"/object/docs/{ada.id}/a", content=b"12345", headers=bearer(ada))
    assert answer.status_code in (400, 429), answer.text
    with acting_as_service():
        assert not Object.objects.exists()
        assert [row.blob_key for row in DoomedBlob.objects.all()] == list(blobs.keys())
    removal.remove_doomed(at=timezone.now() + removal.GRACE)
    assert list(blobs.keys()) == []


FILE = ('name=""; filename="a"', b"1")
TYPE = "multipart/form-data; boundary=X"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(FILE, end=""), TYPE),
        (form(FILE)[:-12], TYPE),
        (b"", TYPE),
        (form(('name="cacheControl"', b"1")), TYPE),
        (form(FILE, FILE), TYPE),
        (form(FILE), "multipart/form-data"),
        (form(FILE), "multipart/form-data; boundary=Y"),
        (form(FILE), 'multipart/form-data; boundary="ọ"'.encode()),
        (form(("x" * 9000, b"1"), FILE), TYPE),
        (form(*[('name="f"', b"1")] * 40, FILE), TYPE),
        (form(('name="metadata"', b"1" * 70_000), FILE), TYPE),
        (form(('name="metadata"', b"[1]"), FILE), TYPE),
        (form(('name="metadata"', b'{"a":"\\u0000"}'), FILE), TYPE),
        (form(('name="metadata"', b'{"a":"\\ud800"}'), FILE), TYPE),
        (form(('name="metadata"', b'{"a":1e999}'), FILE), TYPE),
        (form(('name="metadata"', b"[" * 60_000), FILE), TYPE),
        (form(('name="cacheControl"', b"1\r\nx: y"), FILE), TYPE),
        (form(('name="cacheControl"', b"\xe1\xbb\x8d"), FILE), TYPE),
        (b"--X" + b"a" * 20_000 + form(FILE), TYPE),
        (b"a" * 20_000 + form(FILE), TYPE),
    ],
    ids=[
        "no-end",
        "cut",
        "empty",
        "no-file",
        "two-files",
        "no-boundary",
        "other-boundary",
        "odd-boundary",
        "long-head",
        "many-parts",
        "long-field",
        "list",
        "nul",
        "surrogate",
        "infinity",
        "deep",
        "newline",
        "accent",
        "no-line",
        "preamble",
    ],
)
def test_a_form_that_is_none_is_refused_and_leaves_nothing(client, ada, body, kind):
    make_bucket()
    answer = client.post(
        f"/object/docs/{ada.id}/a", content=body, headers={**bearer(ada), "content-type": kind}
    )
    refuses(answer, "400")


@pytest.mark.parametrize(
    "text",
    ["%%%", "bm8=", "W10=", "eyJhIjoiXHUwMDAwIn0=", "ọ"],
    ids=["no-base64", "no-json", "list", "nul", "accent"],
)
def test_metadata_in_a_header_must_be_an_object_in_base64(server, client, ada, text):
    make_bucket()
    headers = {**bearer(ada), "x-metadata": text.encode()}
    refuses(client.post(f"/object/docs/{ada.id}/a", content=b"1", headers=headers), "400", "etadata")


@pytest.mark.parametrize("step", [1, 2, 7, 64])
def test_a_form_is_read_alike_however_it_is_cut(step):
    content = b"--X\r\n--X-\r\n\r\n--" + bytes(range(256)) + b"\r"
    body = form(
        ('name="metadata"', b'{"k":1}'), ('name=""; filename="a"', content), end="--Xy--\r\n", boundary="Xy"
    )

    async def read() -> dict[str, bytes]:
        async def pieces():
            for at in range(0, len(body), step):
                yield body[at : at + step]

        found: dict[str, bytes] = {}
        async for part, data in multipart.parts(pieces(), b"Xy"):
            found[part.name] = found.get(part.name, b"") + data
        return found

    assert asyncio.run(read()) == {"metadata": b'{"k":1}', "": content}


def head(path: str, person: User, *, length: int) -> bytes:
    lines = [f"POST /storage/v1{path} HTTP/1.1", "Host: a", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in bearer(person).items()]
    return "\r\n".join([*lines, ""]).encode()


def test_who_leaves_half_way_leaves_nothing(server, client, ada, files):
    make_bucket()
    with Raw(server) as raw:
        raw.send(
            head(f"/object/docs/{ada.id}/a", ada, length=4 * blobs.PIECE) + b"\r\n" + bytes(3 * blobs.PIECE)
        )
        wait_until(client, lambda: any(path.is_file() for path in files.rglob("*")))
    wait_until(client, lambda: not any(path.is_file() for path in files.rglob("*")))
    with acting_as_service():
        assert not Object.objects.exists() and not DoomedBlob.objects.exists()


def test_who_falls_silent_half_way_leaves_nothing(server, ada, monkeypatch):
    monkeypatch.setattr(exchange, "STALLED", 0.1)
    make_bucket()
    with Raw(server) as raw:
        raw.send(head(f"/object/docs/{ada.id}/a", ada, length=10) + b"\r\nhalf")
        assert raw.receive(10_000).startswith(b"HTTP/1.1 408")
    assert list(blobs.keys()) == []


def test_a_right_that_ends_during_an_upload_ends_the_upload(server, client, ada, files):
    make_bucket()
    with Raw(server) as raw:
        raw.send(head(f"/object/docs/{ada.id}/a", ada, length=2 * blobs.PIECE) + b"\r\n" + bytes(blobs.PIECE))
        wait_until(client, lambda: any(path.is_file() for path in files.rglob("*")))
        with acting_as_service():
            BucketRule.objects.filter(what="ADD").delete()
        raw.send(bytes(blobs.PIECE))
        assert b'"statusCode":"403"' in raw.receive(10_000)
    with acting_as_service():
        assert not Object.objects.exists()
        assert [row.blob_key for row in DoomedBlob.objects.all()] == list(blobs.keys())


def wait_until(client: httpx.Client, true: Callable[[], bool]) -> None:
    """Let the server have its turn, seen by its answers, until something is so."""
    for _turn in range(2000):
        if true():
            return
        client.get("/object/public/none/a")
    raise AssertionError("it never came to that")


def test_a_signed_address_takes_one_file_without_a_bearer(client, ada):
    make_bucket()
    token = upload_token(ada, "a")
    path = f"/object/upload/sign/docs/{ada.id}/a"
    refuses(client.put(path, content=b"1"), "400")
    refuses(
        client.put(f"/object/upload/sign/docs/{ada.id}/b?token={token}", content=b"1"), "400", "do not match"
    )
    refuses(client.put(f"{path}?token={token[:-2]}", content=b"1"), "400")
    refuses(
        client.put(
            f"{path}?token={upload_token(ada, 'a', at=timezone.now() - timedelta(hours=3))}", content=b"1"
        ),
        "400",
        "exp",
    )
    answer = client.put(f"{path}?token={token}", files={"": ("a.txt", b"hello", "text/plain")})
    assert (answer.status_code, answer.json()) == (200, {"Key": f"docs/{ada.id}/a"})
    found = held(ada, "a")
    assert bytes_of(found) == b"hello" and found.owner_id == ada.id == found.version.created_by_id
    assert refused(client.put(f"{path}?token={token}", content=b"2")) == (
        "409",
        "The resource already exists",
    )
    with acting_as_service():
        reading = signing.sign_download(object=found, bucket=found.bucket, expires_in=60, at=timezone.now())
        event = AuditEvent.objects.get(action="storage.object.added")
    assert event.actor_id == ada.id
    assert refused(client.put(f"{path}?token={reading}", content=b"2")) == (
        "400",
        "Token is not scoped for upload",
    )
    again = upload_token(ada, "a", upsert=True)
    with acting_as_service():
        buckets.end_signed_addresses(id="docs")
    assert refused(client.put(f"{path}?token={again}", content=b"2"))[0] == "400"
    assert client.put(f"{path}?token={upload_token(ada, 'a', upsert=True)}", content=b"2").status_code == 200


def upload_token(ada: User, name: str, *, at=None, upsert: bool = False) -> str:
    with acting_as(ada):
        place = objects.place_for(bucket_id="docs", name=f"{ada.id}/{name}", upsert=upsert)
    with acting_as_service():
        bucket = Bucket.objects.get(pk="docs")
    return signing.sign_upload(place=place, bucket=bucket, at=at or timezone.now())
