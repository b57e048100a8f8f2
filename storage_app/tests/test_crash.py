"""Servers killed in the middle of everything: nothing acknowledged is lost, and rows and blobs come back in step."""

import hashlib
import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from django.utils import timezone
from tusclient.client import TusClient

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from storage_app import blobs
from storage_app.models import Object, ObjectVersion, UploadPart
from storage_app.services import removal
from storage_app.tests.crash.mortal import Mortal, running
from storage_app.tests.factories import bytes_of, make_bucket
from storage_app.tests.tus import BYTES, SPOKEN, metadata

KILLED = 20
SIZE = 3_000_000
CHUNK = 64 * 1024
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mortal(transactional_db: Any, files: Path) -> Iterator[Mortal]:
    files.mkdir()
    make_bucket()
    with running(files) as mortal:
        yield mortal


def reconciled(*how: str) -> str:
    """What the command says; it ends well."""
    said = StringIO()
    call_command("reconcile_storage", "--settled", "0", *how, stdout=said)
    return said.getvalue()


def in_step() -> None:
    """Once mended, nothing is out of step, and all blobs there are some row's."""
    reconciled("--repair")
    assert "0 faults" in reconciled("--contents")
    removal.remove_doomed(at=timezone.now() + timedelta(days=1))
    assert "0 faults" in reconciled("--contents")
    with acting_as_service():
        rows = {
            key
            for model in (ObjectVersion, UploadPart)
            for key in model.objects.values_list("blob_key", flat=True)
        }
        assert set(blobs.keys()) == rows
        for version in ObjectVersion.objects.all():
            assert hashlib.sha256(b"".join(blobs.read(version.blob_key))).hexdigest() == version.sha256


def test_an_upload_survives_a_server_killed_at_any_byte(mortal):
    chance = random.Random(4)
    ada = make_person(email="ada@alajo.test")
    content = chance.randbytes(SIZE)
    client = TusClient(f"{mortal.url}/storage/v1/upload/resumable", headers=bearer(ada))
    told = {"bucketName": "docs", "objectName": f"{ada.id}/a", "contentType": "text/plain"}
    uploader = client.uploader(
        file_stream=BytesIO(content), chunk_size=CHUNK, metadata=told, retries=500, retry_delay=0.05
    )
    uploader.set_url(uploader.create_url())
    deaths = iter([(chance.randrange(1, 280_000), chance.choice([0, 0.02])) for _ in range(KILLED)])
    mortal.dies(lambda: next(deaths, None))
    uploader.upload()
    assert mortal.deaths == KILLED
    with acting_as_service():
        found = Object.objects.select_related("version").get()
    assert found.version.sha256 == hashlib.sha256(content).hexdigest()
    assert bytes_of(found) == content
    in_step()


class Life:
    """One person's deeds, and what each of their files may hold after them."""

    def __init__(self, url: str, user: User, seed: int) -> None:
        self.user, self._chance = user, random.Random(seed)
        self._client = httpx.Client(base_url=f"{url}/storage/v1", headers=bearer(user), timeout=20)
        # Of each name: what it held when that was last answered, and what was asked for since without an answer.
        self.may_hold: defaultdict[str, set[bytes | None]] = defaultdict(lambda: {None})
        self.answered = 0

    def live(self, deeds: int) -> None:
        for _ in range(deeds):
            name = f"{self.user.id}/{self._chance.choice('abc')}"
            deed = self._chance.choice([self._put, self._put, self._resumable, self._delete])
            content = (
                None if deed == self._delete else self._chance.randbytes(self._chance.randrange(1, 60_000))
            )
            self.may_hold[name].add(content)
            try:
                done = deed(name, content or b"")
            except httpx.HTTPError:
                continue
            if done:
                self.may_hold[name] = {content}
                self.answered += 1

    def _put(self, name: str, content: bytes) -> bool:
        answer = self._client.put(
            f"/object/docs/{name}", content=content, headers={"content-type": "text/plain"}
        )
        assert answer.status_code == 200, answer.text
        return True

    def _delete(self, name: str, _content: bytes) -> bool:
        answer = self._client.delete(f"/object/docs/{name}")
        return answer.status_code == 200 or answer.json()["message"] == "Object not found"

    def _resumable(self, name: str, content: bytes) -> bool:
        told = metadata(bucketName="docs", objectName=name, contentType="text/plain")
        headers = {**SPOKEN, "Upload-Length": str(len(content)), "Upload-Metadata": told, "x-upsert": "true"}
        url = self._client.post("/upload/resumable", headers=headers).headers.get("location")
        offset = 0
        while url and offset < len(content):
            step = content[offset : offset + len(content) // 2 + 1]
            sent = {**SPOKEN, "Content-Type": BYTES, "Upload-Offset": str(offset)}
            answer = self._client.patch(url, headers=sent, content=step)
            if answer.status_code != 204:
                return False
            offset = int(answer.headers["upload-offset"])
        return bool(url)


def test_nothing_is_lost_or_left_over_where_servers_are_killed(mortal):
    chance = random.Random(44)
    people = [make_person() for _ in range(3)]
    lives = [Life(mortal.url, user, seed) for seed, user in enumerate(people)]
    mortal.dies(lambda: (chance.randrange(1, 150_000), chance.choice([0, 0.01, 0.03])))
    threads = [threading.Thread(target=life.live, args=(30,)) for life in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mortal.dies(lambda: None)
    assert mortal.deaths >= 8 and all(life.answered >= 3 for life in lives)
    in_step()
    with acting_as_service():
        held = {file.name: bytes_of(file) for file in Object.objects.select_related("version")}
    for life in lives:
        for name, possible in life.may_hold.items():
            assert held.get(name) in possible
