"""Listing: folders before files, page by page, only what whoever acts may see, and at the same cost on every page."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_organization, make_person
from conftest import superuser
from core.actors import acting_as, acting_as_anon, acting_as_service
from storage_app.models import BucketRule, Object
from storage_app.services import listing
from storage_app.services.listing import Mark, Order
from storage_app.tests.factories import make_bucket

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def fill(bucket: str, names: list[str], *, owner: User | None = None) -> None:
    """Rows of files, without their bytes: listing reads none."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            """
            with made as (
                insert into storage_app_object
                    (id, bucket_id, name, owner_id, version_id, created_at, updated_at, last_accessed_at)
                select uuidv7(), %(bucket)s, name, %(owner)s, uuidv7(), %(at)s + place * interval '1 ms',
                       %(at)s - place * interval '1 ms', %(at)s
                from unnest(%(names)s::text[]) with ordinality as new (name, place)
                returning id, version_id
            )
            insert into storage_app_objectversion
                (id, object_id, blob_key, size, content_type, cache_control, md5, sha256, scan, created_at)
            select version_id, id, version_id::text, 1, 'text/plain', '', '', '', 'NOT_ASKED', %(at)s from made
            """,
            {"bucket": bucket, "names": names, "owner": owner and owner.id, "at": NOW},
        )


def whole(bucket: str = "docs", **facts) -> list[str]:
    """Every page of a prefix, one after another."""
    seen, after = [], Mark()
    while after is not None:
        page = listing.under_prefix(bucket_id=bucket, after=after, **facts)
        assert page.next is None or len(page.folders) + len(page.files) == facts["limit"]
        seen += [*page.folders, *(one.name for one in page.files)]
        after = page.next
    return seen


def entries(page: listing.Page) -> list[str]:
    return [*page.folders, *(one.name for one in page.files)]


TREE = ["a", "a-b/x", "a/1", "a/2", "a/b/1", "a/b/c/1", "a0", "b/1", "B/2", "c", "x/y/z/deep"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_pages_put_together_are_the_whole(limit, descending):
    make_bucket()
    fill("docs", TREE)
    order = Order(descending=descending)
    expected = {
        "": (["B/", "a-b/", "a/", "b/", "x/"], ["a", "a0", "c"]),
        "a/": (["a/b/"], ["a/1", "a/2"]),
        "a": (["a-b/", "a/"], ["a", "a0"]),
        "a/b": (["a/b/"], []),
        "x/y/": (["x/y/z/"], []),
        "none/": ([], []),
        "a/1": ([], ["a/1"]),
    }
    with acting_as_service():
        for prefix, (folders, files) in expected.items():
            sides = [sorted(side, reverse=descending) for side in (folders, files)]
            found = whole(prefix=prefix, by_folder=True, limit=limit, order=order)
            assert found == sides[0] + sides[1], prefix
            flat = sorted((name for name in TREE if name.startswith(prefix)), reverse=descending)
            assert whole(prefix=prefix, limit=limit, order=order) == flat, prefix
        everything = sorted(expected[""][0], reverse=descending) + sorted(expected[""][1], reverse=descending)
        for offset in range(len(everything) + 2):
            page = listing.in_folder(bucket_id="docs", folder="", limit=limit, offset=offset, order=order)
            assert entries(page) == everything[offset : offset + limit]


@pytest.mark.parametrize("column", ["created_at", "updated_at", "last_accessed_at"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_files_are_sorted_by_their_times_and_where_those_are_the_same_by_name(column, descending):
    make_bucket()
    names = ["m/1", "m/3", "m/2", "m/4"]
    fill("docs", names)
    order = Order(column=column, descending=descending)
    by_time = {"created_at": names, "updated_at": names[::-1], "last_accessed_at": sorted(names)}[column]
    expected = by_time[::-1] if descending else by_time
    with acting_as_service():
        assert whole(prefix="m/", by_folder=True, limit=3, order=order) == expected
        assert entries(listing.in_folder(bucket_id="docs", folder="m/", limit=9, order=order)) == expected


def test_search_finds_by_how_the_last_part_begins_and_takes_no_sign_for_another():
    make_bucket()
    fill("docs", ["f/Report.pdf", "f/report-2.pdf", "f/a_report", "f/Reports/1", "f/r%", "f/r_", "f/rx"])
    with acting_as_service():

        def found(search: str) -> list[str]:
            return entries(listing.in_folder(bucket_id="docs", folder="f/", search=search, limit=9))

        assert found("REPORT") == ["f/Reports/", "f/Report.pdf", "f/report-2.pdf"]
        assert found("r_") == ["f/r_"]
        assert found("r%") == ["f/r%"]


def test_each_sees_of_a_bucket_what_its_rules_let_them_see(ada, bola):
    firm = make_organization(owner=ada)
    make_bucket()
    fill("docs", [f"{ada.id}/1", f"{ada.id}/in/2", f"{bola.id}/3", f"{firm.pk}/4", "root", "shared/5"])
    fill("docs", ["mine", "shared/6"], owner=bola)

    def seen(by) -> list[str]:
        with by:
            flat = whole(prefix="", limit=2)
            assert sorted(flat) == flat
            assert set(flat) == set(Object.objects.filter(bucket="docs").values_list("name", flat=True))
            tree = whole(prefix="", by_folder=True, limit=1)
            assert tree == entries(listing.in_folder(bucket_id="docs", folder="", limit=99))
            return tree

    assert seen(acting_as(ada)) == sorted([f"{ada.id}/", f"{firm.pk}/"])
    assert seen(acting_as(bola)) == [f"{bola.id}/"]
    assert seen(acting_as_anon()) == []
    with acting_as(bola):
        for folder in (f"{ada.id}/", f"{firm.pk}/", f"{ada.id}/in/", "shared/"):
            assert entries(listing.in_folder(bucket_id="docs", folder=folder, limit=9)) == []
            assert whole(prefix=folder, limit=9) == []
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="OWNER", what="READ")
    assert seen(acting_as(bola)) == [*sorted([f"{bola.id}/", "shared/"]), "mine"]
    with acting_as(bola):
        assert entries(listing.in_folder(bucket_id="docs", folder="shared/", limit=9)) == ["shared/6"]
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="SIGNED_IN", what="READ")
    assert len(seen(acting_as(bola))) == 6
    assert seen(acting_as_anon()) == []
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="EVERYONE", what="READ")
    assert len(seen(acting_as_anon())) == 6


def test_a_name_as_long_as_a_name_may_be_is_listed(ada):
    make_bucket()
    deep, flat = "d/" * 511 + "xy", "f" * 1024
    fill("docs", [deep, flat])
    with acting_as_service():
        assert whole(prefix="", limit=1) == [deep, flat]
        assert whole(prefix="d/" * 511, by_folder=True, limit=1) == [deep]
        assert whole(prefix="d/" * 510, by_folder=True, limit=1) == ["d/" * 511]


@pytest.fixture
def large(ada) -> str:
    """A public bucket: 30,000 files in one folder, and one folder each for 3,000 people."""
    make_bucket("large", public=True)
    fill("large", [f"many/{n:06}" for n in range(30_000)])
    fill("large", [f"people/{n:04}/{m}" for n in range(3_000) for m in range(3)])
    fill("large", [f"{ada.id}/{n}" for n in range(50)], owner=ada)
    with superuser(connection.settings_dict["NAME"]) as owner:
        owner.execute("vacuum analyze storage_app_object")
        owner.execute("vacuum analyze storage_app_objectversion")
    return "large"


def plans(do) -> list[dict]:
    """The plans of the queries by which something reads files, as they really ran."""
    with CaptureQueriesContext(connection) as asked:
        do()
    found = []
    for query in asked.captured_queries:
        if "from storage_app_object o" in query["sql"] or 'FROM "storage_app_object"' in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("explain (analyze, buffers, format json) " + query["sql"])
                told = cursor.fetchone()[0]
            found.append((json.loads(told) if isinstance(told, str) else told)[0]["Plan"])
    assert found
    return found


def nodes(plan: dict):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def pages_read(found: list[dict]) -> int:
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in found)


@pytest.mark.parametrize("by", ["service", "person", "stranger"])
def test_every_page_of_a_large_folder_is_read_from_the_index_and_costs_the_same(large, ada, by):
    actors = {"service": acting_as_service, "person": lambda: acting_as(ada), "stranger": acting_as_anon}
    with actors[by]():

        def cost(prefix: str, after: Mark, by_folder: bool) -> int:
            found = plans(
                lambda: listing.under_prefix(
                    bucket_id=large, prefix=prefix, by_folder=by_folder, limit=100, after=after
                )
            )
            for node in (node for plan in found for node in nodes(plan)):
                assert node["Node Type"] != "Sort"
                if node.get("Relation Name") == "storage_app_object":
                    assert node["Node Type"] in ("Index Scan", "Index Only Scan"), node
                    assert node.get("Rows Removed by Filter", 0) == 0
                if node.get("Alias") == "o":
                    assert node["Node Type"] == "Index Only Scan"
            return pages_read(found)

        for prefix, by_folder, first, last in (
            ("many/", True, Mark(), Mark(name="many/029800")),
            ("many/", False, Mark(), Mark(name="many/029800")),
            ("people/", True, Mark(), Mark(folder="people/2800/")),
        ):
            assert cost(prefix, last, by_folder) <= 1.5 * cost(prefix, first, by_folder)


def test_ones_own_folder_is_found_without_looking_through_those_of_others(large, ada):
    with acting_as_service():
        BucketRule.objects.filter(bucket=large, who="EVERYONE").delete()
    with acting_as(ada):
        found = plans(lambda: listing.in_folder(bucket_id=large, folder="", limit=100))
        assert pages_read(found) < 100
        assert entries(listing.in_folder(bucket_id=large, folder="", limit=100)) == [f"{ada.id}/"]


def test_reading_one_file_reads_no_others(large, ada):
    with acting_as(ada):
        found = plans(
            lambda: Object.objects.select_related("version").filter(bucket_id=large, name="many/015000").get()
        )
        assert pages_read(found) < 100
