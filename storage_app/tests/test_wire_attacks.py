"""Attempts on `/storage/v1`: another's files by every route, names that are no names, bodies that are none."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as, acting_as_service
from storage_app import blobs
from storage_app.models import Bucket, Object, ObjectVersion, RemovalJob
from storage_app.services import jobs
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.wire import call, refused
from storage_app.wire import urls

pytestmark = pytest.mark.usefixtures("transactional_db", "files")


@pytest.fixture
def ada() -> User:
    make_bucket()
    make_bucket("mine")
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def everything() -> Any:
    """All that an attempt might change."""
    with acting_as_service():
        return (
            list(Bucket.objects.order_by("pk").values()),
            list(Object.objects.order_by("pk").values()),
            list(ObjectVersion.objects.order_by("pk").values()),
            RemovalJob.objects.count(),
            sorted(blobs.keys()),
        )


def attempts(target: str, own: str, version: str, job: str) -> dict[str, list[tuple[str, str, object]]]:
    """What may be tried with a file `target` of the bucket `docs`, by the route that answers it."""
    to_own = {"bucketId": "docs", "sourceKey": target, "destinationKey": own + "-2"}
    onto = {"bucketId": "docs", "sourceKey": own, "destinationKey": target}
    folder = target.rpartition("/")[0]
    return {
        "bucket": [("POST", "bucket", {"name": "new"})],
        "bucket/<str:id>": [("PUT", "bucket/docs", {"public": True}), ("DELETE", "bucket/docs", None)],
        "bucket/<str:id>/end-signed-urls": [("POST", "bucket/docs/end-signed-urls", None)],
        "bucket/<str:id>/empty": [("POST", "bucket/docs/empty", {})],
        "object/move": [
            ("POST", "object/move", to_own),
            ("POST", "object/move", onto),
            ("POST", "object/move", {**onto, "destinationKey": f"{folder}/new"}),
            ("POST", "object/move", {**to_own, "destinationBucket": "mine"}),
            ("POST", "object/move", {**to_own, "destinationBucket": "none"}),
        ],
        "object/copy": [
            ("POST", "object/copy", to_own),
            ("POST", "object/copy", onto),
            ("POST", "object/copy", {**onto, "destinationKey": f"{folder}/new"}),
            ("POST", "object/copy", {**to_own, "destinationBucket": "mine"}),
        ],
        "object/list/<str:bucket_id>": [("POST", "object/list/docs", {"prefix": folder})],
        "object/list-v2/<str:bucket_id>": [
            ("POST", "object/list-v2/docs", {"prefix": target}),
            ("POST", "object/list-v2/docs", {"prefix": f"{folder}/", "with_delimiter": True}),
        ],
        "object/info/public/<str:bucket_id>/<path:name>": [
            ("GET", f"object/info/public/docs/{target}", None)
        ],
        "object/info/authenticated/<str:bucket_id>/<path:name>": [
            ("GET", f"object/info/authenticated/docs/{target}", None)
        ],
        "object/info/<str:bucket_id>/<path:name>": [
            ("GET", f"object/info/docs/{target}", None),
            ("HEAD", f"object/info/docs/{target}", None),
        ],
        "object/sign/<str:bucket_id>": [("POST", "object/sign/docs", {"expiresIn": 60, "paths": [target]})],
        "object/sign/<str:bucket_id>/<path:name>": [
            ("POST", f"object/sign/docs/{target}", {"expiresIn": 60}),
            ("POST", f"object/sign/docs/{target}", {"expiresIn": 60, "transform": {"width": 9}}),
        ],
        "object/upload/sign/<str:bucket_id>/<path:name>": [
            ("POST", f"object/upload/sign/docs/{target}", None),
            ("POST", f"object/upload/sign/docs/{folder}/new", None),
        ],
        "object/<str:bucket_id>": [("DELETE", "object/docs", {"prefixes": [target]})],
        "object/<str:bucket_id>/<path:name>": [("DELETE", f"object/docs/{target}", None)],
        "versions/<str:bucket_id>/<path:name>": [("GET", f"versions/docs/{target}", None)],
        "restore/<str:bucket_id>/<path:name>": [
            ("POST", f"restore/docs/{target}", {"version": version}),
            ("POST", f"restore/docs/{own}", {"version": version}),
        ],
        "jobs": [("POST", "jobs", {"bucketId": "docs", "prefix": f"{folder}/"})],
        "jobs/<uuid:id>": [("GET", f"jobs/{job}", None)],
    }


# What is nobody's own, and what is asked for and found empty.
TOLD_TO_ALL = {"status", "version", "health", "<path:rest>"}
NOTHING_IN_IT = {
    "object/list/<str:bucket_id>",
    "object/list-v2/<str:bucket_id>",
    "object/sign/<str:bucket_id>",
    "object/<str:bucket_id>",
    "jobs",
}


def test_anothers_file_is_out_of_reach_by_every_route(ada, bola):
    target, own = f"{ada.id}/secret.txt", f"{bola.id}/own.txt"
    now = timezone.now()
    first = put(target, b"first secret", by=ada, at=now)
    put(target, b"the secret", by=ada, upsert=True, at=now + timedelta(seconds=1))
    put(own, b"own", by=bola)
    with acting_as(ada):
        job = jobs.begin(bucket_id="docs", prefix=f"{ada.id}/nothing/", at=now)
    tried = attempts(target, own, str(first.version_id), str(job.pk))
    assert set(tried) == {str(pattern.pattern) for pattern in urls.urlpatterns} - TOLD_TO_ALL
    before, begun = everything(), 0
    for route, requests in tried.items():
        for method, path, body in requests:
            for by in (bola, "anon"):
                for headers in ({}, {"x-upsert": "true"}):
                    answer = call(method, path, body, by=by, **headers)
                    said = answer.content.decode()
                    assert answer.status_code == (200 if answer.status_code == 200 else 400), (path, said)
                    if answer.status_code == 200:
                        assert route in NOTHING_IN_IT, (method, path, said)
                        shown = json.loads(said)
                        nothing = [
                            [],
                            {"hasNext": False, "folders": [], "objects": []},
                            [{**shown[0], "signedURL": None}] if shown and isinstance(shown, list) else [],
                        ]
                        assert route == "jobs" or shown in nothing, (path, said)
                        begun += route == "jobs"
                    for secret in ("secret", "own.txt", str(first.version_id), "ETag"):
                        assert secret not in said.replace(target, "") and secret not in answer.headers
    after = everything()
    assert after[:3] == before[:3] and after[4] == before[4]
    assert after[3] == before[3] + begun
    with acting_as_service():
        assert set(RemovalJob.objects.exclude(pk=job.pk).values_list("removed", flat=True)) == {0}


def test_a_token_that_ended_opens_nothing(ada):
    put(f"{ada.id}/a", by=ada)
    headers = bearer(ada)
    path = f"/storage/v1/object/info/docs/{ada.id}/a"
    assert Client().get(path, headers=headers).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + 60)):
        answer = Client().get(path, headers=headers)
        assert refused(answer) == '403 Unauthorized: "exp" claim timestamp check failed'


@pytest.mark.parametrize(
    "name",
    [
        "../docs/a",
        "a/../../b",
        "a/./b",
        "/etc/passwd",
        "a//b",
        "a/",
        "a\\..\\b",
        "a\u0000b",
        "a\nb",
        "ọ̀nà.txt",
        "\u202egpj.exe",
        "a%2e%2e/b",
        "x" * 1025,
        "",
        ".",
        "..",
    ],
    ids=ascii,
)
def test_a_name_that_is_no_name_reaches_no_file(ada, name):
    put(f"{ada.id}/a", by=ada)
    before = everything()
    for way in ("move", "copy"):
        for own in (f"{ada.id}/{name}", name):
            body = {"bucketId": "docs", "sourceKey": f"{ada.id}/a", "destinationKey": own}
            said = refused(call("POST", f"object/{way}", body, by=ada))
            assert said.startswith(("400 InvalidKey", "400 Error", "403 Unauthorized")), said
            body = {"bucketId": "docs", "sourceKey": own, "destinationKey": f"{ada.id}/b"}
            said = refused(call("POST", f"object/{way}", body, by=ada))
            assert said.startswith(("404 not_found", "400 Error")), said
    assert everything() == before


def quoted(name: bytes) -> str:
    return "".join(f"%{byte:02x}" for byte in name)


@pytest.mark.parametrize(
    "name",
    [b"../a", b"a/../b", b"a\x00b", b"\xff\xfe", b"a\r\nX: y", b"\xed\xa0\x80", b"a" * 3000, b"//", b" "],
    ids=ascii,
)
def test_a_path_that_is_no_name_is_refused_in_words(ada, name):
    before = everything()
    for method, path in (
        ("GET", "object/info/docs/"),
        ("GET", "versions/docs/"),
        ("DELETE", "object/docs/"),
        ("POST", "object/sign/docs/"),
        ("POST", "object/upload/sign/docs/"),
        ("GET", "bucket/"),
    ):
        body = {"expiresIn": 60} if method == "POST" else None
        answer = call(method, path + quoted(name), body, by=ada)
        assert 400 <= answer.status_code < 500, (path, answer.content)
        assert b"Traceback" not in answer.content
    assert everything() == before


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[" * 5000,
        b'{"prefix": "a", "prefix": "b"}',
        b'{"prefix": "\\ud800"}',
        b'{"prefix": "\\u0000"}',
        b'{"limit": 1e999}',
        b'{"limit": NaN}',
        b'{"limit": ' + b"9" * 5000 + b"}",
        b'"text"',
        b"\xff\xfe",
        b'{"prefix": "' + b"a" * 1_100_000 + b'"}',
    ],
    ids=lambda raw: ascii(raw[:24]),
)
def test_a_body_that_is_none_is_refused_in_words(ada, raw):
    headers = {"apikey": access_tokens.static_key("anon"), **bearer(ada)}
    for path in ("object/list/docs", "object/list-v2/docs", "object/move", "object/sign/docs", "jobs"):
        answer = Client().generic("POST", f"/storage/v1/{path}", raw, "application/json", headers=headers)
        assert refused(answer).startswith(("400 Error", "413 "))


def test_a_key_of_another_role_or_another_secret_is_none(ada):
    put(f"{ada.id}/a", by=ada)
    token = access_tokens.static_key("service_role")
    head, payload, tail = token.split(".")
    for forged in (
        f"{head}.{payload}.",
        f"{head}.{payload}.{tail[::-1]}",
        f"{head}.{payload}",
        "Bearer",
        "null",
    ):
        answer = Client().get(
            f"/storage/v1/object/info/docs/{ada.id}/a", headers={"Authorization": f"Bearer {forged}"}
        )
        assert refused(answer).startswith("403 Unauthorized")


def test_nothing_here_knows_a_browsers_session(client, ada):
    """A page elsewhere that sends a signed-in person's cookies along reaches nothing by them."""
    put(f"{ada.id}/a", by=ada)
    with acting_as_service():
        client.force_login(ada)
    answer = client.get(f"/storage/v1/object/info/docs/{ada.id}/a")
    assert refused(answer) == "400 Error: headers must have required property 'authorization'"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_every_route_is_outside_of_the_pages_own_transaction_and_sign_in():
    for pattern in urls.urlpatterns:
        view: Callable[..., Any] = pattern.callback
        assert view.outside_transaction and view.csrf_exempt and not view.login_required, pattern


def test_what_django_itself_refuses_is_said_in_the_same_words(ada, settings):
    answer = call("GET", "object/info/docs/a%00b", by=ada)
    assert refused(answer) == "400 Error: Request refused"
    settings.ALLOWED_HOSTS = ["alajo.example"]
    answer = call("GET", "bucket", by=ada)
    assert refused(answer) == "400 Error: Request refused"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
