"""Files under `/storage/v1`: told of, listed, moved, copied, removed, signed, and brought back as they were."""

import base64
import json
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, Object, ObjectVersion, Usage
from storage_app.services import objects, signing
from storage_app.tests.factories import bytes_of, make_bucket, put
from storage_app.tests.wire import call, refused, told

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
SERVICE = "service_role"
NO_BUCKET = "404 Bucket not found: Bucket not found"
NO_OBJECT = "404 not_found: Object not found"
NOT_ALLOWED = "403 Unauthorized: new row violates row-level security policy"


@pytest.fixture
def ada() -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def found(name: str, *, by: User, bucket: str = "docs") -> Object:
    with acting_as(by):
        return objects.find(bucket_id=bucket, name=name)


def test_a_file_is_told_of_to_who_may_read_it(ada, bola):
    name = f"{ada.id}/a b.txt"
    object = put(name, b"hello", by=ada)
    for way in ("info", "info/authenticated"):
        info = told(call("GET", f"object/{way}/docs/{ada.id}/a%20b.txt", by=ada))
        times = [info.pop("last_modified"), info.pop("created_at")]
        assert all(time.endswith("Z") for time in times)
        assert info == {
            "id": str(object.pk),
            "name": name,
            "version": str(object.version_id),
            "bucket_id": "docs",
            "size": 5,
            "content_type": "text/plain",
            "cache_control": "max-age=3600",
            "etag": '"5d41402abc4b2a76b9719d911017c592"',
            "metadata": {},
        }
        head = call("HEAD", f"object/{way}/docs/{name}", by=ada)
        assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", info["etag"])
        assert refused(call("GET", f"object/{way}/docs/{name}", by=bola)) == NO_OBJECT
        assert refused(call("GET", f"object/{way}/docs/{name}", by="anon")) == NO_BUCKET
        assert call("HEAD", f"object/{way}/docs/{name}", by=bola).status_code == 400
    assert refused(call("GET", "object/info/none/a", by=ada)) == NO_BUCKET


def test_what_is_public_is_told_of_to_everyone(ada, client):
    make_bucket("shop", public=True)
    put(f"{ada.id}/a", by=ada, bucket="shop")
    put(f"{ada.id}/a", by=ada)
    assert client.get(f"/storage/v1/object/info/public/shop/{ada.id}/a").json()["size"] == 5
    assert "ETag" in client.head(f"/storage/v1/object/info/public/shop/{ada.id}/a").headers
    assert refused(client.get(f"/storage/v1/object/info/public/docs/{ada.id}/a")) == NO_BUCKET
    assert refused(client.get("/storage/v1/object/info/public/shop/none")) == NO_OBJECT


def test_a_folder_is_listed_as_apps_know_it(ada, bola):
    put(f"{ada.id}/a.pdf", b"%PDF-1.7", by=ada, content_type="application/pdf")
    put(f"{ada.id}/sub/deep/b.txt", by=ada)
    entries = told(call("POST", "object/list/docs", {"prefix": str(ada.id)}, by=ada))
    assert entries[0] == {
        "name": "sub",
        "id": None,
        "updated_at": None,
        "created_at": None,
        "last_accessed_at": None,
        "metadata": None,
    }
    metadata = entries[1]["metadata"]
    assert entries[1]["name"] == "a.pdf"
    assert (metadata["size"], metadata["mimetype"]) == (8, "application/pdf")

    def names(body: dict, by: User | str = ada) -> list[str]:
        return [entry["name"] for entry in told(call("POST", "object/list/docs", body, by=by))]

    assert names({}) == [str(ada.id)]
    assert names({"prefix": f"{ada.id}/sub/"}) == ["deep"]
    assert names({"prefix": str(ada.id), "search": "A.P"}) == ["a.pdf"]
    assert names({"search": f"{ada.id}/sub/de"}) == ["deep"]
    assert names({"prefix": str(ada.id), "limit": 1, "offset": 1}) == ["a.pdf"]
    assert names({"prefix": str(ada.id), "sortBy": {"column": "created_at", "order": "desc"}}) == [
        "sub",
        "a.pdf",
    ]
    assert names({}, by=bola) == names({"prefix": str(ada.id)}, by=bola) == []
    assert names({}, by="anon") == names({"prefix": str(ada.id)}, by="anon") == []
    assert told(call("POST", "object/list/none", {}, by=ada)) == []


