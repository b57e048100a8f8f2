"""Changes of a declared table: which rows of the outbox they leave, and who can write such rows."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime

import psycopg
import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.embedded import Postgres
from core.rls import Policy, Protect
from realtime.declaring import Declare
from realtime.models import DeclaredTable, Message

pytestmark = pytest.mark.django_db

TABLE = "accounts_notification"
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ade", email="bola@alajo.test")


def run(statement: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def as_json(moment: datetime) -> str:
    """A moment in UTC as PostgreSQL writes it: its fraction ends with no zeros."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + "+00:00"


def refusal(statement: str, *params: object) -> type[BaseException] | None:
    try:
        with transaction.atomic():
            run(statement, *params)
    except Error as error:
        return type(error.__cause__)
    return None


def told() -> list[tuple[str, list, dict]]:
    """Event, owners and payload of each change there is, in the order in which they were written."""
    with acting_as_service():
        messages = Message.objects.filter(extension="postgres_changes").order_by("id")
        return [(message.event, message.owners, message.payload) for message in messages]


def notice(user: User, **fields: object) -> Notification:
    with acting_as_service():
        return Notification.objects.create(
            user=user, event="deposit.settled", **{"data": {"amount": 5}, **fields}
        )


# What is told


def test_a_new_row_is_told_to_its_owner_with_the_columns_he_may_read(ada):
    row = notice(ada)
    [(event, owners, change)] = told()
    assert (event, owners) == ("INSERT", [ada.pk])
    assert change.pop("commit_timestamp")[-1] == "Z"
    columns = [(column["name"], column["type"]) for column in change.pop("columns")]
    assert sorted(columns) == [
        ("created_at", "timestamptz"),
        ("data", "jsonb"),
        ("event", "varchar"),
        ("id", "uuid"),
        ("read_at", "timestamptz"),
        ("user_id", "uuid"),
    ]
    record = change.pop("record")
    assert change == {"schema": "public", "table": TABLE, "type": "INSERT", "errors": None}
    assert record == {
        "id": str(row.pk),
        "event": "deposit.settled",
        "data": {"amount": 5},
        "created_at": as_json(row.created_at),
        "read_at": None,
        "user_id": str(ada.pk),
    }


def test_a_change_says_what_the_row_was_and_is_and_a_removal_what_it_was(ada):
    row = notice(ada)
    with acting_as_service():
        Notification.objects.filter(pk=row.pk).update(event="deposit.failed")
        Notification.objects.filter(pk=row.pk).delete()
    _made, changed, removed = told()
    assert (changed[0], changed[1], changed[2]["type"]) == ("UPDATE", [ada.pk], "UPDATE")
    assert changed[2]["old_record"]["event"] == "deposit.settled"
    assert changed[2]["record"]["event"] == "deposit.failed"
    assert (removed[0], removed[1]) == ("DELETE", [ada.pk])
    assert removed[2]["old_record"]["event"] == "deposit.failed" and "record" not in removed[2]


def test_a_row_that_goes_to_another_is_gone_for_the_one_and_new_for_the_other(ada, bola):
    row = notice(ada)
    with acting_as_service():
        Notification.objects.filter(pk=row.pk).update(user=bola, data={"amount": 6})
    _made, gone, new = told()
    assert (gone[0], gone[1], new[0], new[1]) == ("DELETE", [ada.pk], "INSERT", [bola.pk])
    assert gone[2]["old_record"]["data"] == {"amount": 5} and str(bola.pk) not in str(gone)
    assert new[2]["record"]["data"] == {"amount": 6} and str(ada.pk) not in str(new)


def test_what_changes_nothing_is_not_told(ada):
    row = notice(ada)
    with acting_as_service():
        Notification.objects.filter(pk=row.pk).update(event="deposit.settled")
    assert len(told()) == 1


def test_a_person_who_marks_a_notice_read_is_told_on_every_device(ada):
    row = notice(ada)
    with acting_as(ada):
        assert Notification.objects.visible_to(ada).update(read_at=timezone.now()) == 1
    event, owners, change = told()[-1]
    assert (event, owners, change["record"]["id"]) == ("UPDATE", [ada.pk], str(row.pk))
    assert change["old_record"]["read_at"] is None and change["record"]["read_at"]


def test_raw_sql_and_many_rows_at_once_are_told_row_by_row_in_their_order(ada, bola):
    with acting_as_service():
        run(
            "insert into accounts_notification (id, user_id, event, data, created_at) "
            "select uuidv7(), case n %% 2 when 0 then %s else %s end::uuid, 'n', to_jsonb(n), now() "
            "from generate_series(1, 100) n",
            ada.pk,
            bola.pk,
        )
    found = [(owners, change["record"]["data"]) for _event, owners, change in told()]
    assert found == [([(bola, ada)[number % 2 == 0].pk], number) for number in range(1, 101)]


