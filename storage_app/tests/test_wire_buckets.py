"""Buckets under `/storage/v1`: the service makes and changes them; others see those that have something for them."""

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from storage_app.models import Bucket
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.wire import call, refused, told

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
SERVICE = "service_role"
NOT_ALLOWED = "403 Unauthorized: new row violates row-level security policy"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def bucket(id: str) -> Bucket:
    with acting_as_service():
        return Bucket.objects.get(pk=id)


def test_a_bucket_is_made_shown_changed_and_deleted():
    facts = {"id": "docs", "name": "docs", "public": True, "file_size_limit": "1.5MB"}
    assert told(call("POST", "bucket", {**facts, "allowed_mime_types": ["image/*"]}, by=SERVICE)) == {
        "name": "docs"
    }
    shown = told(call("GET", "bucket/docs", by=SERVICE))
    times = {name: shown.pop(name) for name in ("created_at", "updated_at")}
    assert all(time.endswith("Z") for time in times.values())
    assert shown == {
        "id": "docs",
        "name": "docs",
        "owner": "",
        "public": True,
        "file_size_limit": 1_500_000,
        "allowed_mime_types": ["image/*"],
    }
    change = {"id": "docs", "name": "docs", "public": False, "file_size_limit": None}
    assert told(call("PUT", "bucket/docs", change, by=SERVICE)) == {"message": "Successfully updated"}
    shown = told(call("GET", "bucket/docs", by=SERVICE))
    assert (shown["public"], shown["file_size_limit"]) == (False, None)
    assert shown["allowed_mime_types"] == ["image/*"]
    assert told(call("DELETE", "bucket/docs", {}, by=SERVICE)) == {"message": "Successfully deleted"}
    assert refused(call("GET", "bucket/docs", by=SERVICE)) == "404 Bucket not found: Bucket not found"


def test_a_bucket_that_is_there_is_not_made_again_and_one_with_files_is_not_deleted(ada):
    make_bucket()
    put(f"{ada.id}/a", by=ada)
    again = call("POST", "bucket", {"name": "docs"}, by=SERVICE)
    assert refused(again) == "409 Duplicate: The resource already exists"
    full = call("DELETE", "bucket/docs", by=SERVICE)
    assert refused(full) == "409 ResourceNotEmpty: The bucket you tried to delete is not empty"
    assert bucket("docs")


def test_buckets_are_listed_in_order_by_pages_and_by_search():
    for id in ("b", "a", "shop"):
        make_bucket(id)

    def listed(query: str) -> list[str]:
        return [one["id"] for one in told(call("GET", f"bucket?{query}", by=SERVICE))]

    assert listed("") == ["a", "b", "shop"]
    assert listed("sortColumn=name&sortOrder=desc&limit=2") == ["shop", "b"]
    assert listed("sortColumn=created_at&offset=1") == ["a", "shop"]
    assert listed("search=SH") == ["shop"]
    assert told(call("GET", "bucket", by=SERVICE))[0]["type"] == "STANDARD"
    for query in ("sortColumn=owner_id", "limit=0", "limit=x", "offset=-1", "sortOrder=up"):
        assert refused(call("GET", f"bucket?{query}", by=SERVICE)).startswith("400 Error: body/")