def test_a_prefix_is_listed_page_by_page(ada, bola):
    for name in ("1", "2", "sub/3", "sub/4"):
        put(f"{ada.id}/{name}", by=ada)
    asked = {"prefix": f"{ada.id}/", "limit": 1, "with_delimiter": True}
    first = told(call("POST", "object/list-v2/docs", asked, by=ada))
    assert first["folders"] == [{"name": f"{ada.id}/sub/", "key": f"{ada.id}/sub"}]
    assert (first["hasNext"], first["objects"]) == (True, [])
    pages, cursor = [], first["nextCursor"]
    while cursor:
        page = told(call("POST", "object/list-v2/docs", {**asked, "cursor": cursor}, by=ada))
        pages.append([one["name"] for one in page["objects"]])
        cursor = page.get("nextCursor")
        assert page["hasNext"] == (cursor is not None)
    assert pages == [[f"{ada.id}/1"], [f"{ada.id}/2"]]
    flat = told(call("POST", "object/list-v2/docs", {"prefix": f"{ada.id}/su"}, by=ada))
    assert [one["key"] for one in flat["objects"]] == [f"{ada.id}/sub/3", f"{ada.id}/sub/4"]
    nothing = {"hasNext": False, "folders": [], "objects": []}
    for by in (bola, "anon"):
        assert told(call("POST", "object/list-v2/docs", {**asked, "cursor": ""}, by=by)) == nothing
        stolen = {**asked, "cursor": first["nextCursor"]}
        assert told(call("POST", "object/list-v2/docs", stolen, by=by)) == nothing


def cursor_of(*said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode()


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": 1.5},
        {"offset": -1},
        {"offset": 10**9},
        {"prefix": ["a"]},
        {"search": 1},
        {"sortBy": "name"},
        {"sortBy": {"column": "owner_id"}},
        {"sortBy": {"column": "name; drop table x"}},
        {"sortBy": {"order": "sideways"}},
        {"cursor": "?"},
        {"cursor": "AAAA"},
        {"cursor": "ọ"},
        {"cursor": cursor_of("a")},
        {"cursor": cursor_of("", "a\x00b", "")},
        {"cursor": cursor_of("", "a", "2020-01-01T00:00:00+00:00")},
        {"cursor": cursor_of("", "a", "2020-01-01"), "sortBy": {"column": "created_at"}},
        {"cursor": cursor_of("", "a", ""), "sortBy": {"column": "created_at"}},
        {"cursor": cursor_of("x" * 2000, "", "")},
    ],
    ids=str,
)
def test_a_list_asked_for_in_no_sense_is_refused_by_name(ada, body):
    way = "list-v2" if "cursor" in body else "list"
    assert refused(call("POST", f"object/{way}/docs", body, by=ada)).startswith("400 Error: body/")


def test_files_are_removed_by_name_and_what_is_not_ones_own_is_left_out(ada, bola):
    mine, theirs = f"{ada.id}/a", f"{bola.id}/b"
    object = put(mine, by=ada)
    put(theirs, by=bola)
    asked = {"prefixes": [mine, theirs, f"{ada.id}/none", f"{ada.id}/", str(ada.id)]}
    assert refused(call("DELETE", "object/docs", asked, by="anon")) == NO_BUCKET
    gone = told(call("DELETE", "object/docs", asked, by=ada))
    assert [(one["id"], one["name"], one["bucket_id"]) for one in gone] == [(str(object.pk), mine, "docs")]
    assert bytes_of(found(theirs, by=bola)) == b"hello"
    assert told(call("DELETE", "object/docs", asked, by=ada)) == []
    for wrong in ({}, {"prefixes": "a"}, {"prefixes": []}, {"prefixes": [1]}, {"prefixes": ["a"] * 1001}):
        assert refused(call("DELETE", "object/docs", wrong, by=ada)).startswith("400 Error: body")


