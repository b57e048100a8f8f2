"""Nothing that runs can change the audit trail or what guards it, and people see what is theirs of it."""

from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.embedded import Postgres
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")

TRAIL = "accounts_auditevent"
GUARDED = (TRAIL, "accounts_userhistory")
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidTableDefinition,
)
DISARM = [
    "alter table {} disable trigger all",
    "alter table {} disable trigger append_only",
    "drop trigger append_only on {}",
    "alter table {} disable row level security",
    "alter table {} no force row level security",
    "alter table {} owner to service_role",
    "create policy mine on {} to authenticated using (true)",
    "drop policy service on {}",
    "alter table {} rename to other",
    "alter table {} add column extra text",
    "drop table {} cascade",
    "truncate {} cascade",
    "lock table {} in access exclusive mode",
    "create rule nothing as on insert to {} do instead nothing",
    "create trigger t before insert on {} for each row execute function core.append_only()",
]


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


def attempt(statement: str) -> type[BaseException] | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except Error as error:
        return type(error.__cause__)
    return None


@pytest.mark.parametrize("statement", DISARM)
@pytest.mark.parametrize("table", GUARDED)
def test_no_acting_role_and_not_the_login_role_disarms_it(ada, table, statement):
    for block in (acting_as_service(), acting_as(ada), acting_as_anon()):
        with block:
            assert attempt(statement.format(table)) in REFUSED
    assert attempt(statement.format(table)) in REFUSED


@pytest.mark.parametrize(
    "statement",
    [
        "set session_replication_role = replica",
        "set role alajo_owner",
        "create or replace function core.append_only() returns trigger language plpgsql as 'begin return null; end'",
        "alter function core.append_only() rename to other",
        "alter table accounts_auditevent detach partition {month}",
    ],
)
def test_nobody_steps_round_the_guard(ada, statement):
    statement = statement.format(month=TRAIL + timezone.now().strftime("_y%Ym%m"))
    for block in (acting_as_service(), acting_as(ada)):
        with block:
            assert attempt(statement) in REFUSED
    assert attempt(statement) in REFUSED


@pytest.mark.parametrize(
    "statement",
    [
        "update {} set action = 'x'",
        "delete from {}",
        "truncate {}",
        "insert into {} default values",
        "select * from {}",
    ],
)
def test_a_month_of_the_trail_is_closed_to_every_acting_role(ada, statement):
    month = TRAIL + timezone.now().strftime("_y%Ym%m")
    for block in (acting_as_service(), acting_as(ada), acting_as_anon()):
        with block:
            assert attempt(statement.format(month)) is psycopg.errors.InsufficientPrivilege


@pytest.mark.parametrize("role", ["alajo_owner", "postgres"])
def test_a_new_month_is_guarded_from_its_first_day(ada, role):
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select partitions.ensure('accounts_auditevent', now(), 6)")
    month = TRAIL + (timezone.now() + timedelta(days=150)).strftime("_y%Ym%m")
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role=role, dbname=name), autocommit=True
    ) as database:
        with pytest.raises(psycopg.Error) as refusal:
            database.execute(f"truncate {month}")
        assert refusal.value.sqlstate == "ALJ02"
        triggers = database.execute(
            "select array_agg(tgname::text order by tgname) from pg_trigger "
            "where tgrelid = %s::regclass and not tgenabled = 'D'",
            [month],
        )
        assert triggers.fetchone()[0] == ["append_only", "no_truncate"]


def seen_by(user: User) -> set[str]:
    with acting_as(user):
        return set(AuditEvent.objects.values_list("action", flat=True))


def test_one_sees_what_one_did_and_what_a_stranger_tried_on_one_and_nothing_of_staff(ada):
    bola, staff = make_person(), make_person(role="AGENT")
    with acting_as_service():
        audit.record(action="test.did", actor_id=ada.pk)
        audit.record(action="test.tried_on_ada", target=ada)
        audit.record(action="test.staff_looked", target=ada, actor_id=staff.pk)
        audit.record(action="test.of_bola", target=bola)
        audit.record(action="test.of_nobody")
    assert {name for name in seen_by(ada) if name.startswith("test.")} == {"test.did", "test.tried_on_ada"}
    assert {name for name in seen_by(bola) if name.startswith("test.")} == {"test.of_bola"}
    with acting_as_anon():
        assert attempt("select * from accounts_auditevent") is psycopg.errors.InsufficientPrivilege


