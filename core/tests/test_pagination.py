import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, models
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.test import APIRequestFactory

from core.api.pagination import CursorPagination
from core.ids import uuid7


class PageRow(models.Model):
    """A row of a temporary table: pages are tested on a real database without borrowing a domain's table."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    version = models.BigIntegerField()

    class Meta:
        app_label = "core"
        db_table = "page_row"
        managed = False

    def __str__(self) -> str:
        return str(self.version)


class RowSerializer(serializers.ModelSerializer):
    class Meta:
        model = PageRow
        fields = ["id", "version"]


class ByVersion(ListAPIView):
    queryset = PageRow.objects.all()
    serializer_class = RowSerializer
    pagination_class = CursorPagination
    authentication_classes = ()
    permission_classes = (AllowAny,)
    cursor_field = "version"


class ById(ByVersion):
    cursor_field = "id"


@pytest.fixture
def rows(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("create temporary table page_row (id uuid primary key, version bigint unique)")
    add(range(1, 46))
    yield
    with connection.cursor() as cursor:
        cursor.execute("drop table page_row")


def add(versions: range) -> None:
    PageRow.objects.bulk_create(PageRow(version=version) for version in versions)


def page(view: type[ListAPIView] = ByVersion, **query: Any) -> tuple[int, dict[str, Any]]:
    response = view.as_view()(APIRequestFactory().get("/api/v1/rows", query))
    if hasattr(response, "render"):
        response.render()
    return response.status_code, json.loads(response.content)


def versions(view: type[ListAPIView] = ByVersion, **query: Any) -> tuple[list[int], bool]:
    status, body = page(view, **query)
    assert status == 200 and body["object"] == "list" and set(body) == {"object", "data", "has_more"}
    return [row["version"] for row in body["data"]], body["has_more"]


@pytest.mark.usefixtures("rows")
class TestPages:
    def test_the_first_page_is_the_newest_twenty(self) -> None:
        assert versions() == (list(range(45, 25, -1)), True)

    def test_starting_after_goes_to_older_rows(self) -> None:
        assert versions(limit=3, starting_after=10) == ([9, 8, 7], True)
        assert versions(limit=3, starting_after=4) == ([3, 2, 1], False)
        assert versions(starting_after=1) == ([], False)

    def test_ending_before_goes_to_the_nearest_newer_rows_newest_first(self) -> None:
        assert versions(limit=3, ending_before=10) == ([13, 12, 11], True)
        assert versions(limit=3, ending_before=42) == ([45, 44, 43], False)
        assert versions(ending_before=45) == ([], False)

    def test_a_walk_during_inserts_has_no_gap_and_no_repeat(self) -> None:
        seen, more = versions(limit=7)
        while more:
            add(range(PageRow.objects.count() + 1, PageRow.objects.count() + 3))
            found, more = versions(limit=7, starting_after=seen[-1])
            seen += found
        assert seen == list(range(45, 0, -1))

    def test_a_cursor_outlives_its_row(self) -> None:
        PageRow.objects.filter(version=10).delete()
        assert versions(limit=2, starting_after=10) == ([9, 8], True)

    def test_ids_serve_as_cursors_too(self) -> None:
        _status, body = page(ById, limit=5)
        assert [row["version"] for row in body["data"]] == [45, 44, 43, 42, 41]
        assert versions(ById, limit=1, starting_after=body["data"][-1]["id"]) == ([40], True)

    def test_an_id_that_never_was_still_marks_a_place(self) -> None:
        assert versions(ById, starting_after=UUID(int=0)) == ([], False)
        assert versions(ById, limit=1, starting_after=UUID(int=2**128 - 1)) == ([45], True)

    @pytest.mark.parametrize("limit", [1, 100])
    def test_limits_reach_from_one_to_a_hundred(self, limit: int) -> None:
        assert len(versions(limit=limit)[0]) == min(limit, 45)

    def test_a_page_is_one_query_without_a_count(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            versions()


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "", "٣", "9" * 5000, "1\x00", "²"])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    status, body = page(limit=limit)
    assert (
        status == 400
        and body["errors"][0]["parameter"] == "limit"
        and body["errors"][0]["code"] == "limit_invalid"
    )


@pytest.mark.parametrize("name", ["starting_after", "ending_before"])
@pytest.mark.parametrize(
    ("view", "cursor"),
    [
        (ById, "x"),
        (ById, ""),
        (ById, "1\x00"),
        (ByVersion, "x"),
        (ByVersion, ""),
        (ByVersion, str(2**63)),
        (ByVersion, "9" * 5000),
    ],
)
def test_a_cursor_that_cannot_be_is_refused(view: type[ListAPIView], name: str, cursor: str) -> None:
    status, body = page(view, **{name: cursor})
    assert status == 400 and body["errors"][0] == body["errors"][0] | {
        "parameter": name,
        "code": "cursor_invalid",
    }


def test_two_directions_at_once_are_refused() -> None:
    status, body = page(starting_after=1, ending_before=2)
    assert status == 400 and body["errors"][0]["code"] == "cursor_ambiguous"


def test_the_schema_names_the_three_parameters() -> None:
    parameters = CursorPagination().get_schema_operation_parameters(ByVersion())
    assert [parameter["name"] for parameter in parameters] == ["limit", "starting_after", "ending_before"]
    assert "version" in parameters[1]["description"]