def test_what_is_rolled_back_is_never_told(ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notice(ada)
        raise ZeroDivisionError
    assert told() == []


def test_the_time_zone_of_a_session_changes_nothing(ada):
    with acting_as_service():
        run("select set_config('timezone', 'Africa/Lagos', true)")
    row = notice(ada)
    [(_event, _owners, change)] = told()
    assert change["record"]["created_at"] == as_json(row.created_at)
    assert change["commit_timestamp"][:13] == timezone.now().isoformat()[:13]


def test_a_change_of_over_a_megabyte_loses_its_long_values(ada):
    notice(ada, data={"story": "y" * 2_000_000})
    [(_event, _owners, change)] = told()
    assert change["errors"] == ["Error 413: Payload Too Large"]
    assert "data" not in change["record"] and change["record"]["event"] == "deposit.settled"
    with acting_as_service():
        Notification.objects.update(read_at=timezone.now())
        Notification.objects.all().delete()
    for _event, owners, change in told()[1:]:
        assert owners == [ada.pk] and change["errors"] == ["Error 413: Payload Too Large"]
        assert "data" not in change["old_record"] and change["old_record"]["event"] == "deposit.settled"


def test_a_change_of_just_under_a_megabyte_is_told_whole(ada):
    notice(ada, data={"story": "y" * 1_040_000})
    [(_event, _owners, change)] = told()
    assert change["errors"] is None and len(change["record"]["data"]["story"]) == 1_040_000


# Who may write it


def blocks(ada: User) -> list[AbstractContextManager]:
    return [acting_as(ada), acting_as_anon()]


FORGED = [
    "insert into realtime_message (topic, extension, event, payload, owners) "
    "values ('', 'postgres_changes', 'INSERT', '{{}}', array['{bola}'::uuid])",
    "insert into realtime_message (topic, extension, event, payload, owners) "
    "values ('user:{ada}', 'postgres_changes', 'INSERT', '{{}}', array['{ada}'::uuid])",
    "insert into realtime_message (topic, extension, event, payload) "
    "values ('user:{ada}', 'event', 'transfer.received', '{{}}')",
    "insert into realtime.messages (topic, extension, event, payload) "
    "values ('user:{ada}', 'postgres_changes', 'INSERT', '{{}}')",
    "update realtime_message set owners = array['{bola}'::uuid]",
    "delete from realtime_message",
    "select realtime.declare_table('accounts_user', 'id', null, null, true)",
    "select realtime.withdraw_table('accounts_notification')",
    "select realtime.change(null, 'INSERT', '{{}}', null, now())",
    "insert into realtime_declared (schema, \"table\", owner, names, columns, key) values ('public', 'x', 'y', '{{}}', "
    "'[]', '{{}}')",
    "update realtime_declared set owner = 'id'",
    "select * from realtime_declared",
    "create trigger mine after insert on accounts_notification for each row execute function realtime.tell_change()",
    "alter table accounts_notification disable trigger tell_change",
    "drop trigger tell_change on accounts_notification",
]


@pytest.mark.parametrize("statement", FORGED)
def test_nobody_forges_a_change(ada, bola, statement):
    notice(ada)
    before = told()
    for block in blocks(ada):
        with block:
            assert refusal(statement.format(ada=ada.pk, bola=bola.pk)) is DENIED
    assert told() == before


def test_the_trigger_is_called_by_nobody(ada):
    for block in (*blocks(ada), acting_as_service()):
        with block:
            assert refusal("select realtime.tell_change()") in (
                DENIED,
                psycopg.errors.FeatureNotSupported,
            )


def test_a_change_is_read_by_nobody_in_sql_though_it_is_ones_own(ada):
    notice(ada)
    with acting_as(ada):
        assert run("select * from realtime_message where extension = 'postgres_changes'") == []
        assert run("select * from realtime.messages") == []


def test_even_the_service_does_not_declare_a_table():
    with acting_as_service():
        assert refusal("select realtime.declare_table('accounts_user', 'id', null, null, true)") is DENIED
        assert refusal("update realtime_declared set owner = 'id'") is DENIED


# Declaring


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """The owner of the schema, in a transaction of which nothing stays, with a table that may be declared."""
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name)) as database:
        database.execute(
            "create table shop_order (id int primary key, owner_id uuid, buyer int, secret text, state text)"
        )
        mine = Policy("own", "SELECT", using="owner_id = (select auth.uid())")
        protect = Protect(
            "shop_order", policies=[mine], authenticated="SELECT (id, owner_id, state), INSERT (id)"
        )
        database.execute(protect.sql)
        yield database
        database.rollback()


def declare(database: psycopg.Connection, **arguments: object) -> None:
    for statement, params in Declare("shop_order", **arguments).sql:
        database.execute(statement, params)


def withdraw(database: psycopg.Connection) -> None:
    for statement, params in Declare("shop_order", owner="owner_id").reverse_sql:
        database.execute(statement, params)


