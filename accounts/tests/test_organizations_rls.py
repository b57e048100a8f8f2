"""Organisations by raw SQL: whoever does not belong sees nothing, and nobody but the service writes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from accounts.models import ApiKey
from accounts.services import invitations, organizations
from accounts.tests.factories import make_person
from accounts.tests.organizations import ADMIN, MEMBER, NOW, join, key_of, make_organization
from accounts.tests.test_row_security import attempt
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.embedded import Postgres

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("accounts_organization", "accounts_membership", "accounts_invitation", "accounts_apikey")
BELONGING = ("accounts_organization", "accounts_membership")
MANAGING = ("accounts_invitation", "accounts_apikey")


class World:
    """Two organisations with a member, an invitation and a key each."""

    def __init__(self) -> None:
        self.bola, self.ada = make_person(name="Bola Adeyemi"), make_person(name="Ada Obi")
        self.efe, self.chidi = make_person(name="Efe Okoro"), make_person(name="Chidi Eze")
        self.kasuwa, self.other = make_organization(self.bola), make_organization(self.efe, name="Other")
        join(self.kasuwa, self.bola, self.ada)
        for firm, owner in ((self.kasuwa, self.bola), (self.other, self.efe)):
            invitations.invite(organization_id=firm.pk, by=owner, email="x@alajo.test", role=MEMBER, at=NOW)
            with acting_as_service():
                ApiKey.objects.create(
                    organization=firm,
                    created_by=owner,
                    name="Till",
                    mode="LIVE",
                    digest=firm.pk.hex,
                    last_four="wxyz",
                )


@pytest.fixture
def world() -> World:
    return World()


@contextmanager
def acting_with(**claims: object) -> Iterator[None]:
    """As row security sees a caller with these claims, by the role `authenticated`."""
    with acting_as_anon(), connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
            [json.dumps({"role": "authenticated", **claims})],
        )
        yield


def column_of(table: str) -> str:
    return "id" if table == "accounts_organization" else "organization_id"


def seen(table: str) -> set[UUID]:
    """The organisations whose rows are seen in a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"select distinct {column_of(table)} from {table}")
        return {row[0] for row in cursor.fetchall()}


def test_each_sees_what_is_theirs_by_role_and_no_more(world: World):
    expected = {
        world.bola: ({world.kasuwa.pk}, {world.kasuwa.pk}),
        world.ada: ({world.kasuwa.pk}, set()),
        world.efe: ({world.other.pk}, {world.other.pk}),
        world.chidi: (set(), set()),
    }
    for person, (belonging, managing) in expected.items():
        with acting_as(person):
            assert [seen(table) for table in BELONGING] == [belonging] * 2
            assert [seen(table) for table in MANAGING] == [managing] * 2


def test_an_administrator_sees_keys_and_invitations_and_loses_them_with_the_role(world: World):
    where = {"organization_id": world.kasuwa.pk, "membership_id": key_of(world.kasuwa, world.ada)}
    for role, managing in ((ADMIN, {world.kasuwa.pk}), (MEMBER, set())):
        organizations.change_role(**where, by=world.bola, role=role, at=NOW)
        with acting_as(world.ada):
            assert [seen(table) for table in MANAGING] == [managing] * 2


@pytest.mark.parametrize("way", ["left", "removed"])
def test_whoever_belonged_once_sees_nothing_any_more(world: World, way: str):
    if way == "left":
        organizations.leave(organization_id=world.kasuwa.pk, by=world.ada, at=NOW)
    else:
        key = key_of(world.kasuwa, world.ada)
        organizations.remove(organization_id=world.kasuwa.pk, membership_id=key, by=world.bola, at=NOW)
    with acting_as(world.ada):
        assert [seen(table) for table in TABLES] == [set()] * 4
        assert attempt("select count(*) from accounts_organization where id = %s", world.kasuwa.pk) == 0


def test_who_belongs_to_two_sees_two_each_by_their_role_there(world: World):
    join(world.other, world.efe, world.bola)
    with acting_as(world.bola):
        both = {world.kasuwa.pk, world.other.pk}
        assert [seen(table) for table in BELONGING] == [both] * 2
        assert [seen(table) for table in MANAGING] == [{world.kasuwa.pk}] * 2


def test_a_key_sees_its_own_organisation_and_neither_keys_nor_invitations(world: World):
    with acting_with(org_id=str(world.kasuwa.pk), key_id=str(uuid4())):
        assert [seen(table) for table in BELONGING] == [{world.kasuwa.pk}] * 2
        assert [seen(table) for table in MANAGING] == [set()] * 2
        assert attempt("select count(*) from accounts_user") == 0
        assert attempt("select count(*) from accounts_profile") == 0


