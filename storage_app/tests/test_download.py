"""Files going out of a running server."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as, acting_as_service
from storage_app import blobs
from storage_app.models import Bucket, Object
from storage_app.services import buckets, objects, signing
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.raw import Raw, refused

DAY = timedelta(days=1)


@pytest.fixture
def ada(server) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola(server) -> User:
    return make_person(email="bola@alajo.test")


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/storage/v1") as client:
        yield client


def shop(ada: User, content: bytes = b"0123456789", **facts) -> str:
    """A file that everyone may read; returns its address."""
    make_bucket("shop", public=True)
    put(f"{ada.id}/a.txt", content, by=ada, bucket="shop", **facts)
    return f"/object/public/shop/{ada.id}/a.txt"


def signed(object: Object, *, at=None, expires_in: int = 60, **facts) -> str:
    with acting_as_service():
        bucket = Bucket.objects.get(pk=object.bucket_id)
        token = signing.sign_download(
            object=object, bucket=bucket, expires_in=expires_in, at=at or timezone.now(), **facts
        )
    return f"/object/sign/{object.bucket_id}/{object.name}?token={token}"


def test_a_file_is_read_by_its_owner_and_by_nobody_else(client, ada, bola):
    make_bucket()
    put(f"{ada.id}/a b.txt", b"hello", by=ada)
    anon = {"apikey": access_tokens.static_key("anon")}
    for path in (f"/object/docs/{ada.id}/a b.txt", f"/object/authenticated/docs/{ada.id}/a%20b.txt"):
        answer = client.get(path, headers={**anon, **bearer(ada)})
        assert (answer.status_code, answer.content) == (200, b"hello"), answer.text
        assert answer.headers["vary"] == "Authorization, apikey"
        assert refused(client.get(path, headers=bearer(bola))) == ("404", "Object not found")
        assert refused(client.get(path, headers=anon)) == ("404", "Bucket not found")
        assert refused(client.get(path)) == ("400", "headers must have required property 'authorization'")
        forged = client.get(path, headers={"authorization": bearer(ada)["Authorization"][:-4] + "AAAA"})
        assert refused(forged) == ("403", "signature verification failed")
        assert client.head(path, headers=bearer(bola)).status_code == 400
    public = client.get(f"/object/public/docs/{ada.id}/a b.txt", headers=bearer(ada))
    assert refused(public) == ("404", "Bucket not found")


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-40", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-500", 206, b"56789", "bytes 5-9/10"),
        ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=3-1", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("items=0-1", 200, b"0123456789", None),
        ("bytes=99999999999999999999999-", 200, b"0123456789", None),
    ],
)
def test_a_range_is_answered_as_it_was_asked_for(client, ada, asked, status, content, told):
    path = shop(ada)
    client.get(path)
    answer = client.get(path, headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == told
    assert answer.headers["content-length"] == str(len(content))


def test_ranges_of_a_large_file_make_up_the_file(client, ada):
    content = os.urandom(3 * blobs.PIECE + 7)
    path = shop(ada, content)
    step = blobs.PIECE + 1
    got = [
        client.get(path, headers={"range": f"bytes={at}-{at + step - 1}"}).content
        for at in range(0, len(content), step)
    ]
    assert b"".join(got) == content == client.get(path).content


def test_what_has_not_changed_is_not_sent_again(client, ada):
    path = shop(ada)
    first = client.get(path)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert etag == '"781e5e245d69b566979b86e28d23f2c7"'
    for unchanged in (
        {"if-none-match": etag},
        {"if-none-match": f'"other", W/{etag}'},
        {"if-none-match": "*"},
        {"if-modified-since": modified},
    ):
        answer = client.get(path, headers=unchanged)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag), unchanged
        assert answer.headers["cache-control"] == "max-age=3600"
    for changed in (
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": modified},
    ):
        assert client.get(path, headers=changed).status_code == 200
    assert client.get(path, headers={"if-match": '"other"'}).status_code == 412
    for same, status in ((etag, 206), (modified, 206), ('"other"', 200), (f"W/{etag}", 200)):
        answer = client.get(path, headers={"range": "bytes=0-1", "if-range": same})
        assert answer.status_code == status, same


def test_head_tells_all_but_the_bytes(client, ada):
    path = shop(ada)
    whole, head = client.get(path), client.head(path)
    assert head.content == b"" and head.status_code == 200
    names = set(whole.headers) - {"request-id", "date"}
    assert {name: head.headers[name] for name in names} == {name: whole.headers[name] for name in names}
    assert head.headers["content-length"] == "10" and head.headers["accept-ranges"] == "bytes"
    assert head.headers["content-type"] == "text/plain" and head.headers["x-robots-tag"] == "none"


def test_an_answer_from_memory_is_the_same_as_one_from_the_database(client, ada):
    path = shop(ada)
    long, quick = client.get(path), client.get(path)
    assert long.content == quick.content
    assert long.headers["request-id"] != quick.headers["request-id"]
    kept = [
        {n: v for n, v in answer.headers.items() if n not in ("request-id", "date")}
        for answer in (long, quick)
    ]
    assert kept[0] == kept[1]


def test_what_was_replaced_moved_or_closed_is_seen_at_once(client, ada):
    path = shop(ada)
    assert client.get(path).content == b"0123456789"
    headers = {**bearer(ada), "content-type": "text/plain"}
    assert client.put(f"/object/shop/{ada.id}/a.txt", content=b"new", headers=headers).status_code == 200
    assert client.get(path).content == b"new"
    service = {"Authorization": f"Bearer {access_tokens.static_key('service_role')}"}
    closed = client.put("/bucket/shop", json={"public": False}, headers=service)
    assert closed.status_code == 200, closed.text
    assert refused(client.get(path)) == ("404", "Bucket not found")


def test_an_address_that_names_the_version_is_cached_for_ever(client, ada):
    path = shop(ada)
    with acting_as(ada):
        found = objects.find(bucket_id="shop", name=f"{ada.id}/a.txt")
    for_ever = client.get(f"{path}?version={found.version_id}")
    assert for_ever.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"{path}?version=other").headers["cache-control"] == "max-age=3600"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", None),
        ("?download=", "attachment"),
        ("?download", "attachment"),
        ("?download=a%20b.txt", "attachment; filename=a%20b.txt; filename*=UTF-8''a%20b.txt"),
        (
            "?download=%22;%0d%0aX:1/../",
            "attachment; filename=%22%3B%0D%0AX%3A1%2F..%2F; filename*=UTF-8''%22%3B%0D%0AX%3A1%2F..%2F",
        ),
        ("?download=%E1%BB%8D", "attachment; filename=%E1%BB%8D; filename*=UTF-8''%E1%BB%8D"),
    ],
    ids=["shown", "saved", "saved too", "named", "hostile", "accents"],
)
def test_a_file_is_saved_under_the_name_asked_for(client, ada, query, told):
    answer = client.get(shop(ada) + query)
    assert answer.status_code == 200
    assert answer.headers.get("content-disposition") == told
    assert "x" not in answer.headers


@pytest.mark.parametrize(
    ("content", "declared", "shown"),
    [
        (b"<!DOCTYPE html><script>1</script>", "text/html", "text/plain"),
        (b"<script>1</script>", "image/png", "text/plain"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "image/svg+xml", "image/svg+xml"),
        (b'<a:html xmlns:a="http://www.w3.org/1999/xhtml"/>', "application/atom+xml", "application/atom+xml"),
        (b"<!-- --><html/>", "application/xhtml+xml", "text/plain"),
        (b"alert(1)", "text/javascript", "text/javascript"),
    ],
    ids=["page", "page as picture", "svg", "any xml", "xhtml", "script"],
)
def test_what_could_run_is_saved_and_sandboxed(client, ada, content, declared, shown):
    path = shop(ada, content, content_type=declared)
    for answer in (client.get(path), client.get(path), client.get(path, headers={"range": "bytes=0-3"})):
        assert answer.headers["content-type"] == shown
        assert answer.headers["content-disposition"] == "attachment"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_signed_address_opens_one_version_of_one_file_for_a_time(client, ada):
    make_bucket()
    first = put(f"{ada.id}/a", b"first", by=ada)
    other = put(f"{ada.id}/b", b"other", by=ada)
    path = signed(first)
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, b"first") and "expires" in answer.headers
    assert client.get(path, headers={"range": "bytes=1-2"}).content == b"ir"
    put(f"{ada.id}/a", b"second", by=ada, upsert=True)
    assert client.get(path).content == b"first"
    token = path.partition("?")[2]
    assert refused(client.get(f"/object/sign/docs/{other.name}?{token}"))[0] == "400"
    assert refused(client.get(f"/object/docs/{first.name}?{token}"))[0] == "400"
    assert refused(client.get(path[:-3]))[0] == "400"
    assert refused(client.get(f"/object/sign/docs/{first.name}"))[0] == "400"
    late = signed(first, at=timezone.now() - DAY)
    assert refused(client.get(late)) == ("400", '"exp" claim timestamp check failed')
    smaller = signed(first, rendition={"width": 10})
    assert refused(client.get(smaller))[0] == "400"
    with acting_as_service():
        place = objects.place_for(bucket_id="docs", name=first.name, upsert=True)
        upload = signing.sign_upload(place=place, bucket=first.bucket, at=timezone.now())
    wrong = client.get(f"/object/sign/docs/{first.name}?token={upload}")
    assert refused(wrong) == ("400", "Token is not scoped for download")
    with acting_as_service():
        buckets.end_signed_addresses(id="docs")
    assert refused(client.get(path))[0] == "400"


@pytest.mark.parametrize(
    "path",
    [
        "/object/docs/a%00b",
        "/object/public/docs/a%00b",
        "/object/public/d%00cs/a",
        "/object/public/docs/..%2f..%2fetc%2fpasswd",
        "/object/public/docs/%2e%2e/%2e%2e/secrets.json",
        "/object/public/docs/" + "x" * 3000,
        "/object/public/docs/%ff%fe",
        "/object/sign/docs/a?token=a%00.b.c",
        "/object/sign/docs/a?token=" + "a" * 5000 + "..",
        "/object/docs/",
    ],
    ids=[
        "nul",
        "nul-public",
        "nul-bucket",
        "traversal",
        "dots",
        "long",
        "no-text",
        "nul-token",
        "no-token",
        "no-name",
    ],
)
def test_an_odd_address_finds_nothing(client, ada, path):
    make_bucket()
    answer = client.get(path, headers=bearer(ada))
    assert answer.status_code == 400, answer.text
    assert answer.json()["statusCode"] in ("400", "404")


def test_browsers_are_told_what_they_may_ask_and_other_sites_nothing(client, ada, settings):
    path = shop(ada)
    asks = {"origin": "https://app.test", "access-control-request-method": "POST"}
    allowed = client.options("/object/docs/a", headers=asks)
    assert allowed.status_code == 204 and "x-upsert" in allowed.headers["access-control-allow-headers"]
    assert "PUT" in allowed.headers["access-control-allow-methods"]
    for answer in (client.get(path), client.get(path), client.get("/object/docs/a"), allowed):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert answer.headers["request-id"].startswith("req_")
    assert client.get(path, headers={"host": "evil.test"}).status_code == 200
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    assert client.get(path).status_code == 200
    assert refused(client.get(path, headers={"host": "evil.test"})) == ("400", "Invalid host")
    settings.SECURE_SSL_REDIRECT = True
    away = client.get(f"{path}?download=")
    assert (away.status_code, urlsplit(away.headers["location"]).scheme) == (308, "https")
    assert client.get(path).status_code == 308


def test_who_leaves_in_the_middle_is_not_sent_the_rest(client, ada, server, files):
    path = shop(ada, os.urandom(40 * blobs.PIECE))

    def open_files() -> list[Path]:
        held = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        return [one for one in held if one.is_relative_to(files)]

    with Raw(server) as raw:
        raw.send(f"GET /storage/v1{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert raw.receive(1000).startswith(b"HTTP/1.1 200 OK")
        assert len(open_files()) == 1
    for _turn in range(500):
        # Each answer means that the server has had its turn meanwhile.
        assert client.get(path, headers={"range": "bytes=0-0"}).status_code == 206
        if not open_files():
            break
    assert open_files() == []


def test_a_file_whose_bytes_are_gone_is_a_fault_that_is_told_before_any_byte(client, ada):
    path = shop(ada)
    for key in list(blobs.keys()):
        blobs.remove(key)
    answer = client.get(path)
    assert answer.status_code == 500 and answer.json()["statusCode"] == "500"