def changes(database: psycopg.Connection) -> list[tuple]:
    return database.execute(
        "select event, owners, payload->'old_record', payload->'record' from realtime_message order by id"
    ).fetchall()


def test_columns_that_people_may_not_select_are_never_published(owner):
    declare(owner, owner="owner_id")
    owner.execute("insert into shop_order values (1, uuidv7(), 7, 'hush', 'NEW')")
    owner.execute("update shop_order set secret = 'tiptoe', buyer = 8")
    [(_event, _owners, _old, record)] = changes(owner)
    assert sorted(record) == ["id", "owner_id", "state"]


def test_a_column_that_comes_later_is_not_published_until_it_is_declared(owner):
    declare(owner, owner="owner_id")
    owner.execute("alter table shop_order add column note text default 'n'")
    owner.execute("grant select (note) on shop_order to authenticated")
    owner.execute("insert into shop_order (id) values (1)")
    declare(owner, owner="owner_id")
    owner.execute("insert into shop_order (id) values (2)")
    assert ["note" in record for _event, _owners, _old, record in changes(owner)] == [False, True]


def test_a_row_without_an_owner_is_told_to_no_person(owner):
    declare(owner, owner="owner_id", columns=["id", "state"])
    owner.execute("insert into shop_order (id) values (1)")
    owner.execute("update shop_order set owner_id = '01890000-0000-7000-8000-000000000001'")
    owner.execute("update shop_order set owner_id = null")
    found = [(event, [str(key) for key in owners]) for event, owners, _old, _record in changes(owner)]
    ada = "01890000-0000-7000-8000-000000000001"
    assert found == [
        ("INSERT", []),
        ("DELETE", []),
        ("INSERT", [ada]),
        ("DELETE", [ada]),
        ("INSERT", []),
    ]


def test_an_order_of_partitions_is_told_under_the_name_of_the_whole(owner):
    owner.execute("create table shop_part (id uuid primary key, owner_id uuid) partition by range (id)")
    owner.execute("create table shop_part_all partition of shop_part default")
    owner.execute("grant select on shop_part to authenticated")
    for statement, params in Declare("shop_part", owner="owner_id").sql:
        owner.execute(statement, params)
    owner.execute("insert into shop_part values (uuidv7(), uuidv7())")
    assert owner.execute("select payload->>'table' from realtime_message").fetchall() == [("shop_part",)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"owner": "buyer"},
        {"owner": "nobody"},
        {"owner": "owner_id", "columns": ["id", "secret"]},
        {"owner": "owner_id", "columns": ["id", "nothing"]},
        {"owner": "owner_id", "columns": ["state"]},
        {"owner": "owner_id", "key": ["buyer"]},
    ],
)
def test_a_table_is_not_declared_in_a_way_that_cannot_be_right(owner, arguments):
    with pytest.raises(psycopg.errors.RaiseException):
        declare(owner, **arguments)


def test_a_table_may_be_declared_without_a_trigger_and_told_of_in_bulk(owner):
    declare(owner, owner="owner_id", trigger=False)
    owner.execute("insert into shop_order select n, uuidv7(), n, 'hush', 'NEW' from generate_series(1, 3) n")
    assert changes(owner) == []
    owner.execute(
        "insert into realtime_message (topic, extension, event, payload, owners) "
        "select '', 'postgres_changes', 'INSERT', realtime.change(d, 'INSERT', to_jsonb(t), null, now()), "
        "array[t.owner_id] from shop_order t, realtime_declared d "
        "where d.schema = 'public' and d.table = 'shop_order' order by t.id"
    )
    found = changes(owner)
    assert [(event, record["id"], sorted(record)) for event, _owners, _old, record in found] == [
        ("INSERT", number, ["id", "owner_id", "state"]) for number in (1, 2, 3)
    ]


def test_what_was_declared_can_be_withdrawn(owner):
    declare(owner, owner="owner_id")
    withdraw(owner)
    owner.execute("insert into shop_order (id) values (1)")
    assert changes(owner) == []
    assert not owner.execute("select from realtime_declared where \"table\" = 'shop_order'").fetchall()


def test_a_migration_can_write_a_declaration_down_again():
    operation = Declare("shop_order", owner="owner_id", columns=["id"], trigger=False)
    name, args, kwargs = operation.deconstruct()
    assert (name, Declare(*args, **kwargs).sql) == ("Declare", operation.sql)


# The tables there are


def test_of_every_declared_table_people_may_select_what_is_published():
    with acting_as_service():
        declared = list(DeclaredTable.objects.all())
    assert TABLE in {table.table for table in declared}
    for table in declared:
        assert [column["name"] for column in table.columns] == table.names
        for name in table.names:
            assert run(
                "select has_column_privilege('authenticated', %s::regclass, %s, 'select')",
                f"{table.schema}.{table.table}",
                name,
            ) == [(True,)], name