def test_one_file_is_removed(ada, bola):
    name = f"{ada.id}/a"
    put(name, by=ada)
    assert refused(call("DELETE", f"object/docs/{name}", by=bola)) == NO_OBJECT
    assert refused(call("DELETE", f"object/docs/{name}", by="anon")) == NO_BUCKET
    assert told(call("DELETE", f"object/docs/{name}", by=ada)) == {"message": "Successfully deleted"}
    assert refused(call("DELETE", f"object/docs/{name}", by=ada)) == NO_OBJECT


def test_a_file_is_moved(ada):
    make_bucket("other")
    object = put(f"{ada.id}/a", by=ada)
    put(f"{ada.id}/b", by=ada)
    asked = {"bucketId": "docs", "sourceKey": f"{ada.id}/a", "destinationKey": f"{ada.id}/c"}
    assert told(call("POST", "object/move", asked, by=ada)) == {
        "message": "Successfully moved",
        "Id": str(object.pk),
        "Key": f"docs/{ada.id}/c",
    }
    assert refused(call("POST", "object/move", asked, by=ada)) == NO_OBJECT
    asked["sourceKey"] = f"{ada.id}/c"
    taken = call("POST", "object/move", {**asked, "destinationKey": f"{ada.id}/b"}, by=ada)
    assert refused(taken) == "409 Duplicate: The resource already exists"
    away = {**asked, "destinationBucket": "other", "destinationKey": f"{ada.id}/x"}
    assert told(call("POST", "object/move", away, by=ada))["Key"] == f"other/{ada.id}/x"
    assert bytes_of(found(f"{ada.id}/x", by=ada, bucket="other")) == b"hello"


def test_a_file_is_copied_into_a_blob_of_its_own(ada):
    source = put(f"{ada.id}/a", b"x" * 3_000_000, by=ada)
    asked = {"bucketId": "docs", "sourceKey": f"{ada.id}/a", "destinationKey": f"{ada.id}/b"}
    answer = told(call("POST", "object/copy", asked, by=ada))
    assert (answer["Key"], answer["name"]) == (f"docs/{ada.id}/b", f"{ada.id}/b")
    copy = found(f"{ada.id}/b", by=ada)
    assert answer["Id"] == answer["id"] == str(copy.pk) != str(source.pk)
    assert copy.version.blob_key != source.version.blob_key
    assert (copy.version.sha256, copy.owner_id) == (source.version.sha256, ada.id)
    with acting_as_service():
        assert Usage.objects.get(owner=ada).bytes_count == 6_000_000
    told(call("DELETE", f"object/docs/{ada.id}/a", by=ada))
    assert bytes_of(copy) == b"x" * 3_000_000
    assert refused(call("POST", "object/copy", asked, by=ada)) == NO_OBJECT


