"""Uploads in parts, by the letter of TUS, at a running server."""

import base64
import hashlib
from itertools import pairwise

import httpx
import pytest
from django.utils import timezone

from accounts import access_tokens
from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from storage_app.models import BucketRule, DoomedBlob, Upload, UploadPart
from storage_app.services import buckets, uploads
from storage_app.tests.factories import bytes_of, make_bucket, put
from storage_app.tests.tus import BYTES, Tus, held, is_there, metadata, told

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def ada(server) -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


@pytest.fixture
def tus(server, ada) -> Tus:
    return Tus(server, by=ada)


def test_a_file_comes_in_parts_and_is_there_only_with_the_last(tus, ada):
    answer = tus.create(
        f"{ada.id}/a",
        11,
        told={"contentType": "text/plain", "cacheControl": "60", "metadata": '{"k":1}'},
    )
    assert told(answer) == (201, "")
    url = answer.headers["location"]
    assert url.startswith(f"{tus.url}/") and answer.headers["upload-offset"] == "0"
    assert answer.headers["upload-expires"].endswith("GMT")
    answer = tus.patch(url, 0, b"hello ")
    assert told(answer) == (204, "") and answer.headers["upload-offset"] == "6"
    assert "upload-expires" in answer.headers and "tus-complete" not in answer.headers
    assert not is_there(ada)
    answer = tus.client.head(url)
    assert told(answer) == (200, "")
    headers = [answer.headers[name] for name in ("upload-offset", "upload-length", "cache-control")]
    assert headers == ["6", "11", "no-store"]
    assert answer.headers["upload-metadata"].startswith("bucketName ZG9jcw==,objectName ")
    answer = tus.patch(url, 6, b"world")
    assert told(answer) == (204, "")
    assert (answer.headers["upload-offset"], answer.headers["tus-complete"]) == ("11", "1")
    found = held(ada)
    assert bytes_of(found) == b"hello world" and found.owner_id == ada.id
    assert (found.version.content_type, found.version.cache_control) == ("text/plain", "max-age=60")
    assert found.version.sha256 == hashlib.sha256(b"hello world").hexdigest()
    assert found.user_metadata == {"k": 1}
    # Its parts are on their way out, and a client that missed the answer still learns of it.
    with acting_as_service():
        assert not UploadPart.objects.exists() and DoomedBlob.objects.count() == 2
        actions = set(
            AuditEvent.objects.filter(action__startswith="storage.").values_list("action", flat=True)
        )
    assert {"storage.upload.begun", "storage.object.added"} <= actions
    assert tus.offset(url) == 11
    answer = tus.patch(url, 11, b"")
    assert (answer.status_code, answer.headers["tus-complete"]) == (204, "1")


def test_what_is_spoken_is_told(server, ada):
    answer = httpx.options(f"{server}/storage/v1/upload/resumable")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer.headers["tus-max-size"] == "5000000000"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,md5,sha256"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_of_the_protocol_is_refused(tus, ada, method):
    url = tus.begun(f"{ada.id}/a", 3)
    del tus.client.headers["Tus-Resumable"]
    for more in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = tus.client.request(method, tus.url if method == "POST" else url, headers=more)
        assert answer.status_code == 412 and answer.headers["tus-version"] == "1.0.0"


def test_the_first_bytes_come_with_the_creation(tus, ada):
    answer = tus.create(f"{ada.id}/a", 5, body=b"hel")
    assert told(answer) == (201, "") and answer.headers["upload-offset"] == "3"
    assert tus.patch(answer.headers["location"], 3, b"lo").status_code == 204
    assert bytes_of(held(ada)) == b"hello"
    answer = tus.create(f"{ada.id}/b", 2, body=b"hi")
    assert answer.status_code == 201 and bytes_of(held(ada, "b")) == b"hi"


def test_an_empty_file_is_there_at_once(tus, ada):
    assert tus.create(f"{ada.id}/a", 0).status_code == 201
    assert bytes_of(held(ada)) == b""


def test_the_length_may_be_told_later_and_once(tus, ada):
    url = tus.begun(f"{ada.id}/a", None)
    assert tus.patch(url, 0, b"hel").status_code == 204
    answer = tus.client.head(url)
    assert answer.headers["upload-defer-length"] == "1" and "upload-length" not in answer.headers
    assert tus.patch(url, 3, b"", **{"Upload-Length": "2"}).status_code == 400
    assert tus.patch(url, 3, b"l", **{"Upload-Length": "5"}).status_code == 204
    assert tus.patch(url, 4, b"o", **{"Upload-Length": "6"}).status_code == 400
    assert tus.patch(url, 4, b"o").status_code == 204
    assert bytes_of(held(ada)) == b"hello"


def test_only_the_offset_there_is_goes_on(tus, ada):
    url = tus.begun(f"{ada.id}/a", 5)
    tus.patch(url, 0, b"hel")
    for offset in (0, 2, 4, 5):
        assert told(tus.patch(url, offset, b"x")) == (409, "Upload-Offset conflict")
    assert tus.patch(url, 3, b"lo").status_code == 204
    assert told(tus.patch(url, 3, b"xx")) == (409, "Upload-Offset conflict")
    assert bytes_of(held(ada)) == b"hello"


