"""Webhooks in the database itself: who sees which rows by SQL, and that nobody but the service writes one."""

import psycopg
import pytest
from django.db import ProgrammingError, connection

from accounts.models import Organization, User
from accounts.services import api_keys
from accounts.tests.factories import make_person
from accounts.tests.organizations import NOW, join, make_organization
from accounts.tests.receivers import make_endpoint, plan, receiver, send_all
from core.actors import OrganizationCaller, acting_as, acting_as_anon

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("accounts_webhookendpoint", "accounts_webhookdelivery", "accounts_webhookattempt")


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(id) from {table}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    firm = make_organization(ada)
    with receiver() as server:
        make_endpoint(firm, ada, url=server.url)
        plan(firm, "member.joined")
        send_all()
    return firm


def caller_of(firm: Organization, by: User) -> OrganizationCaller:
    key = api_keys.make(organization_id=firm.pk, by=by, name="K", mode="LIVE", scopes=[], at=NOW).key
    return OrganizationCaller(id=firm.pk, key_id=key.pk, mode=key.mode)


@pytest.mark.parametrize("table", TABLES)
def test_owners_administrators_and_the_organisations_keys_see_them(table, firm, ada):
    admin = make_person(name="Bola Ade")
    join(firm, ada, admin, "ADMIN")
    for caller in (ada, admin, caller_of(firm, ada)):
        with acting_as(caller):
            assert count(table) == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_member_another_organisation_and_a_stranger_see_none(table, firm, ada):
    member, other = make_person(name="Chidi Eze"), make_person(name="Cleo Eze")
    join(firm, ada, member)
    theirs = make_organization(other, name="Other")
    for caller in (member, other, caller_of(theirs, other)):
        with acting_as(caller):
            assert count(table) == 0
    with pytest.raises(ProgrammingError), acting_as_anon():
        count(table)


def test_the_sealed_secrets_are_no_ones_to_read(firm, ada):
    for column in ("secret", "previous_secret", "*"):
        for caller in (ada, caller_of(firm, ada)):
            with pytest.raises(ProgrammingError), acting_as(caller), connection.cursor() as cursor:
                cursor.execute(f"select {column} from accounts_webhookendpoint")


@pytest.mark.parametrize("table", TABLES)
def test_nobody_writes_one_but_the_service(table, firm, ada):
    for statement in (
        f"update {table} set id = id",
        f"delete from {table}",
        f"insert into {table} select * from {table}",
    ):
        for caller in (ada, caller_of(firm, ada)):
            with pytest.raises(ProgrammingError) as refused, acting_as(caller), connection.cursor() as cursor:
                cursor.execute(statement)
            assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
