"""Each question of catalogue.py finds what it is asked for: tables that are wrong on purpose, and rolled back."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

from core.embedded import Postgres
from core.rls import Policy, Protect
from core.tests import catalogue

pytestmark = pytest.mark.django_db

TABLE = "create table scratch (id uuid primary key, user_id uuid, organization_id uuid, kind text)"
INDEXES = "create index on scratch (user_id); create index on scratch (organization_id)"
OFF = "alter table scratch disable row level security"


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """The owner of the schema, in a transaction that is rolled back."""
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name)) as database:
        yield database
        database.rollback()


def protect(using: str, *, role: str = "authenticated", command: str = "SELECT") -> str:
    return str(Protect("scratch", policies=[Policy("own", command, using=using, role=role)]).sql)


def ask(owner: psycopg.Connection, question, *statements: str) -> set[str]:
    for statement in statements:
        owner.execute(statement)
    return question(lambda query: owner.execute(query).fetchall())


@pytest.mark.parametrize(
    "using",
    [
        "user_id = (select auth.uid())",
        "user_id::text = (select auth.jwt() ->> 'sub')",
        "organization_id = any (array (select auth.organizations()))",
        "organization_id = any (array (select auth.organizations(array['OWNER'])))",
    ],
)
def test_a_table_as_it_should_be_is_let_pass(owner, using):
    for statement in (TABLE, INDEXES, "create index on scratch ((user_id::text))", protect(using)):
        owner.execute(statement)
    for question in catalogue.CHECKS:
        assert ask(owner, question) == set(), question.__name__


@pytest.mark.parametrize(
    "break_it",
    [
        "select 1",
        "alter table scratch enable row level security",
        f"{protect('user_id = (select auth.uid())')} {OFF}",
        "create table part (id uuid primary key) partition by range (id); "
        "alter table part enable row level security, force row level security; "
        "create table scratch_p partition of part default",
    ],
)
def test_row_security_that_is_off(owner, break_it):
    assert ask(owner, catalogue.without_row_security, TABLE, break_it) & {"scratch", "scratch_p"}


def test_no_policy(owner):
    on = "alter table scratch enable row level security, force row level security"
    assert ask(owner, catalogue.without_policy, TABLE, on) == {"scratch"}


def test_a_partition_that_is_granted(owner):
    month = "(select relname from pg_class where relname like 'accounts_auditevent_y%' order by 1 limit 1)"
    name = owner.execute(month).fetchone()[0]
    grant = f"grant select on {name} to authenticated"
    assert ask(owner, catalogue.partitions_granted, grant) == {name}


def test_a_policy_for_everybody(owner):
    wrong = protect("user_id = (select auth.uid())", role="public")
    assert ask(owner, catalogue.policies_without_role, TABLE, wrong) == {"scratch.own"}


@pytest.mark.parametrize(
    "using",
    [
        "user_id = auth.uid()",
        "(auth.jwt() ->> 'sub')::uuid = user_id",
        "user_id = (select auth.uid()) or user_id = auth.uid()",
        "exists (select from accounts_membership m where m.user_id = auth.uid())",
        "user_id = (select m.user_id from accounts_membership m where m.user_id = auth.uid() limit 1)",
        "organization_id in (select auth.organizations())",
        "organization_id = (select auth.organizations() limit 1)",
        "user_id = any (wallet.own_accounts())",
    ],
)
def test_a_call_for_each_row(owner, using):
    assert ask(owner, catalogue.asked_for_each_row, TABLE, protect(using)) == {"scratch.own"}


def test_a_call_for_each_row_in_what_may_be_written(owner):
    policy = Policy("own", "INSERT", check="user_id = auth.uid()")
    wrong = str(Protect("scratch", policies=[policy]).sql)
    assert ask(owner, catalogue.asked_for_each_row, TABLE, wrong) == {"scratch.own"}


@pytest.mark.parametrize(
    "index",
    [
        "select 1",
        "create index on scratch (kind, user_id)",
        "create index on scratch (user_id) where kind = 'x'",
        "create index on scratch (organization_id)",
    ],
)
def test_a_column_that_no_index_finds(owner, index):
    wrong = protect("user_id = (select auth.uid())")
    assert ask(owner, catalogue.unindexed, TABLE, index, wrong) == {"scratch.user_id"}


def test_an_index_whose_first_columns_the_policy_names_too_will_do(owner):
    two = protect("kind = 'x' and user_id = (select auth.uid())")
    index = "create index on scratch (kind, user_id)"
    assert ask(owner, catalogue.unindexed, TABLE, index, two) == set()


@pytest.mark.parametrize(
    "view",
    [
        "create view scratch_view as select * from accounts_user",
        "create view scratch_view with (security_invoker = false) as select * from accounts_user",
        "create materialized view scratch_view as select * from accounts_user",
    ],
)
def test_a_view_that_sees_more_than_who_asks(owner, view):
    assert ask(owner, catalogue.views_past_row_security, view) == {"scratch_view"}


def test_a_view_with_the_eyes_of_who_asks_is_let_pass(owner):
    view = "create view scratch_view with (security_invoker = true) as select * from accounts_user"
    assert ask(owner, catalogue.views_past_row_security, view) == set()
