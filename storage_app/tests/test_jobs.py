"""Many files removed in batches: with the rights of who asked, from where a crash left off, each once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from storage_app import tasks
from storage_app.models import BucketRule, DoomedBlob, Object, RemovalJob, Usage
from storage_app.services import access, jobs, removal
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.test_listing import fill
from storage_app.tests.wire import call, refused, told

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
SERVICE = "service_role"
NOW = timezone.now()
LATER = NOW + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)


@pytest.fixture
def ada() -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def seven(by: User, folder: str = "in") -> list[str]:
    names = [f"{by.id}/{folder}/{n}" for n in range(7)]
    for name in names:
        put(name, by=by, at=NOW)
    return names


def left() -> list[str]:
    with acting_as_service():
        return list(Object.objects.order_by("name").values_list("name", flat=True))


def begun(by: User, prefix: str) -> RemovalJob:
    with acting_as(by):
        return jobs.begin(bucket_id="docs", prefix=prefix, at=LATER)


def state(job: RemovalJob) -> tuple[int | None, int, int, bool]:
    with acting_as_service():
        job.refresh_from_db()
    return job.total, job.removed, job.kept, job.finished_at is not None


def test_a_bucket_is_emptied_with_its_versions_and_the_answer_does_not_wait(ada, bola):
    names = seven(ada)
    put(names[0], b"again", by=ada, upsert=True, at=NOW)
    seven(bola)
    for by in (ada, "anon"):
        answer = call("POST", "bucket/docs/empty", {}, by=by)
        assert refused(answer) == "403 Unauthorized: new row violates row-level security policy"
    assert len(left()) == 14
    answer = call("POST", "bucket/docs/empty", {}, by=SERVICE)
    words = "Empty bucket has been queued. Completion may take up to an hour."
    assert told(answer) == {"message": words}
    assert left() == []
    job = told(call("GET", answer.headers["Location"].removeprefix("/storage/v1/"), by=SERVICE))
    assert (job["state"], job["total"], job["removed"], job["kept"]) == ("done", 14, 14, 0)
    with acting_as_service():
        assert set(Usage.objects.values_list("objects_count", "bytes_count")) == {(0, 0)}
        assert DoomedBlob.objects.count() == 15
        batches = AuditEvent.objects.filter(action="storage.removal.batch")
        assert sum(event.data["files"] for event in batches) == 14
    assert removal.remove_doomed(at=timezone.now() + timedelta(hours=1)) == 15
    assert told(call("DELETE", "bucket/docs", by=SERVICE))


def test_a_person_removes_a_folder_and_sees_how_far_it_is(ada, bola):
    seven(ada)
    put(f"{ada.id}/into", by=ada)
    theirs = seven(bola)
    asked = {"bucketId": "docs", "prefix": f"{ada.id}/in/"}
    job = told(call("POST", "jobs", asked, by=ada))
    assert (job["state"], job["removed"]) == ("working", 0)
    shown = told(call("GET", f"jobs/{job['id']}", by=ada))
    assert (shown["state"], shown["total"], shown["removed"]) == ("done", 7, 7)
    assert left() == sorted([f"{ada.id}/into", *theirs])
    for by in (bola, "anon"):
        assert refused(call("GET", f"jobs/{job['id']}", by=by)) == "404 not_found: Object not found"


def test_nobody_removes_more_than_they_may(ada, bola):
    names = seven(ada)
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="SIGNED_IN", what="READ")
    for prefix in (f"{ada.id}/", names[0][:3]):
        shown = told(call("POST", "jobs", {"bucketId": "docs", "prefix": prefix}, by=bola))
        shown = told(call("GET", f"jobs/{shown['id']}", by=bola))
        assert (shown["state"], shown["removed"]) == ("done", 0)
    assert shown["kept"] == 7
    assert left() == names
    answer = call("POST", "jobs", {"bucketId": "docs", "prefix": ""}, by=bola)
    assert refused(answer) == "400 Error: body/prefix must not be empty"
    answer = call("POST", "jobs", {"bucketId": "docs", "prefix": f"{ada.id}/"}, by="anon")
    assert refused(answer).startswith("403 Unauthorized")
    with acting_as(bola), pytest.raises(access.NotAllowed):
        jobs.begin(bucket_id="docs", prefix="", at=NOW)
    assert left() == names


def test_a_crash_loses_nothing_and_the_next_worker_goes_on_where_it_stopped(ada, monkeypatch):
    names = seven(ada)
    job = begun(ada, f"{ada.id}/")
    assert jobs.step(job_id=job.pk, at=LATER) is True
    assert state(job) == (7, 3, 0, False)

    def dies(**_facts: object) -> int:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(removal, "doom", dies)
        with pytest.raises(SystemExit):
            jobs.step(job_id=job.pk, at=LATER)
    assert state(job) == (7, 3, 0, False)
    assert left() == names[3:]
    assert jobs.stalled(at=LATER + timedelta(seconds=119)) == []
    assert jobs.stalled(at=LATER + jobs.STALLED) == [job.pk]
    with acting_as_service():
        RemovalJob.objects.update(moved_at=LATER - timedelta(days=1))
    tasks.go_on_removing_files()
    assert state(job) == (7, 7, 0, True)
    assert left() == []
    assert jobs.step(job_id=job.pk, at=LATER) is False
    assert jobs.stalled(at=LATER + timedelta(days=1)) == []


def test_a_long_job_goes_on_in_another_task(ada, monkeypatch):
    monkeypatch.setattr(tasks, "_AT_ONCE", 1)
    seven(ada)
    job = begun(ada, f"{ada.id}/")
    tasks.remove_files(job_id=str(job.pk))
    assert state(job) == (7, 7, 0, True)


def test_what_came_or_was_replaced_or_moved_after_it_was_asked_for_stays(ada):
    names = seven(ada)
    job = begun(ada, f"{ada.id}/in/")
    after = LATER + timedelta(seconds=1)
    put(f"{ada.id}/in/0-new", by=ada, at=after)
    put(names[5], b"replaced", by=ada, upsert=True, at=after)
    while jobs.step(job_id=job.pk, at=after):
        pass
    assert state(job) == (8, 6, 2, True)
    assert left() == [f"{ada.id}/in/0-new", names[5]]


def test_a_right_that_was_taken_away_meanwhile_ends_the_removal(ada):
    names = seven(ada)
    job = begun(ada, f"{ada.id}/in/")
    jobs.step(job_id=job.pk, at=LATER)
    with acting_as_service():
        BucketRule.objects.filter(bucket="docs", what="DELETE").delete()
    while jobs.step(job_id=job.pk, at=LATER):
        pass
    assert state(job) == (7, 3, 4, True)
    assert left() == names[3:]


def test_two_workers_at_one_job_remove_each_file_once(ada):
    seven(ada)
    job = begun(ada, f"{ada.id}/")
    together = Barrier(4)

    def work(_turn: int) -> None:
        try:
            together.wait()
            tasks.remove_files(job_id=str(job.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    tasks.remove_files(job_id=str(job.pk))
    assert state(job) == (7, 7, 0, True)
    with acting_as_service():
        assert Usage.objects.get(owner=ada).objects_count == 0


def test_a_batch_is_no_larger_than_a_batch(ada, django_assert_max_num_queries):
    seven(ada)
    job = begun(ada, f"{ada.id}/")
    with django_assert_max_num_queries(60):
        jobs.step(job_id=job.pk, at=LATER)
    assert len(left()) == 4


WORKER = """
import os, sys, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()
from django.utils import timezone
from storage_app.services import jobs
jobs.BATCH = 5
while sys.stdin.readline() and jobs.step(job_id=sys.argv[1], at=timezone.now()):
    print("a batch", flush=True)
