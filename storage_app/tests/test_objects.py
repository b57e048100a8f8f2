"""Files put, replaced, moved, removed and restored: by whom the rules let, and blobs in step with rows."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from storage_app import blobs
from storage_app.models import BucketRule, DoomedBlob, Object, ObjectVersion, Usage
from storage_app.names import InvalidKey
from storage_app.services import access, buckets, objects, removal
from storage_app.tests.factories import bytes_of, make_bucket, put, written

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def usage(owner: User) -> tuple[int, int]:
    with acting_as_service():
        row = Usage.objects.get(owner=owner)
    return row.objects_count, row.bytes_count


def test_a_file_in_ones_own_folder_is_put_read_replaced_and_removed(ada):
    make_bucket()
    name = f"{ada.id}/notes.txt"
    put(name, b"first", by=ada)
    second = put(name, b"second!", by=ada, upsert=True)
    assert usage(ada) == (1, 12)
    with acting_as(ada):
        found = objects.find(bucket_id="docs", name=name)
        assert bytes_of(found) == b"second!"
        assert found.version.content_type == "text/plain"
        assert [version.size for version in objects.versions(bucket_id="docs", name=name)] == [7, 5]
        first = objects.versions(bucket_id="docs", name=name)[-1]
        objects.restore(bucket_id="docs", name=name, version_id=first.pk, at=NOW)
        assert bytes_of(objects.find(bucket_id="docs", name=name)) == b"first"
        gone = objects.remove(bucket_id="docs", names=[name, f"{ada.id}/none"], at=NOW)
    assert [one.pk for one in gone] == [second.pk]
    assert usage(ada) == (0, 0)
    with acting_as_service():
        assert DoomedBlob.objects.count() == 2 and not ObjectVersion.objects.exists()
    assert removal.remove_doomed(at=NOW + timedelta(minutes=9)) == 0
    assert removal.remove_doomed(at=NOW + timedelta(minutes=10)) == 2
    assert list(blobs.keys()) == []


def test_a_second_file_of_one_name_needs_upsert_and_nothing_is_counted_for_it(ada):
    make_bucket()
    put(f"{ada.id}/a", by=ada)
    with acting_as(ada), pytest.raises(objects.ObjectExists):
        objects.place_for(bucket_id="docs", name=f"{ada.id}/a", upsert=False)
    assert usage(ada) == (1, 5)


@pytest.mark.parametrize("do", ["find", "add", "replace", "move", "take", "remove", "restore", "versions"])
def test_anothers_folder_is_closed_for_everything(ada, bola, do):
    make_bucket()
    name, mine = f"{ada.id}/secret", f"{bola.id}/mine"
    object = put(name, by=ada)
    put(mine, by=bola)
    attempts = {
        "find": lambda: objects.find(bucket_id="docs", name=name),
        "add": lambda: objects.place_for(bucket_id="docs", name=f"{ada.id}/new", upsert=False),
        "replace": lambda: objects.place_for(bucket_id="docs", name=name, upsert=True),
        "move": lambda: objects.move(
            bucket_id="docs", name=mine, to_bucket_id="docs", to_name=f"{ada.id}/x", at=NOW
        ),
        "take": lambda: objects.move(
            bucket_id="docs", name=name, to_bucket_id="docs", to_name=f"{bola.id}/x", at=NOW
        ),
        "restore": lambda: objects.restore(bucket_id="docs", name=name, version_id=object.version_id, at=NOW),
        "versions": lambda: objects.versions(bucket_id="docs", name=name),
    }
    refusals = (access.NotAllowed, access.ObjectNotFound, access.BucketNotFound)
    for by in (acting_as(bola), acting_as_anon()):
        with by:
            if do == "remove":
                with suppress(access.BucketNotFound):
                    assert objects.remove(bucket_id="docs", names=[name], at=NOW) == []
            else:
                with pytest.raises(refusals):
                    attempts[do]()
    with acting_as(ada):
        assert bytes_of(objects.find(bucket_id="docs", name=name)) == b"hello"


def test_folders_of_organisations_are_open_to_their_members_and_what_is_public_to_the_world(ada, bola):
    firm = make_organization(owner=ada, name="Ada Foods")
    make_bucket()
    make_bucket("shop", public=True)
    put(f"{firm.pk}/price.txt", by=ada)
    put(f"{ada.id}/shown.txt", by=ada, bucket="shop")
    with acting_as(bola):
        with pytest.raises(access.ObjectNotFound):
            objects.find(bucket_id="docs", name=f"{firm.pk}/price.txt")
        objects.find(bucket_id="shop", name=f"{ada.id}/shown.txt")
    with acting_as_anon():
        objects.find(bucket_id="shop", name=f"{ada.id}/shown.txt")
        with pytest.raises(access.NotAllowed):
            objects.place_for(bucket_id="shop", name=f"{ada.id}/shown.txt", upsert=True)
    with acting_as_service():
        firm.memberships.create(user=bola, role="MEMBER")
        buckets.change(id="shop", public=False, at=NOW)
    with acting_as(bola):
        objects.find(bucket_id="docs", name=f"{firm.pk}/price.txt")
        with pytest.raises(access.ObjectNotFound):
            objects.find(bucket_id="shop", name=f"{ada.id}/shown.txt")


def test_a_rule_says_who_may_what(ada, bola):
    make_bucket()
    put(f"{ada.id}/one", by=ada)
    with acting_as_service():
        BucketRule.objects.filter(bucket="docs").delete()
        BucketRule.objects.create(bucket_id="docs", who="SIGNED_IN", what="READ")
        BucketRule.objects.create(bucket_id="docs", who="OWNER", what="DELETE")
    with acting_as(bola):
        objects.find(bucket_id="docs", name=f"{ada.id}/one")
        with pytest.raises(access.NotAllowed):
            objects.place_for(bucket_id="docs", name=f"{bola.id}/one", upsert=False)
        assert objects.remove(bucket_id="docs", names=[f"{ada.id}/one"], at=NOW) == []
    with acting_as(ada):
        assert len(objects.remove(bucket_id="docs", names=[f"{ada.id}/one"], at=NOW)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "a/./b",
        "a\\b",
        "a\x00b",
        "a\nb",
        "ọ̀nà.txt",
        "a%b",
        "x" * 1025,
    ],
)
def test_a_name_that_is_no_name_is_refused(ada, name):
    make_bucket()
    with acting_as(ada), pytest.raises(InvalidKey):
        objects.place_for(bucket_id="docs", name=name, upsert=False)


def test_what_is_too_large_of_a_wrong_type_or_over_the_quota_is_refused_and_leaves_no_row(ada):
    make_bucket(file_size_limit=8, allowed_mime_types=["text/*"], quota_bytes=14, quota_objects=2)
    folder = f"{ada.id}/"
    with acting_as(ada):
        with pytest.raises(objects.TooLarge):
            objects.place_for(bucket_id="docs", name=folder + "a", upsert=False, size=9)
        with pytest.raises(objects.TypeNotAllowed):
            objects.place_for(bucket_id="docs", name=folder + "a", upsert=False, content_type="image/png")
    with pytest.raises(objects.TooLarge):
        put(folder + "a", b"123456789", by=ada)
    with pytest.raises(objects.TypeNotAllowed):
        put(folder + "a", b"%PDF-1.7", by=ada)
    put(folder + "a", b"12345678", by=ada)
    with pytest.raises(objects.QuotaExceeded):
        put(folder + "b", b"1234567", by=ada)
    put(folder + "b", b"123456", by=ada)
    with pytest.raises(objects.QuotaExceeded):
        put(folder + "c", b"", by=ada)
    assert usage(ada) == (2, 14)
    with acting_as_service():
        assert Object.objects.count() == 2


def test_of_many_who_put_one_new_name_at_once_one_makes_it_and_quotas_hold(ada):
    make_bucket(quota_objects=3)
    name = f"{ada.id}/one"
    together = Barrier(8)

    def attempt(turn: int) -> str:
        try:
            together.wait()
            put(name if turn < 4 else f"{ada.id}/{turn}", by=ada)
            return "put"
        except (objects.ObjectExists, objects.QuotaExceeded) as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        ended = list(threads.map(attempt, range(8)))
    assert ended.count("put") == 3
    with acting_as_service():
        assert Object.objects.count() == 3
    assert usage(ada) == (3, 15)


def test_only_so_many_earlier_contents_are_kept(ada):
    make_bucket(keep_versions=2)
    for turn in range(5):
        put(f"{ada.id}/one", bytes([65 + turn]) * 3, by=ada, upsert=True, at=NOW + timedelta(seconds=turn))
    with acting_as(ada):
        kept = objects.versions(bucket_id="docs", name=f"{ada.id}/one")
    assert [b"".join(blobs.read(version.blob_key)) for version in kept] == [b"EEE", b"DDD", b"CCC"]
    assert usage(ada) == (1, 9)
    with acting_as_service():
        assert DoomedBlob.objects.count() == 2


def test_a_blob_that_is_not_finished_leaves_nothing(files):
    with pytest.raises(ZeroDivisionError), blobs.Writer("objects/aa/bb/x") as writer:
        writer.write(b"half")
        raise ZeroDivisionError
    assert list(blobs.keys()) == []
    with pytest.raises(blobs.BlobMissing):
        list(blobs.read("objects/aa/bb/x"))


def test_a_blob_is_read_in_ranges():
    with blobs.Writer("objects/aa/bb/x") as writer:
        writer.write(b"0123456789")
        written = writer.finish()
    assert written.size == 10 and written.head == b"0123456789"
    assert b"".join(blobs.read("objects/aa/bb/x", start=3, length=4)) == b"3456"
    assert b"".join(blobs.read("objects/aa/bb/x", start=8)) == b"89"
    assert b"".join(blobs.read("objects/aa/bb/x", start=0, length=0)) == b""


def test_buckets_are_the_services_to_make_and_are_deleted_only_empty(ada):
    with acting_as(ada), pytest.raises(access.NotAllowed):
        buckets.make(id="mine", at=NOW)
    make_bucket()
    with pytest.raises(buckets.BucketExists):
        make_bucket()
    put(f"{ada.id}/one", by=ada)
    with acting_as_service():
        with pytest.raises(buckets.BucketNotEmpty):
            buckets.delete(id="docs")
        assert len(objects.remove(bucket_id="docs", names=[f"{ada.id}/one"], at=NOW)) == 1
        buckets.delete(id="docs")
        with pytest.raises(access.BucketNotFound):
            buckets.delete(id="docs")


def test_of_many_files_moved_to_one_name_at_once_one_gets_it(ada):
    make_bucket()
    for turn in range(6):
        put(f"{ada.id}/{turn}", by=ada)
    together = Barrier(6)

    def attempt(turn: int) -> str:
        try:
            together.wait()
            with acting_as(ada):
                objects.move(
                    bucket_id="docs",
                    name=f"{ada.id}/{turn}",
                    to_bucket_id="docs",
                    to_name=f"{ada.id}/one",
                    at=NOW,
                )
            return "moved"
        except objects.ObjectExists as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        ended = list(threads.map(attempt, range(6)))
    assert sorted(ended) == ["moved"] + ["object_exists"] * 5
    assert usage(ada) == (6, 30)


def test_an_earlier_version_comes_back_only_where_its_bucket_still_takes_its_like(ada):
    make_bucket()
    name = f"{ada.id}/one"
    first = put(name, b"%PDF-1.7", by=ada, content_type="application/pdf")
    put(name, b"text", by=ada, upsert=True)
    make_bucket("texts", allowed_mime_types=["text/*"])
    with acting_as(ada):
        objects.move(bucket_id="docs", name=name, to_bucket_id="texts", to_name=name, at=NOW)
    with acting_as(ada), pytest.raises(objects.TypeNotAllowed):
        objects.restore(bucket_id="texts", name=name, version_id=first.version_id, at=NOW)
    with acting_as_service():
        buckets.change(id="texts", allowed_mime_types=None, file_size_limit=7, at=NOW)
    with acting_as(ada), pytest.raises(objects.TooLarge):
        objects.restore(bucket_id="texts", name=name, version_id=first.version_id, at=NOW)


def test_a_bucket_is_not_deleted_under_a_file_that_is_being_put(ada):
    make_bucket()
    with acting_as(ada):
        place = objects.place_for(bucket_id="docs", name=f"{ada.id}/one", upsert=False)

    def delete() -> str:
        try:
            with acting_as_service():
                with connection.cursor() as cursor:
                    cursor.execute("set local lock_timeout = '100ms'")
                buckets.delete(id="docs")
            return "deleted"
        except (OperationalError, buckets.BucketNotEmpty) as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as another:
        with acting_as_service():
            objects.put(place=place, written=written(b"hello"), content_type="text/plain", at=NOW)
            assert another.submit(delete).result() == "OperationalError"
        assert another.submit(delete).result() == "BucketNotEmpty"
        with acting_as(ada):
            objects.remove(bucket_id="docs", names=[place.name], at=NOW)
        assert another.submit(delete).result() == "deleted"
    with pytest.raises(access.BucketNotFound):
        objects.put(place=place, written=written(b"hello"), content_type="text/plain", at=NOW)