def test_a_copy_replaces_only_where_it_is_told_to_and_may_say_something_else_of_itself(ada):
    put(f"{ada.id}/a", b"new", by=ada)
    put(f"{ada.id}/b", b"old", by=ada)
    asked = {"bucketId": "docs", "sourceKey": f"{ada.id}/a", "destinationKey": f"{ada.id}/b"}
    taken = call("POST", "object/copy", asked, by=ada)
    assert refused(taken) == "409 Duplicate: The resource already exists"
    assert len(list(blobs.keys())) == 2
    metadata = {"cacheControl": "max-age=7", "mimetype": "text/csv"}
    headers = {"x-upsert": "true", "x-metadata": base64.b64encode(b'{"k": 1.5}').decode()}
    told(
        call(
            "POST",
            "object/copy",
            {**asked, "copyMetadata": False, "metadata": metadata},
            by=ada,
            **headers,
        )
    )
    copy = found(f"{ada.id}/b", by=ada)
    assert bytes_of(copy) == b"new"
    assert (copy.version.cache_control, copy.version.content_type) == ("max-age=7", "text/csv")
    assert copy.user_metadata == {"k": 1.5}
    for wrong in ("?", base64.b64encode(b"[]").decode(), base64.b64encode(b'{"a":"\\u0000"}').decode()):
        answer = call(
            "POST",
            "object/copy",
            {**asked, "copyMetadata": False},
            by=ada,
            **{**headers, "x-metadata": wrong},
        )
        assert refused(answer).startswith("400 Error: x-metadata must be")
    split = {"copyMetadata": False, "metadata": {"cacheControl": "a\r\nSet-Cookie: b"}}
    assert refused(call("POST", "object/copy", {**asked, **split}, by=ada)).startswith("400 Error: body/")


def test_a_copy_that_is_refused_at_last_leaves_its_blob_to_be_removed(ada):
    make_bucket("small", quota_objects=0)
    put(f"{ada.id}/a", by=ada)
    asked = {"bucketId": "docs", "sourceKey": f"{ada.id}/a"}
    away = {**asked, "destinationBucket": "small", "destinationKey": f"{ada.id}/x"}
    assert refused(call("POST", "object/copy", away, by=ada)) == "413 Payload too large: Quota exceeded"
    with acting_as_service():
        doomed = set(DoomedBlob.objects.values_list("pk", flat=True))
        kept = set(ObjectVersion.objects.values_list("blob_key", flat=True))
    assert doomed | kept == set(blobs.keys()) and not doomed & kept and len(doomed) == 1


def test_what_was_found_harmful_is_not_copied(ada):
    object = put(f"{ada.id}/a", by=ada)
    with acting_as_service():
        ObjectVersion.objects.filter(pk=object.version_id).update(scan="INFECTED")
    asked = {"bucketId": "docs", "sourceKey": f"{ada.id}/a", "destinationKey": f"{ada.id}/b"}
    assert refused(call("POST", "object/copy", asked, by=ada)) == NOT_ALLOWED


def test_an_address_is_signed_for_who_may_read(ada, bola):
    name = f"{ada.id}/a b'c.txt"
    object = put(name, by=ada)
    path = f"object/sign/docs/{ada.id}/a%20b'c.txt"
    url = told(call("POST", path, {"expiresIn": "60"}, by=ada))["signedURL"]
    address, token = url.split("?token=")
    assert unquote(address) == f"/object/sign/docs/{name}" and " " not in address
    signed = signing.read(token, scope="download", bucket_id="docs", name=name, at=timezone.now())
    assert signed.version_id == object.version_id
    assert refused(call("POST", path, {"expiresIn": 60}, by=bola)) == NO_OBJECT
    assert refused(call("POST", path, {"expiresIn": 60}, by="anon")) == NO_BUCKET
    transform = {"width": 20, "height": "30", "resize": "cover", "quality": 50, "format": "webp"}
    url = told(call("POST", path, {"expiresIn": 60, "transform": transform}, by=ada))["signedURL"]
    address, token = url.split("?token=")
    assert address.startswith("/render/image/sign/docs/")
    signed = signing.read(token, scope="download", bucket_id="docs", name=name, at=timezone.now())
    assert signed.rendition == {**transform, "height": 30}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"expiresIn": 0},
        {"expiresIn": "soon"},
        {"expiresIn": 10**12},
        {"expiresIn": True},
        {"expiresIn": 60, "transform": {"width": 0}},
        {"expiresIn": 60, "transform": {"width": 100_000}},
        {"expiresIn": 60, "transform": {"quality": 5}},
        {"expiresIn": 60, "transform": {"resize": "stretch"}},
        {"expiresIn": 60, "transform": {"format": "svg"}},
        {"expiresIn": 60, "transform": {"rotate": 90}},
        {"expiresIn": 60, "transform": []},
    ],
    ids=str,
)
def test_an_address_asked_for_in_no_sense_is_refused_by_name(ada, body):
    put(f"{ada.id}/a", by=ada)
    assert refused(call("POST", f"object/sign/docs/{ada.id}/a", body, by=ada)).startswith("400 Error: body")