"""


@pytest.mark.slow
def test_workers_that_are_killed_leave_the_count_true_and_the_next_one_goes_on(ada):
    fill("docs", [f"{ada.id}/{n:03}" for n in range(200)], owner=ada)
    with acting_as_service():
        Usage.objects.create(bucket_id="docs", owner=ada, objects_count=200)
        Usage.objects.create(bucket_id="docs", owner=None, bytes_count=200)
    job = begun(ada, f"{ada.id}/")
    before = 0
    for batches in (2, 7):
        command = [sys.executable, "-c", WORKER, str(job.pk)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=settings.BASE_DIR, **pipes) as worker:
            # It dies somewhere in the batch after these.
            worker.stdin.write(b"go on\n" * (batches + 1))
            worker.stdin.flush()
            for _ in range(batches):
                assert worker.stdout.readline() == b"a batch\n"
            worker.kill()
        with acting_as_service():
            # Once the database has noticed that the worker is gone.
            job = RemovalJob.objects.select_for_update().get(pk=job.pk)
            assert job.removed - before in (5 * batches, 5 * (batches + 1))
            assert Object.objects.count() == 200 - job.removed
            assert DoomedBlob.objects.count() == job.removed
            assert Usage.objects.get(owner=ada).objects_count == 200 - job.removed
        before = job.removed
    tasks.remove_files(job_id=str(job.pk))
    assert state(job) == (200, 200, 0, True)
    assert left() == []
