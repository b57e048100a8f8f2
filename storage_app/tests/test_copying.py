"""What copying a large file costs a server in memory: a few pieces, never the file."""

import hashlib
from pathlib import Path

import httpx
import pytest

from accounts.tests.factories import bearer, make_person
from storage_app import blobs
from storage_app.tests.factories import make_bucket
from storage_app.tests.serving import server_process
from storage_app.tests.test_memory import ROOM, peak


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks of memory are read from /proc")
def test_a_large_file_is_copied_without_being_held(transactional_db, tmp_path):
    make_bucket()
    ada = make_person()
    piece = hashlib.sha256(b"seed").digest() * (blobs.PIECE // 32)
    with server_process(tmp_path / "files") as (url, process), httpx.Client(timeout=60) as client:
        headers = {**bearer(ada), "content-type": "application/octet-stream"}

        def put_and_copied(name: str, count: int) -> None:
            body = (piece for _each in range(count))
            put = client.post(f"{url}/storage/v1/object/docs/{ada.pk}/{name}", content=body, headers=headers)
            assert put.status_code == 200, put.text
            asked = {"bucketId": "docs", "sourceKey": f"{ada.pk}/{name}"}
            copied = client.post(
                f"{url}/storage/v1/object/copy",
                json={**asked, "destinationKey": f"{ada.pk}/{name}-copy"},
                headers=bearer(ada),
            )
            assert copied.json()["metadata"]["size"] == count * blobs.PIECE

        put_and_copied("small", 4)
        before = peak(process.pid)
        put_and_copied("large", 100)
        assert peak(process.pid) - before < ROOM