def test_more_bytes_than_said_are_refused(tus, ada):
    url = tus.begun(f"{ada.id}/a", 5)
    assert told(tus.patch(url, 0, b"hello world")) == (413, "Maximum size exceeded")
    assert told(tus.patch(url, 0, iter([b"hello", b" world"]))) == (413, "Maximum size exceeded")
    assert tus.offset(url) == 0 and not is_there(ada)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"size": 11}, (413, "Maximum size exceeded")),
        ({"bucket": "none"}, (404, "Bucket not found")),
        ({"told": {"contentType": "image/png"}}, (415, "mime type image/png is not supported")),
        ({"name": "../a"}, (400, "Invalid key: ../a")),
        ({"name": "{ada}/../a"}, None),
        ({"name": "{ada}/a\x00"}, None),
        ({"name": "other/a"}, (403, "new row violates row-level security policy")),
        ({"name": "{ada}/there"}, (409, "The resource already exists")),
        ({"told": {"metadata": "[1]"}}, (400, "metadata must be a JSON object")),
        ({"told": {"cacheControl": "x" * 101}}, (400, "cacheControl is no such header")),
    ],
    ids=[
        "large",
        "bucket",
        "type",
        "traversal",
        "inner traversal",
        "nul",
        "rights",
        "taken",
        "metadata",
        "cache",
    ],
)
def test_what_may_not_be_is_refused_at_once(tus, ada, facts, answer):
    with acting_as_service():
        buckets.change(id="docs", at=timezone.now(), file_size_limit=10, allowed_mime_types=["text/*"])
    put(f"{ada.id}/there", by=ada)
    asked = {"name": "{ada}/a", "size": 3, **facts}
    asked["name"] = asked["name"].format(ada=ada.id)
    refused = told(tus.create(**asked))
    assert refused == answer if answer else refused[0] == 400
    with acting_as_service():
        assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Metadata": "bucketName ZG9jcw=="},
        {"Upload-Metadata": "bucketName ZG9jcw==,objectName #"},
        {"Upload-Metadata": "bucketName ZG9jcw==,objectName /w=="},
        {"Upload-Metadata": "x" * 17000},
        {"Upload-Length": "-1"},
        {"Upload-Length": "9" * 19},
        {"Upload-Defer-Length": "1"},
        {"Upload-Checksum": "crc32 AAAA", "Content-Type": BYTES},
        {"Upload-Checksum": "sha1 !", "Content-Type": BYTES},
    ],
    ids=[
        "no name",
        "no base64",
        "no text",
        "long",
        "negative",
        "huge",
        "both",
        "algorithm",
        "no checksum",
    ],
)
def test_what_is_no_request_of_the_protocol_is_refused(tus, ada, headers):
    right = {
        "Upload-Length": "3",
        "Upload-Metadata": metadata(bucketName="docs", objectName=f"{ada.id}/a"),
    }
    assert told(tus.client.post(tus.url, headers={**right, **headers}))[0] == 400
    with acting_as_service():
        assert not Upload.objects.exists()


def test_a_request_of_another_kind_is_refused(tus, ada):
    url = tus.begun(f"{ada.id}/a", 3)
    headers = {"Upload-Offset": "0"}
    assert told(tus.client.patch(url, headers=headers, content=b"abc"))[0] == 415
    assert told(tus.client.patch(url, headers={"Content-Type": BYTES}, content=b"abc"))[0] == 400
    assert told(tus.client.post(url, headers=headers))[0] == 405
    sent = {**headers, "Content-Type": BYTES, "X-HTTP-Method-Override": "PATCH"}
    assert told(tus.client.post(url, headers=sent, content=b"abc")) == (204, "")
    assert bytes_of(held(ada)) == b"abc"


def test_nobody_touches_anothers_upload(server, tus, ada):
    url = tus.begun(f"{ada.id}/a", 5)
    for other in (Tus(server, by=make_person(email="bola@alajo.test")), Tus(server)):
        status = 404 if other.client.headers.get("authorization") else 400
        assert told(other.patch(url, 0, b"hello"))[0] == status
        assert told(other.client.head(url))[0] == status
        assert told(other.client.delete(url))[0] == status
    stranger = Tus(server)
    stranger.client.headers["apikey"] = access_tokens.static_key("anon")
    assert told(stranger.client.head(url))[0] == told(stranger.patch(url, 0, b"hello"))[0] == 404
    assert tus.offset(url) == 0
    # Nor does its id open it under another name, or as nonsense.
    base, _slash, address = url.rpartition("/")
    with acting_as_service():
        id = Upload.objects.get().pk
    for text in (f"docs/{ada.id}/b/{id}", f"other/{ada.id}/a/{id}", f"docs/{ada.id}/a/x", str(id)):
        forged = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        assert told(tus.patch(f"{base}/{forged}", 0, b"hello"))[0] == 404
    for nonsense in ("x", "%ff", address[:-5], "é"):
        assert told(tus.client.head(f"{base}/{nonsense}"))[0] == 404