def test_many_addresses_are_signed_at_once_and_misses_are_told_apart(ada, bola):
    mine, theirs = f"{ada.id}/a", f"{bola.id}/b"
    put(mine, by=ada)
    put(theirs, by=bola)
    asked = {"expiresIn": 60, "paths": [theirs, mine, "none"]}
    signed = told(call("POST", "object/sign/docs", asked, by=ada))
    missing = "Either the object does not exist or you do not have access to it"
    assert signed[0] == {"path": theirs, "error": missing, "signedURL": None}
    assert signed[2] == {"path": "none", "error": missing, "signedURL": None}
    assert signed[1]["signedURL"].startswith(f"/object/sign/docs/{mine}?token=")
    assert refused(call("POST", "object/sign/docs", asked, by="anon")) == NO_BUCKET


def test_an_address_to_upload_is_signed_for_who_may_put_a_file_there(ada, bola):
    name = f"{ada.id}/new"
    answer = told(call("POST", f"object/upload/sign/docs/{name}", {}, by=ada))
    assert answer["url"] == f"/object/upload/sign/docs/{name}?token={answer['token']}"
    signed = signing.read(answer["token"], scope="upload", bucket_id="docs", name=name, at=timezone.now())
    assert (signed.owner_id, signed.upsert) == (ada.id, False)
    assert refused(call("POST", f"object/upload/sign/docs/{name}", {}, by=bola)) == NOT_ALLOWED
    put(name, by=ada)
    assert refused(call("POST", f"object/upload/sign/docs/{name}", by=ada)).startswith("409 Duplicate")
    answer = told(call("POST", f"object/upload/sign/docs/{name}", by=ada, **{"x-upsert": "true"}))
    signed = signing.read(answer["token"], scope="upload", bucket_id="docs", name=name, at=timezone.now())
    assert signed.upsert
    wrong = call("POST", f"object/upload/sign/docs/{ada.id}/a%25b", by=ada)
    assert refused(wrong) == f"400 InvalidKey: Invalid key: {ada.id}/a%b"


def test_earlier_versions_are_listed_and_brought_back(ada, bola):
    name, now = f"{ada.id}/a", timezone.now()
    first = put(name, b"first", by=ada, at=now)
    put(name, b"second!", by=ada, upsert=True, at=now + timedelta(seconds=1))
    versions = told(call("GET", f"versions/docs/{name}", by=ada))
    assert [(one["size"], one["current"]) for one in versions] == [(7, True), (5, False)]
    body = {"version": versions[1]["id"]}
    for by, refusal in ((bola, NO_OBJECT), ("anon", NO_BUCKET)):
        assert refused(call("GET", f"versions/docs/{name}", by=by)) == refusal
        assert refused(call("POST", f"restore/docs/{name}", body, by=by)) == refusal
    mine = put(f"{bola.id}/b", by=bola)
    taken = call("POST", f"restore/docs/{bola.id}/b", body, by=bola)
    assert refused(taken) == NO_OBJECT
    assert bytes_of(found(mine.name, by=bola)) == b"hello"
    assert told(call("POST", f"restore/docs/{name}", body, by=ada))["version"] == versions[1]["id"]
    assert found(name, by=ada).version_id == first.version_id
    assert refused(call("POST", f"restore/docs/{name}", {"version": "x"}, by=ada)) == NO_OBJECT


@pytest.mark.parametrize(
    ("path", "told_as"), [("status", b""), ("version", b"v1"), ("health", b'{"healthy": true}')]
)
def test_that_we_live_is_told_to_everyone(client, path, told_as):
    answer = client.get(f"/storage/v1/{path}")
    assert (answer.status_code, answer.content) == (200, told_as)
