"""What a channel asks for of the changes of tables, and which of them reach it."""

import json
import random
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import ANON, NOBODY, SERVICE, Actor, acting_as_service, bearer, organization, person
from realtime.changes import IDS, Binding, BindingRefused, Change, Key, bind, read
from realtime.services.outbox import COLUMNS, Placed

pytestmark = pytest.mark.django_db

TABLE = "accounts_notification"
SERVICES = Actor(SERVICE, {"role": SERVICE})


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ade", email="bola@alajo.test")


def asked(**request: Any) -> dict[str, Any]:
    return {"event": "*", "schema": "public", "table": TABLE, **request}


def reason(request: dict[str, Any], actor: Actor) -> str:
    with pytest.raises(BindingRefused) as refused:
        bind(request, actor=actor)
    return refused.value.message


def placed(
    *owners: UUID,
    kind: str = "INSERT",
    table: str = TABLE,
    record: Any = None,
    old: Any = None,
    payload: str | None = None,
) -> Placed:
    data = {"schema": "public", "table": table, "type": kind, "columns": [{"name": "id", "type": "uuid"}]}
    rows = {"record": record, "old_record": old}
    text = json.dumps({**data, **{name: row for name, row in rows.items() if row is not None}})
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return Placed(1, uuid4(), "", "postgres_changes", kind, payload or text, None, True, owners, at)


# What is granted


def test_the_reply_says_it_in_the_words_of_the_request_and_nothing_more(ada):
    for request in (
        {"event": "*", "schema": "public", "table": TABLE, "filter": "event=eq.deposit.settled"},
        {"event": "INSERT", "schema": "public", "table": TABLE},
        {"event": "DELETE", "schema": "public"},
        {"event": "*", "schema": "*", "filter": None},
    ):
        echo = dict(bind(request, actor=person(ada)).echo)
        assert 0 < echo.pop("id") < IDS
        assert echo == request


def test_the_same_request_has_the_same_number_and_another_has_another(ada, bola):
    requests = [asked(), asked(event="INSERT"), asked(filter="event=eq.a"), asked(select=["event"])]
    first = [bind(request, actor=person(ada)).id for request in requests]
    assert first == [bind(request, actor=person(bola)).id for request in requests]
    assert len(set(first)) == len(requests)


def test_a_person_has_a_key_of_his_own_and_the_service_one_for_all(ada):
    assert bind(asked(), actor=person(ada)).keys == (("public", TABLE, ada.pk),)
    everything = bind({"event": "*", "schema": "*"}, actor=person(ada)).keys
    assert ("public", TABLE, ada.pk) in everything
    assert {owner for _schema, _table, owner in everything} == {ada.pk}
    assert bind(asked(), actor=SERVICES).keys == (("public", TABLE, None),)


def test_claims_that_name_the_service_or_another_give_nothing_more(ada, bola):
    forged = {"sub": str(ada.pk), "role": "service_role", "user_id": str(bola.pk), "org_id": str(uuid4())}
    assert bind(asked(), actor=bearer(forged)).keys == (("public", TABLE, ada.pk),)
    for request in (asked(owner=str(bola.pk)), asked(filter=f"user_id=eq.{bola.pk}"), asked(keys=[None])):
        assert bind(request, actor=person(ada)).keys == (("public", TABLE, ada.pk),)


def test_who_is_no_person_is_refused():
    program = organization(organization_id=uuid4(), key_id=uuid4(), mode="LIVE")
    for actor in (Actor(ANON, {"role": ANON}), NOBODY, program, Actor(ANON, {"sub": str(uuid4())})):
        assert "signed in" in reason(asked(), actor)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked(table="accounts_user"), "Changes of public.accounts_user are not published."),
        (asked(table="pg_authid", schema="pg_catalog"), "Changes of pg_catalog.pg_authid are not"),
        (asked(table=f'{TABLE}"; drop table x; --'), "are not published."),
        (asked(table=TABLE.upper()), "are not published."),
        (asked(event="TRUNCATE"), "knows the events"),
        (asked(event="insert"), "knows the events"),
        (asked(event=5), "'event' of postgres_changes must be a text."),
        (asked(table=[TABLE]), "'table' of postgres_changes must be a text."),
        (asked(filter={"event": 1}), "'filter' of postgres_changes must be a text."),
        (asked(filter="secret=eq.1"), "There is no column 'secret'"),
        (asked(filter="event"), "'='"),
        (asked(filter="created_at=gt.tomorrow"), "'tomorrow' is no value for column 'created_at'"),
        (asked(select="event"), "must be a list of columns"),
        (asked(select=[5]), "must be a list of columns"),
        (asked(select=["secret"]), "There is no column 'secret' to select."),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_reason(ada, request_, words):
    assert words in reason(request_, person(ada))


# What reaches it


def test_event_table_owner_and_filter_must_all_be_right(ada, bola):
    row = {"id": str(uuid4()), "event": "deposit.settled", "read_at": None}
    change = read(placed(ada.pk, record=row))
    assert bind(asked(), actor=person(ada)).matches(change)
    assert bind(asked(event="INSERT"), actor=person(ada)).matches(change)
    assert bind(asked(filter="event=like.deposit.%,read_at=is.null"), actor=person(ada)).matches(change)
    assert bind(asked(), actor=SERVICES).matches(change)
    assert not bind(asked(event="UPDATE"), actor=person(ada)).matches(change)
    assert not bind(asked(filter="event=eq.other"), actor=person(ada)).matches(change)
    assert not bind(asked(filter="event=eq.other"), actor=SERVICES).matches(change)
    assert not bind(asked(), actor=person(bola)).matches(change)
    assert not bind(asked(), actor=person(ada)).matches(read(placed(ada.pk, table="other", record=row)))
    assert not bind(asked(), actor=person(ada)).matches(read(placed(record=row)))


