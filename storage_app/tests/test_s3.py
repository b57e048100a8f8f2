"""The same files in a bucket of an S3 service: here moto's, which speaks HTTP as a real one does."""

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import boto3
import httpx
import pytest
from django.core.files.storage import storages
from django.utils import timezone
from moto.server import ThreadedMotoServer

from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from core.ids import uuid7
from storage_app import blobs
from storage_app.models import ObjectVersion, UploadPart
from storage_app.services.reconcile import reconcile
from storage_app.services.removal import GRACE, remove_doomed
from storage_app.tests.factories import make_bucket
from storage_app.tests.tus import Tus

PART = 5 * blobs.PIECE


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(service: str, files: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, in which files are kept."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    httpx.post(f"{service}/moto-api/reset")
    client = boto3.client("s3", endpoint_url=service, region_name="us-east-1")
    client.create_bucket(Bucket="alajo")
    options = {
        "bucket_name": "alajo",
        "endpoint_url": service,
        "region_name": "us-east-1",
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": False,
        "signature_version": "s3v4",
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    storages.__dict__.pop("backends", None)
    storages._storages.clear()
    yield client


def left(s3: Any) -> list[str]:
    """Keys and unfinished uploads that the service holds."""
    kept = [one["Key"] for one in s3.list_objects_v2(Bucket="alajo").get("Contents", [])]
    return kept + [one["Key"] for one in s3.list_multipart_uploads(Bucket="alajo").get("Uploads", [])]


@pytest.mark.parametrize("size", [0, 5, PART, 2 * PART + 7])
def test_a_blob_is_written_read_in_ranges_and_removed(s3, size):
    content = os.urandom(size)
    with blobs.Writer("objects/aa/bb/x") as writer:
        for at in range(0, size, 300_000):
            writer.write(content[at : at + 300_000])
        written = writer.finish()
    assert written.size == size
    assert b"".join(blobs.read("objects/aa/bb/x")) == content
    assert b"".join(blobs.read("objects/aa/bb/x", start=2, length=2)) == content[2:4]
    assert list(blobs.keys()) == ["objects/aa/bb/x"] and blobs.exists("objects/aa/bb/x")
    blobs.remove("objects/aa/bb/x")
    blobs.remove("objects/aa/bb/x")
    assert list(blobs.keys()) == [] and not blobs.exists("objects/aa/bb/x")
    with pytest.raises(blobs.BlobMissing):
        list(blobs.read("objects/aa/bb/x"))


def test_a_blob_that_is_not_finished_leaves_nothing(s3):
    with pytest.raises(ZeroDivisionError), blobs.Writer("objects/aa/bb/x") as writer:
        writer.write(bytes(2 * PART))
        raise ZeroDivisionError
    assert left(s3) == []


def test_files_go_in_and_out_by_the_protocol(s3, server):
    make_bucket("shop", public=True, file_size_limit=3 * PART)
    ada = make_person()
    content = os.urandom(2 * PART + 7)
    path = f"/shop/{ada.pk}/a"
    with httpx.Client(base_url=f"{server}/storage/v1/object", timeout=30) as client:
        for name, sent in (("", content), (".small", b"hello"), (".empty", b"")):
            answer = client.post(path + name, content=sent, headers=bearer(ada))
            assert answer.status_code == 200, answer.text
            assert client.get("/public" + path + name).content == sent
        assert (
            client.get("/public" + path, headers={"range": f"bytes={PART}-{PART + 9}"}).content
            == content[PART : PART + 10]
        )
        assert client.get("/public" + path, headers={"range": "bytes=-3"}).content == content[-3:]
        assert client.head("/public" + path).headers["content-length"] == str(len(content))
        assert client.put(path, files={"": ("a", content[:PART])}, headers=bearer(ada)).status_code == 200
        assert client.get("/public" + path).content == content[:PART]
        kept = sorted(left(s3))
        assert len(kept) == 4
        pieces = (bytes(blobs.PIECE) for _each in range(20))
        assert client.put(path, content=pieces, headers=bearer(ada)).status_code == 400
        assert sorted(left(s3)) == kept == sorted(blobs.keys())


def test_a_file_is_copied_into_a_blob_of_its_own(s3, server):
    make_bucket("shop", public=True)
    ada = make_person()
    content = os.urandom(PART + 7)
    with httpx.Client(base_url=f"{server}/storage/v1/object", timeout=30) as client:
        assert client.post(f"/shop/{ada.pk}/a", content=content, headers=bearer(ada)).status_code == 200
        asked = {"bucketId": "shop", "sourceKey": f"{ada.pk}/a", "destinationKey": f"{ada.pk}/b"}
        assert client.post("/copy", json=asked, headers=bearer(ada)).status_code == 200
        assert len(left(s3)) == 2
        assert client.delete(f"/shop/{ada.pk}/a", headers=bearer(ada)).status_code == 200
        assert client.get(f"/public/shop/{ada.pk}/b").content == content


def test_an_upload_in_parts_becomes_one_file_and_all_is_in_step(s3, server):
    make_bucket("shop", public=True)
    ada = make_person()
    content = os.urandom(2 * PART + 7)
    tus = Tus(server, by=ada)
    address = tus.begun(f"{ada.pk}/a", len(content), bucket="shop")
    for start, end in pairwise([0, 5, PART, len(content)]):
        answer = tus.patch(address, start, content[start:end])
        assert answer.headers["upload-offset"] == str(end), answer.text
    assert httpx.get(f"{server}/storage/v1/object/public/shop/{ada.pk}/a").content == content
    later = timezone.now() + timedelta(days=2)
    assert reconcile(at=later, repair=True, contents=True) == []
    lost = blobs.key_of(uuid7())
    with blobs.Writer(lost) as writer:
        writer.write(b"lost")
        writer.finish()
    tus.begun(f"{ada.pk}/b", 10, bucket="shop", body=b"hello")
    with acting_as_service():
        part = UploadPart.objects.get()
    blobs.remove(part.blob_key)
    faults = reconcile(at=later, repair=True)
    assert [(fault.check, fault.repaired) for fault in faults] == [("orphan", True), ("part", True)]
    assert reconcile(at=later) == []
    remove_doomed(at=later + GRACE)
    with acting_as_service():
        assert left(s3) == [ObjectVersion.objects.get().blob_key]
