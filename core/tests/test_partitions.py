"""Monthly partitions on a UUIDv7 key."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import ProgrammingError, connection

from accounts.models import AuditEvent
from core import ids, partitions
from core.actors import acting_as_anon, acting_as_service
from core.tasks import make_partitions_ahead

TABLE = "accounts_auditevent"
pytestmark = pytest.mark.django_db


def names() -> set[str]:
    return {partition.name for partition in partitions.partitions_of(TABLE)}


def test_the_tables_kept_by_month_are_known():
    with acting_as_service():
        assert {TABLE, "wallet_transaction"} <= set(partitions.partitioned_tables())


def test_the_months_ahead_are_made_and_a_second_time_nothing_is():
    at = datetime(2031, 5, 17, tzinfo=UTC)
    with acting_as_service():
        assert partitions.ensure_ahead(table=TABLE, at=at, months=3) == 6
        assert partitions.ensure_ahead(table=TABLE, at=at, months=3) == 0
        wanted = {f"{TABLE}_y2031m{month:02}" for month in (3, 4, 5, 6, 7, 8)}
        assert wanted <= names()


def test_december_is_followed_by_january():
    with acting_as_service():
        partitions.ensure_ahead(
            table=TABLE, at=datetime(2031, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), months=1
        )
        found = {partition.name: partition for partition in partitions.partitions_of(TABLE)}
    december, january = found[f"{TABLE}_y2031m12"], found[f"{TABLE}_y2032m01"]
    assert december.until == january.since == datetime(2032, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("year", "days"), [(2032, 29), (2033, 28), (2100, 28)])
def test_february_is_as_long_as_its_year_says(year, days):
    with acting_as_service():
        partitions.ensure_ahead(table=TABLE, at=datetime(year, 2, 10, tzinfo=UTC), months=0)
        found = {partition.name: partition for partition in partitions.partitions_of(TABLE)}
    february = found[f"{TABLE}_y{year}m02"]
    assert february.until - february.since == timedelta(days=days)


def test_months_turn_at_midnight_utc_and_not_in_the_zone_of_the_connection():
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local time zone 'Pacific/Kiritimati'")
        partitions.ensure_ahead(table=TABLE, at=datetime(2034, 6, 30, 23, 0, tzinfo=UTC), months=0)
        cursor.execute(
            "select name, extract(epoch from since)::bigint from partitions.list(%s) "
            "where name like '%%y2034%%'",
            [TABLE],
        )
        since = {name[-8:]: datetime.fromtimestamp(seconds, tz=UTC) for name, seconds in cursor.fetchall()}
    assert since == {
        "y2034m04": datetime(2034, 4, 1, tzinfo=UTC),
        "y2034m05": datetime(2034, 5, 1, tzinfo=UTC),
        "y2034m06": datetime(2034, 6, 1, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2031, 3, 1, tzinfo=UTC), "y2031m03"),
        (datetime(2031, 3, 31, 23, 59, 59, 999_000, tzinfo=UTC), "y2031m03"),
        (datetime(2031, 4, 1, tzinfo=UTC), "y2031m04"),
    ],
)
def test_a_row_falls_into_the_month_of_its_key(moment, month):
    with acting_as_service():
        partitions.ensure_ahead(table=TABLE, at=datetime(2031, 3, 15, tzinfo=UTC), months=1)
        key = ids.uuid7_at(moment)
        AuditEvent.objects.bulk_create([AuditEvent(id=key, action="test", actor_role="service_role")])
        with connection.cursor() as cursor:
            cursor.execute("select tableoid::regclass::text from accounts_auditevent where id = %s", [key])
            assert cursor.fetchone()[0].endswith(month)


def test_a_new_month_is_as_guarded_as_its_table():
    with acting_as_service():
        partitions.ensure_ahead(table=TABLE, at=datetime(2031, 5, 17, tzinfo=UTC), months=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "select relrowsecurity, relforcerowsecurity, "
                "(select count(*) from pg_trigger where tgrelid = pg_class.oid and not tgisinternal) "
                "from pg_class where relname = %s",
                [f"{TABLE}_y2031m05"],
            )
            assert cursor.fetchone() == (True, True, 2)


def test_every_month_of_every_table_has_the_triggers_of_its_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.inhrelid::regclass::text, t.tgname from pg_inherits i "
            "join pg_partitioned_table p on p.partrelid = i.inhparent "
            "join pg_trigger t on t.tgrelid = i.inhparent and not t.tgisinternal "
            "where not exists (select from pg_trigger c where c.tgrelid = i.inhrelid and c.tgname = t.tgname)"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("statement", ["select * from {}", "delete from {}", "drop table {}"])
def test_nobody_reaches_a_month_round_its_table(statement):
    month = f"{TABLE}_{datetime.now(UTC):y%Ym%m}"
    with pytest.raises(ProgrammingError), acting_as_service(), connection.cursor() as cursor:
        cursor.execute(statement.format(month))


def test_the_service_can_have_months_made_but_make_no_tables():
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        acting_as_service(),
        connection.cursor() as cursor,
    ):
        cursor.execute("create table public.mine (id int)")
    with pytest.raises(ProgrammingError), acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "create table public.accounts_auditevent_y2040m01 partition of accounts_auditevent default"
        )


def test_a_stranger_cannot_have_months_made():
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as_anon():
        partitions.ensure_ahead(table=TABLE, at=datetime(2031, 5, 17, tzinfo=UTC))


@pytest.mark.parametrize(
    "table", ["accounts_user", "no_such_table", "accounts_auditevent; drop table accounts_user"]
)
def test_only_a_table_kept_by_month_gets_months(table):
    with pytest.raises(Exception, match="not partitioned by month"), acting_as_service():
        partitions.ensure_ahead(table=table, at=datetime(2031, 5, 17, tzinfo=UTC))


@pytest.mark.parametrize("months", [-1, 121, 10**6])
def test_months_ahead_have_a_bound(months):
    with pytest.raises(Exception, match="0 to 120"), acting_as_service():
        partitions.ensure_ahead(table=TABLE, at=datetime(2031, 5, 17, tzinfo=UTC), months=months)


def test_the_daily_task_may_run_twice():
    make_partitions_ahead()
    make_partitions_ahead()
    with acting_as_service():
        assert f"{TABLE}_{datetime.now(UTC):y%Ym%m}" in names()


def test_the_list_is_in_order_and_without_gaps():
    with acting_as_service():
        found = partitions.partitions_of(TABLE)
    assert [p.since for p in found] == sorted(p.since for p in found)
    assert all(earlier.until == later.since for earlier, later in pairwise(found))