def test_a_change_is_filtered_by_what_the_row_is_and_a_removal_by_what_it_was(ada):
    binding = bind(asked(filter="event=eq.new"), actor=person(ada))
    was, now = {"event": "old"}, {"event": "new"}
    assert binding.matches(read(placed(ada.pk, kind="UPDATE", record=now, old=was)))
    assert not binding.matches(read(placed(ada.pk, kind="UPDATE", record=was, old=now)))
    assert binding.matches(read(placed(ada.pk, kind="DELETE", old=now)))
    assert not binding.matches(read(placed(ada.pk, kind="DELETE", old=was)))


def test_a_selection_is_of_the_columns_and_the_key_and_loses_no_digit(ada):
    binding = bind(asked(select=["data"]), actor=person(ada))
    assert binding.select == ("id", "data")
    number = "0.12345678901234567890123456789"
    text = (
        f'{{"type": "UPDATE", "table": "{TABLE}", "errors": null, "record": {{"id": "1", '
        f'"data": [{number}, {{"a": "}}"}}], '
        '"event": "x"}, "schema": "public", "columns": [{"name": "id", "type": "uuid"}, {"name": "event", '
        '"type": "varchar"}], "old_record": {"id": "1", "event": "\\u00e4\\""}}'
    )
    change = read(placed(ada.pk, kind="UPDATE", payload=text))
    sent = json.loads(binding.data(change), parse_float=Decimal)
    assert sent.pop("record") == {"id": "1", "data": [Decimal(number), {"a": "}"}]}
    assert sent.pop("old_record") == {"id": "1"}
    assert sent.pop("columns") == [{"name": "id", "type": "uuid"}]
    assert sent == {"type": "UPDATE", "table": TABLE, "schema": "public", "errors": None}
    assert binding.data(change) is binding.data(change)
    assert bind(asked(), actor=person(ada)).data(change) == text


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"schema": 5}',
        '{{"schema": "public", "table": "{}", "record": {}}}'.format(TABLE, "[" * 100_000 + "]" * 100_000),
    ],
)
def test_a_message_that_cannot_be_read_reaches_nobody_and_harms_nothing(ada, payload):
    change = read(placed(ada.pk, payload=payload or "x"))
    assert change.keys == () and not bind(asked(), actor=person(ada)).matches(change)
    assert not bind(asked(), actor=SERVICES).matches(change)


def test_a_number_of_a_million_digits_is_read(ada):
    text = '{{"schema": "public", "table": "{}", "record": {{"data": {}}}}}'.format(TABLE, "9" * 1_000_000)
    assert bind(asked(), actor=person(ada)).matches(read(placed(ada.pk, payload=text)))


# From the row to the reader


class Index:
    """The bindings of everybody, found by their keys, as a process of sockets holds them."""

    def __init__(self) -> None:
        self.bindings: dict[Key, list[tuple[str, Binding]]] = defaultdict(list)

    def add(self, reader: str, binding: Binding) -> None:
        for key in binding.keys:
            self.bindings[key].append((reader, binding))

    def readers(self, change: Change) -> set[str]:
        candidates = [pair for key in change.keys for pair in self.bindings[key]]
        return {reader for reader, binding in candidates if binding.matches(change)}


def write(first: int, last: int, ada: User, bola: User) -> None:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "insert into accounts_notification (id, user_id, event, data, created_at) "
            "select uuidv7(), case n %% 2 when 0 then %s else %s end::uuid, 'e' || n %% 7, to_jsonb(n), now() "
            "from generate_series(%s, %s) n",
            [ada.pk, bola.pk, first, last],
        )


def everything() -> list[Placed]:
    """Every change, unnumbered: the test's own transaction has written them."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            f"select 1::bigint, {COLUMNS.replace('payload, b', 'payload::text, b')} from realtime_message "
            "where extension = 'postgres_changes' order by id"
        )
        return [Placed(*row[:8], tuple(row[8]), row[9]) for row in cursor.fetchall()]


def test_of_ten_thousand_changes_of_two_people_not_one_reaches_the_other(ada, bola):
    write(1, 4_000, ada, bola)
    with acting_as_service():
        Notification.objects.filter(event__in=["e1", "e2", "e3"]).update(event="seen")
        for user, other in ((ada, bola), (bola, ada)):
            moved = list(Notification.objects.filter(user=user).order_by("id")[:500])
            Notification.objects.filter(pk__in=[row.pk for row in moved]).update(user=other)
        Notification.objects.all().delete()
    messages = everything()
    assert len(messages) > 10_000
    index = Index()
    for reader, user in (("ada", ada), ("bola", bola)):
        index.add(reader, bind(asked(), actor=person(user)))
        index.add(f"{reader} seen", bind(asked(event="UPDATE", filter="event=eq.seen"), actor=person(user)))
        index.add(f"{reader} spies", bind(asked(filter=f"user_id=neq.{user.pk}"), actor=person(user)))
    index.add("service", bind(asked(), actor=SERVICES))
    names = {str(ada.pk): "ada", str(bola.pk): "bola"}
    random.shuffle(messages)
    reached: dict[str, int] = defaultdict(int)
    for message in messages:
        change = read(Placed.unpacked(message.packed()))
        owners = {names[change.row["user_id"]]}
        if change.kind == "UPDATE":
            owners.add(names[change.old_record["user_id"]])
        assert len(owners) == 1
        [owner] = owners
        seen = {f"{owner} seen"} if change.kind == "UPDATE" else set()
        assert index.readers(change) == {owner, "service", *seen}
        reached[owner] += 1
    assert reached["ada"] > 4_000 and reached["bola"] > 4_000
