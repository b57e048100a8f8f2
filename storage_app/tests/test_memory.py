"""What large files cost a server in memory: a few pieces, never the file."""

import hashlib
from pathlib import Path

import httpx
import pytest

from accounts.tests.factories import bearer, make_person
from storage_app import blobs
from storage_app.tests.factories import make_bucket
from storage_app.tests.serving import server_process
from storage_app.tests.tus import Tus

PIECES = 100
ROOM = 24 * 1024


def peak(pid: int) -> int:
    """The most memory a process has had, in KB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks of memory are read from /proc")
def test_a_large_file_goes_in_and_out_without_being_held(transactional_db, tmp_path):
    make_bucket()
    ada = make_person()
    piece = hashlib.sha256(b"seed").digest() * (blobs.PIECE // 32)
    with server_process(tmp_path / "files") as (url, process), httpx.Client(timeout=60) as client:
        headers = {**bearer(ada), "content-type": "application/octet-stream"}
        address = f"{url}/storage/v1/object/docs/{ada.pk}"

        def there_and_back(name: str, count: int) -> None:
            body = (piece for _each in range(count))
            answer = client.post(f"{address}/{name}", content=body, headers=headers)
            assert answer.status_code == 200, answer.text
            form = {"file": ("a", b"form")}
            assert client.put(f"{address}/{name}.form", files=form, headers=bearer(ada)).status_code == 200
            with client.stream("GET", f"{address}/{name}", headers=headers) as answer:
                assert sum(map(len, answer.iter_raw())) == count * blobs.PIECE

        there_and_back("small", 4)
        before = peak(process.pid)
        there_and_back("large", PIECES)
        assert peak(process.pid) - before < ROOM


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks of memory are read from /proc")
def test_a_large_file_in_parts_is_joined_without_being_held(transactional_db, tmp_path):
    make_bucket()
    ada = make_person()
    piece = hashlib.sha256(b"seed").digest() * (blobs.PIECE // 32)
    with server_process(tmp_path / "files") as (url, process):
        tus = Tus(url, by=ada)

        def sent(name: str, count: int) -> None:
            address = tus.begun(f"{ada.pk}/{name}", count * blobs.PIECE)
            answer = tus.patch(address, 0, (piece for _each in range(count)))
            assert answer.headers["tus-complete"] == "1", answer.text

        sent("small", 4)
        before = peak(process.pid)
        sent("large", PIECES)
        assert peak(process.pid) - before < ROOM