@pytest.mark.parametrize("claims", [{}, {"org_id": str(uuid4())}, {"org_id": None}, {"sub": str(uuid4())}])
def test_claims_of_nobody_we_know_see_nothing(world: World, claims: dict[str, object]):
    with acting_with(**claims):
        assert [seen(table) for table in TABLES] == [set()] * 4


def test_an_organisation_in_a_persons_metadata_is_no_claim(world: World):
    organization = {"org_id": str(world.kasuwa.pk)}
    with acting_with(sub=str(world.chidi.pk), user_metadata=organization, app_metadata=organization):
        assert [seen(table) for table in TABLES] == [set()] * 4


@pytest.mark.parametrize("table", TABLES)
def test_strangers_and_nobody_are_denied(world: World, table: str):
    statements = [
        f"select count(*) from {table}",
        f"insert into {table} default values",
        f"update {table} set id = id",
        f"delete from {table}",
        "select count(*) from auth.organizations()",
    ]
    with acting_as_anon():
        assert [attempt(statement) for statement in statements] == ["denied"] * 5
    assert [attempt(statement) for statement in statements] == ["denied"] * 5


WRITES = {
    "insert into accounts_membership (id, organization_id, user_id, role, created_at)"
    " values (gen_random_uuid(), %(organization)s, %(person)s, 'OWNER', now())",
    "insert into accounts_organization (id, name, slug, created_at) values (gen_random_uuid(), 'x', 'xxx', now())",
    "insert into accounts_invitation (id, organization_id, email, role, digest, invited_by_id, created_at,"
    " expires_at) values (gen_random_uuid(), %(organization)s, 'x@y.z', 'OWNER', 'x', %(person)s, now(), now())",
    "insert into accounts_apikey (id, organization_id, name) values (gen_random_uuid(), %(organization)s, 'x')",
    *(f"update {table} set id = id" for table in TABLES),
    *(f"delete from {table}" for table in TABLES),
    *(f"truncate {table} cascade" for table in TABLES),
    "update accounts_membership set role = 'OWNER' where user_id = %(person)s",
    "update accounts_organization set name = 'Mine'",
    "select digest from accounts_apikey",
    "select digest from accounts_invitation",
    "select * from accounts_invitation",
}


@pytest.mark.parametrize("statement", sorted(WRITES))
@pytest.mark.parametrize("who", ["owner", "member", "key"])
def test_not_even_an_owner_or_a_key_writes_or_reads_a_hash(world: World, statement: str, who: str):
    claims = {
        "owner": {"sub": str(world.bola.pk)},
        "member": {"sub": str(world.ada.pk)},
        "key": {"org_id": str(world.kasuwa.pk)},
    }
    values = {"organization": world.kasuwa.pk, "person": world.ada.pk}
    with acting_with(**claims[who]):
        with connection.cursor() as cursor:
            text = cursor.mogrify(statement, values) if "%(" in statement else statement
        assert attempt(text) == "denied"


MANY = """
set session_replication_role = replica;
insert into accounts_organization (id, name, slug, created_at)
  select uuidv7(), 'Firm ' || n, 'many-' || n, now() from generate_series(1, 20000) n;
insert into accounts_membership (id, organization_id, user_id, role, created_at)
  select uuidv7(), o.id, '{bola}', 'MEMBER', now() from accounts_organization o where o.slug like 'many-%';
insert into accounts_invitation (id, organization_id, email, role, digest, invited_by_id, created_at, expires_at)
  select uuidv7(), o.id, 'x@alajo.test', 'MEMBER', o.slug, '{bola}', now(), now() from accounts_organization o
  where o.slug like 'many-%';
insert into accounts_apikey (id, organization_id, name, mode, scopes, allowed_networks, digest, last_four,
    created_by_id, created_at)
  select uuidv7(), o.id, 'x', 'LIVE', '[]', '[]', o.slug, 'wxyz', '{bola}', now() from accounts_organization o
  where o.slug like 'many-%';
analyze accounts_organization, accounts_membership, accounts_invitation, accounts_apikey;
"""


def test_among_many_rows_who_asks_is_asked_once_and_an_index_answers(world: World):
    dsn = Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(MANY.format(bola=world.bola.pk))
    for claims in ({"sub": str(world.ada.pk)}, {"org_id": str(world.kasuwa.pk)}):
        for table in TABLES:
            with acting_with(**claims), connection.cursor() as cursor:
                cursor.execute(f"explain (analyze, costs off, timing off) select id from {table}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert plan.count("InitPlan 1\n") == 1 and "SubPlan" not in plan, plan
            asked = plan.split("InitPlan 1\n")[1].splitlines()[0]
            assert "ProjectSet" in asked and "loops=1)" in asked, plan
            assert "Seq Scan" not in plan and "Index" in plan, plan
            assert "Rows Removed by Filter" not in plan, plan
