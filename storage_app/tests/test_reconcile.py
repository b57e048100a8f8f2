"""What is out of step is found, whatever it is; mended where nothing can be lost by it; and nothing else is touched."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from storage_app import blobs, tasks
from storage_app.models import DoomedBlob, Object, ObjectVersion, Upload, UploadPart, Usage
from storage_app.services import objects, reconcile, removal, uploads
from storage_app.tests.factories import bytes_of, make_bucket, put, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def ada(db) -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


def faults(**how: bool) -> list[tuple[str, bool]]:
    found = reconcile.reconcile(at=timezone.now() + timedelta(days=2), **how)
    return [(fault.check, fault.repaired) for fault in found]


def begin(ada: User, *parts: bytes, size: int = 100) -> Upload:
    at = timezone.now()
    with acting_as(ada):
        place = objects.place_for(bucket_id="docs", name=f"{ada.id}/up", upsert=True)
        told = {"content_type": "text/plain", "cache_control": "", "user_metadata": None}
        upload = uploads.begin(place=place, size=size, upload_metadata="", at=at, **told)
    upload = uploads.take(id=upload.pk, offset=0, at=at)
    for part in parts:
        one = uploads.Part(part_written(part).key, len(part))
        upload = uploads.add(id=upload.pk, writer=upload.writer, parts=[one], at=at)
    uploads.release(id=upload.pk, writer=upload.writer)
    return upload


def part_written(content: bytes) -> blobs.Written:
    with blobs.Writer(blobs.key_of(uuid7(), kind="uploads")) as writer:
        writer.write(content)
        return writer.finish()


def test_what_is_in_step_is_left_alone(ada):
    file = put(f"{ada.id}/a", b"one", by=ada)
    file = put(f"{ada.id}/a", b"two", by=ada, upsert=True)
    begin(ada, b"hello", b"world")
    put(f"{ada.id}/gone", by=ada)
    with acting_as(ada):
        objects.remove(bucket_id="docs", names=[f"{ada.id}/gone"], at=timezone.now())
    assert faults(repair=True, contents=True) == []
    assert bytes_of(file) == b"two" and len(list(blobs.keys())) == 5
    with acting_as_service():
        assert not AuditEvent.objects.filter(action="storage.reconciled").exists()


def test_a_blob_that_is_nobodys_is_doomed_once_it_is_settled(ada, files):
    lost, unfinished = written(b"lost"), blobs.Writer(blobs.key_of(uuid7()))
    unfinished.write(b"half")
    put(f"{ada.id}/a", b"kept", by=ada)
    assert reconcile.reconcile(at=timezone.now(), repair=True) == []
    assert faults() == [("orphan", False)] * 2 == faults()
    assert faults(repair=True) == [("orphan", True)] * 2
    assert faults(repair=True) == []
    with acting_as_service():
        assert set(DoomedBlob.objects.values_list("pk", flat=True)) == {
            lost.key,
            f"{unfinished.key}.arriving",
        }
    removal.remove_doomed(at=timezone.now() + timedelta(days=3))
    assert len(list(blobs.keys())) == 1 and faults() == []


def test_what_is_no_blob_is_named_and_left(ada):
    blobs.storage().save("objects/notes.txt", ContentFile(b"?"))
    assert faults(repair=True) == [("foreign", False)] == faults()
    assert list(blobs.keys()) == ["objects/notes.txt"]


def test_a_version_without_its_bytes_is_named_and_never_dropped(ada, files):
    missing, short, changed = (put(f"{ada.id}/{n}", b"12345", by=ada).version.blob_key for n in "abc")
    (files / missing).unlink()
    (files / short).write_bytes(b"123")
    (files / changed).write_bytes(b"54321")
    assert faults(repair=True) == [("missing", False)] * 2
    assert sorted(faults(repair=True, contents=True)) == [("content", False), *[("missing", False)] * 2]
    with acting_as_service():
        assert ObjectVersion.objects.count() == 3


def test_a_blob_in_use_is_saved_from_its_removal(ada):
    file = put(f"{ada.id}/a", b"hello", by=ada)
    with acting_as_service():
        removal.doom(keys=[file.version.blob_key], at=timezone.now())
    assert faults() == [("doomed", False)]
    assert faults(repair=True) == [("doomed", True)]
    removal.remove_doomed(at=timezone.now() + timedelta(days=3))
    assert bytes_of(file) == b"hello" and faults() == []


def test_a_file_without_a_version_is_named(ada):
    file = put(f"{ada.id}/a", by=ada)
    other = put(f"{ada.id}/b", by=ada)
    with acting_as_service():
        Object.objects.filter(pk=file.pk).update(version_id=other.version_id)
    assert faults(repair=True) == [("pointer", False)]


def test_an_upload_goes_back_to_the_bytes_that_are_there(ada, files):
    upload = begin(ada, b"hello ", b"lost ", b"world")
    with acting_as_service():
        second = UploadPart.objects.get(upload=upload, offset=6)
    (files / second.blob_key).unlink()
    assert faults() == [("part", False)]
    assert faults(repair=True) == [("part", True)]
    assert faults() == []
    with acting_as_service():
        upload.refresh_from_db()
        assert upload.offset == 6 and UploadPart.objects.get().size == 6
    again = uploads.take(id=upload.pk, offset=6, at=timezone.now())
    assert again.writer is not None


def test_what_is_miscounted_is_counted_anew(ada):
    put(f"{ada.id}/a", b"12345", by=ada)
    put(f"{ada.id}/a", b"123", by=ada, upsert=True)
    with acting_as_service():
        Usage.objects.update(objects_count=7, bytes_count=1)
    assert faults() == [("usage", False)]
    assert faults(repair=True) == [("usage", True)]
    with acting_as_service():
        Usage.objects.all().delete()
    assert faults(repair=True) == [("usage", True)]
    with acting_as_service():
        assert Usage.objects.values_list("owner_id", "objects_count", "bytes_count").get() == (ada.id, 1, 8)
        assert AuditEvent.objects.filter(action="storage.reconciled").count() == 2
    assert faults() == []


def test_the_command_tells_and_fails_while_something_is_wrong(ada, files):
    def run(*how: str) -> tuple[int, str]:
        said = StringIO()
        try:
            call_command("reconcile_storage", *how, "--settled", "0", stdout=said)
        except SystemExit as ended:
            return int(ended.code or 0), said.getvalue()
        return 0, said.getvalue()

    assert run()[0] == 0
    lost = written(b"lost")
    code, said = run()
    assert code == 1 and lost.key in said and "1 faults, 0 repaired." in said
    code, said = run("--repair", "--contents")
    assert code == 0 and "REPAIRED" in said and "1 faults, 1 repaired." in said
    assert run("--contents")[0] == 0
    (files / put(f"{ada.id}/a", by=ada).version.blob_key).unlink()
    assert run("--repair")[0] == 1


def test_the_tasks_remove_expire_and_reconcile(ada, caplog, time_machine):
    time_machine.move_to(timezone.now())
    begin(ada, b"hello")
    written(b"lost")
    time_machine.shift(timedelta(hours=23, minutes=50))
    assert tasks.expire_uploads() == 0
    time_machine.shift(timedelta(minutes=20))
    assert tasks.expire_uploads() == 1
    with acting_as_service():
        assert not Upload.objects.exists()
        assert AuditEvent.objects.filter(action="storage.upload.expired").count() == 1
    assert tasks.reconcile_files() == 1
    assert "files out of step: orphan" in caplog.text
    assert tasks.remove_doomed_blobs() == 0
    time_machine.shift(timedelta(minutes=11))
    assert tasks.remove_doomed_blobs() == 2
    assert list(blobs.keys()) == []


def test_an_upload_that_somebody_writes_to_expires_after_them(ada):
    upload = begin(ada)
    late = upload.expires_at - timedelta(seconds=1)
    taken = uploads.take(id=upload.pk, offset=0, at=late)
    assert uploads.expire(at=upload.expires_at) == 0
    assert uploads.expire(at=taken.leased_until) == 1