def test_others_see_what_has_something_for_them_and_change_nothing(ada):
    make_bucket("mine")
    make_bucket("shop", public=True)
    with acting_as_service():
        bucket("mine").rules.all().delete()
    for by, seen in ((ada, ["shop"]), ("anon", ["shop"])):
        assert [one["id"] for one in told(call("GET", "bucket", by=by))] == seen
        assert refused(call("GET", "bucket/mine", by=by)) == "404 Bucket not found: Bucket not found"
        assert refused(call("POST", "bucket", {"name": "new"}, by=by)) == NOT_ALLOWED
        for id in ("shop", "mine"):
            assert refused(call("PUT", f"bucket/{id}", {"public": True}, by=by)) == NOT_ALLOWED
            assert refused(call("DELETE", f"bucket/{id}", by=by)) == NOT_ALLOWED
            assert refused(call("POST", f"bucket/{id}/end-signed-urls", by=by)) == NOT_ALLOWED
    assert bucket("mine").public is False and bucket("shop").epoch == 1
    assert told(call("POST", "bucket/shop/end-signed-urls", by=SERVICE))
    assert bucket("shop").epoch == 2


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, "400 Error: body must have required property 'name'"),
        ({"name": 1}, "400 Error: body/name must be string"),
        ({"name": "a/b"}, "400 Invalid Input: Bucket name invalid"),
        ({"name": ".."}, "400 Invalid Input: Bucket name invalid"),
        ({"name": " a"}, "400 Invalid Input: Bucket name invalid"),
        ({"name": "x" * 101}, "400 Invalid Input: Bucket name invalid"),
        ({"name": "a", "public": "yes"}, "400 Error: body/public must be boolean"),
        ({"name": "a", "file_size_limit": True}, "400 Error: body/file_size_limit must be"),
        ({"name": "a", "file_size_limit": -1}, "400 Error: body/file_size_limit must be"),
        ({"name": "a", "file_size_limit": "9 apples"}, "400 Error: body/file_size_limit must be"),
        ({"name": "a", "file_size_limit": "6GB"}, "413 Payload too large"),
        ({"name": "a", "file_size_limit": 10**30}, "400 Error: body/file_size_limit must be"),
        ({"name": "a", "allowed_mime_types": "image/png"}, "400 Error: body/allowed_mime_types"),
        ({"name": "a", "allowed_mime_types": ["image"]}, "415 invalid_mime_type: mime type image"),
        ({"name": "a", "type": "ANALYTICS"}, "400 Error: Only standard"),
        ([], "400 Error: body must be object"),
    ],
    ids=str,
)
def test_a_body_that_says_no_bucket_is_refused_by_name(body, refusal):
    assert refused(call("POST", "bucket", body, by=SERVICE)).startswith(refusal)


def test_whoever_names_nobody_is_told_so_and_browsers_may_read_it(client):
    answer = client.get("/storage/v1/bucket")
    assert refused(answer) == "400 Error: headers must have required property 'authorization'"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    bad = client.get("/storage/v1/bucket", headers={"Authorization": "Bearer x.y.z"})
    assert refused(bad) == "403 Unauthorized: signature verification failed"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_what_is_not_there_is_named(method):
    answer = call(method, "nothing/here", by=SERVICE)
    assert refused(answer) == f"404 404 Not Found: Route {method}:/storage/v1/nothing/here not found"


def test_one_caller_may_ask_only_so_often_and_the_service_always(ada, settings):
    settings.STORAGE_RATE_LIMITS = {"default": "2/day", "strangers": "1/day"}
    for by, times in ((ada, 2), ("anon", 1), (make_person(), 2)):
        for _ in range(times):
            told(call("GET", "bucket", by=by))
        answer = call("GET", "bucket", by=by)
        assert refused(answer).startswith("429 429 too_many_requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= 86_400
    for _ in range(3):
        told(call("GET", "bucket", by=SERVICE))


def test_what_is_dear_is_counted_by_itself_as_well(ada, settings):
    settings.STORAGE_RATE_LIMITS = {"heavy": "1/day"}
    make_bucket()
    asked = {"bucketId": "docs", "prefix": f"{ada.id}/"}
    told(call("POST", "jobs", asked, by=ada))
    assert refused(call("POST", "jobs", asked, by=ada)).startswith("429 429 too_many_requests")
    told(call("GET", "bucket", by=ada))


def test_a_body_that_is_too_large_is_named(ada):
    answer = call("POST", "bucket", {"name": "a" * 1_100_000}, by=SERVICE)
    assert refused(answer).startswith("413 Payload too large")