def test_a_refused_sign_in_is_seen_by_whom_it_was_tried_on(ada):
    Client().post("/accounts/login/", {"login": ada.email, "password": "not this one"})
    assert "accounts.sign_in.refused" in seen_by(ada)


def test_ones_own_events_are_found_by_index_among_many(ada):
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "insert into accounts_auditevent (id, action, actor_id, actor_role, target_type, target_id, data, "
            "user_agent, request_id, recorded_at) select uuidv7(), 'x', gen_random_uuid(), '', 'accounts.user', "
            "gen_random_uuid()::text, '{}', '', '', now() from generate_series(1, 20000)"
        )
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name), autocommit=True
    ) as database:
        database.execute("analyze accounts_auditevent")
    with acting_as(ada), connection.cursor() as cursor:
        cursor.execute("explain select * from accounts_auditevent")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    month = timezone.now().strftime("_y%Ym%m")
    assert f"Seq Scan on {TRAIL}{month}" not in plan, plan


FORGED = (
    "insert into accounts_auditevent (id, action, actor_id, actor_role, target_type, target_id, data, user_agent, "
    "request_id, recorded_at) values ({id}, 'forged', {actor}, {role}, '', '', '{{}}', '', '', {at})"
)
HONEST = {"id": "uuidv7()", "actor": "auth.uid()", "role": "'authenticated'", "at": "now()"}
WRONG = [
    {"actor": "gen_random_uuid()"},
    {"actor": "null"},
    {"role": "'service_role'"},
    {"role": "''"},
    {"at": "now() - interval '6 minutes'"},
    {"at": "'-infinity'"},
    {"id": "uuidv7(interval '-20 days')"},
    {"id": "gen_random_uuid()"},
]


def test_a_persons_own_deed_can_be_written(ada):
    with acting_as(ada):
        assert attempt(FORGED.format(**HONEST)) is None


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_nobody_writes_a_deed_of_another_person_or_role_or_back_in_time(ada, wrong):
    statement = FORGED.format(**{**HONEST, **wrong})
    with acting_as(ada):
        assert attempt(statement) in (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
    with acting_as_anon():
        assert attempt(statement) is psycopg.errors.InsufficientPrivilege
    assert attempt(statement) is psycopg.errors.InsufficientPrivilege


@pytest.mark.parametrize(
    "statement",
    [
        "insert into {} (id) values (uuidv7()) on conflict do nothing",
        "insert into {} select * from {} on conflict (id) do update set action = 'x'",
        "merge into {} t using (select 1) s on true when matched then delete",
        "with gone as (delete from {} returning *) select * from gone",
        "select * from {} for update",
        "copy {} from program 'true'",
        "copy (delete from {} returning *) to stdout",
        "update only {} set recorded_at = now()",
        "alter table {} alter column recorded_at drop not null",
        "cluster {} using accounts_auditevent_pkey",
        "comment on table {} is 'x'",
    ],
)
def test_no_other_statement_reaches_what_is_written(ada, statement):
    table = statement.replace("{}", TRAIL)
    count = "select count(*) from accounts_auditevent where action = 'accounts.user.registered'"
    for block in (acting_as_service(), acting_as(ada), acting_as_anon()):
        with block:
            assert attempt(table) is not None, statement
    assert attempt(table) is not None
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(count)
        assert cursor.fetchone() == (1,)


def test_nothing_is_copied_in(ada):
    statement = f"copy {TRAIL} (id, action) from stdin"
    for block in (acting_as_service(), acting_as(ada), acting_as_anon()):
        with (
            block,
            connection.cursor() as cursor,
            pytest.raises(psycopg.Error) as refusal,
            transaction.atomic(),
            cursor.copy(statement) as copy,
        ):
            copy.write_row([uuid7(), "forged"])
        assert refusal.type in (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.FeatureNotSupported,
        )