def test_rights_are_asked_with_every_part(tus, ada):
    url = tus.begun(f"{ada.id}/a", 5)
    assert tus.patch(url, 0, b"he").status_code == 204
    with acting_as_service():
        BucketRule.objects.filter(what=BucketRule.What.ADD).delete()
    row = "new row violates row-level security policy"
    assert told(tus.patch(url, 2, b"llo")) == (403, row)
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="OWN_FOLDER", what="ADD")
    assert tus.patch(url, 2, b"ll").status_code == 204
    put(f"{ada.id}/a", by=ada)
    assert told(tus.patch(url, 4, b"o")) == (409, "The resource already exists")
    assert bytes_of(held(ada)) == b"hello"


def test_only_with_upsert_is_a_file_replaced(tus, ada):
    before = put(f"{ada.id}/a", b"before", by=ada)
    url = tus.begun(f"{ada.id}/a", 5, **{"x-upsert": "true"})
    tus.patch(url, 0, b"after")
    assert bytes_of(held(ada)) == b"after" and held(ada).pk == before.pk


def test_a_type_that_is_none_of_the_buckets_is_found_by_its_first_bytes(tus, ada):
    with acting_as_service():
        buckets.change(id="docs", at=timezone.now(), allowed_mime_types=["image/png"])
    url = tus.begun(f"{ada.id}/a", 100_000, told={"contentType": "image/png"})
    answer = tus.patch(url, 0, b"<html>" + b"x" * 50_000)
    assert told(answer) == (415, "mime type text/html is not supported")
    small = tus.begun(f"{ada.id}/b", 6, told={"contentType": "image/png"})
    assert told(tus.patch(small, 0, b"<html>"))[0] == 415
    assert tus.offset(url) == 0 and not is_there(ada) and not is_there(ada, "b")


def test_what_is_open_counts_against_the_quota(tus, ada):
    with acting_as_service():
        buckets.change(id="docs", at=timezone.now(), quota_bytes=10)
    url = tus.begun(f"{ada.id}/a", 6)
    assert told(tus.create(f"{ada.id}/b", 5)) == (413, "Quota exceeded")
    later = tus.begun(f"{ada.id}/b", None)
    assert told(tus.patch(later, 0, b"", **{"Upload-Length": "5"})) == (413, "Quota exceeded")
    assert tus.client.delete(url).status_code == 204
    assert tus.patch(later, 0, b"hello", **{"Upload-Length": "5"}).status_code == 204
    assert told(tus.create(f"{ada.id}/c", 6)) == (413, "Quota exceeded")


def test_nobody_opens_uploads_without_end(tus, ada):
    tus.begun(f"{ada.id}/a", 6)
    with acting_as_service():
        one = Upload.objects.get()
        at = {"created_at": one.created_at, "expires_at": one.expires_at}
        facts = {"bucket_id": "docs", "name": one.name, "content_type": "", "owner_id": ada.id, **at}
        Upload.objects.bulk_create(Upload(**facts) for _ in range(uploads.MOST_OPEN - 1))
    assert told(tus.create(f"{ada.id}/b", 6))[0] == 403
    with acting_as_service():
        Upload.objects.filter(pk=one.pk).delete()
    assert tus.create(f"{ada.id}/b", 6).status_code == 201


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "sha256"])
def test_a_checksum_lets_in_only_what_was_sent(tus, ada, algorithm):
    def of(body: bytes) -> dict[str, str]:
        digest = hashlib.new(algorithm, body).digest()
        return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}

    url = tus.begun(f"{ada.id}/a", 11)
    assert told(tus.patch(url, 0, b"hellO ", **of(b"hello "))) == (460, "Checksum Mismatch")
    assert tus.offset(url) == 0
    assert tus.patch(url, 0, b"hello ", **of(b"hello ")).status_code == 204
    assert tus.patch(url, 6, b"world", **of(b"world")).status_code == 204
    assert bytes_of(held(ada)) == b"hello world"
    # Refused at its creation, an upload is nowhere.
    assert told(tus.create(f"{ada.id}/b", 1, body=b"x", **of(b"y")))[0] == 460
    with acting_as_service():
        assert not Upload.objects.filter(finished_at=None).exists()


def test_many_parts_become_one_file(tus, ada):
    content = b"".join(hashlib.sha256(bytes([n % 251])).digest() * 1000 for n in range(300))
    url = tus.begun(f"{ada.id}/a", len(content))
    cuts = [*range(110), 4096, 5_000_000, 9_500_000, len(content)]
    for start, end in pairwise(cuts):
        answer = tus.patch(url, start, content[start:end])
        assert answer.headers["upload-offset"] == str(end), answer.text
        if end < len(content):
            with acting_as_service():
                assert max(UploadPart.objects.values_list("size", flat=True)) <= 4 * 1024 * 1024
    assert held(ada).version.sha256 == hashlib.sha256(content).hexdigest()
    assert hashlib.sha256(bytes_of(held(ada))).hexdigest() == held(ada).version.sha256
