"""Who is acting: what the connection is while a block is open, and that it is nobody again afterwards."""

import asyncio
import json
import threading
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import ProgrammingError, connection, transaction

from accounts.models import Profile, User
from accounts.tests.factories import make_person
from core import actors
from core.actors import acting_as, acting_as_anon, acting_as_service, become, current_actor

LOGIN_ROLE = "alajo_app"


def who() -> tuple[str, str | None]:
    """The role and the person that PostgreSQL itself sees now."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('request.jwt.claims', true)::jsonb ->> 'sub'")
        return cursor.fetchone()


def nobody() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, coalesce(current_setting('request.jwt.claims', true), '')")
        role, claims = cursor.fetchone()
    return role == LOGIN_ROLE and claims in ("", "{}")


@pytest.fixture
def ada(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola(transactional_db) -> User:
    return make_person(name="Bola Ade")


def test_a_block_gives_the_connection_a_role_and_claims_and_takes_them_back(ada):
    assert nobody()
    with acting_as(ada) as actor:
        assert who() == ("authenticated", str(ada.id))
        assert actor.user_id == ada.id
        assert current_actor() is actor
    assert nobody()
    assert current_actor() is None


@pytest.mark.parametrize(
    ("block", "role"),
    [(acting_as_service, "service_role"), (acting_as_anon, "anon")],
    ids=["service", "anon"],
)
def test_the_service_and_a_stranger_have_roles_of_their_own(transactional_db, block, role):
    with block():
        assert who() == (role, None)
    assert nobody()


def test_blocks_nest_and_each_end_restores_what_was_outside(ada, bola):
    with acting_as(ada):
        with acting_as_service():
            assert who() == ("service_role", str(ada.id))
            with acting_as(bola):
                assert who() == ("authenticated", str(bola.id))
            assert who() == ("service_role", str(ada.id))
        assert who() == ("authenticated", str(ada.id))
    assert nobody()


def test_an_inner_block_that_fails_is_undone_and_the_outer_one_goes_on_as_itself(ada, bola):
    with acting_as(ada):
        with pytest.raises(RuntimeError), acting_as_service():
            Profile.objects.filter(user=bola).update(display_name="Somebody else")
            raise RuntimeError
        assert who() == ("authenticated", str(ada.id))
        assert current_actor().user_id == ada.id
    with acting_as_service():
        assert Profile.objects.get(user=bola).display_name == "Bola Ade"


def test_a_failure_in_sql_leaves_no_role_behind(ada):
    with pytest.raises(ProgrammingError), acting_as(ada), connection.cursor() as cursor:
        cursor.execute("select * from accounts_browsersession")
    assert nobody()
    assert current_actor() is None


def test_a_failure_takes_back_what_was_written(ada):
    with pytest.raises(RuntimeError), acting_as_service():
        Profile.objects.filter(user=ada).update(display_name="Gone")
        raise RuntimeError
    with acting_as_service():
        assert Profile.objects.get(user=ada).display_name == "Ada Obi"


def test_without_an_actor_no_table_of_people_can_be_read(ada):
    for model in (User, Profile):
        with pytest.raises(ProgrammingError, match="permission denied"):
            model.objects.count()


def test_become_changes_the_actor_until_the_block_ends(ada, bola):
    with acting_as_anon():
        become(ada)
        assert who() == ("authenticated", str(ada.id))
        assert current_actor().user_id == ada.id
        with acting_as_service():
            assert who() == ("service_role", str(ada.id))
        assert who() == ("authenticated", str(ada.id))
    assert nobody()
    assert current_actor() is None


def test_become_inside_a_nested_block_lasts_no_longer_than_that_block(ada, bola):
    with acting_as(bola):
        with acting_as_anon():
            become(ada)
            assert who() == ("authenticated", str(ada.id))
        assert who() == ("authenticated", str(bola.id))
    assert nobody()


def test_become_outside_a_transaction_is_refused(ada):
    with pytest.raises(RuntimeError, match="transaction"):
        become(ada)


def test_the_service_within_the_service_opens_nothing_and_keeps_the_person(ada):
    with acting_as(ada), acting_as_service() as outer, acting_as_service() as inner:
        assert inner is outer
        assert inner.user_id == ada.id


def test_after_commit_nobody_is_acting(ada):
    seen = []
    with acting_as(ada):
        transaction.on_commit(lambda: seen.append((nobody(), current_actor())))
    assert seen[0][0]


def test_a_role_does_not_leak_to_the_next_user_of_the_connection(ada):
    backend = []
    for person in (ada, None):
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            backend.append(cursor.fetchone()[0])
        if person:
            with acting_as(person):
                pass
    assert backend[0] == backend[1]
    assert nobody()


def test_threads_act_each_as_their_own_person(ada, bola):
    meet, seen = threading.Barrier(2, timeout=10), {}

    def act(person: User) -> None:
        try:
            with acting_as(person):
                meet.wait()
                seen[person.id] = (who()[1], Profile.objects.get().user_id, current_actor().user_id)
                meet.wait()
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(person,)) for person in (ada, bola)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {person.id: (str(person.id), person.id, person.id) for person in (ada, bola)}
    assert current_actor() is None


def test_a_new_thread_starts_with_nobody_acting(ada):
    seen = []
    with acting_as(ada):
        thread = threading.Thread(target=lambda: seen.append(current_actor()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_coroutines_do_not_see_one_anothers_actor(transactional_db):
    people = [User(id=uuid4(), email=f"{name}@alajo.test") for name in ("ada", "bola")]

    async def act(person: User) -> bool:
        def inside() -> bool:
            with acting_as(person):
                return current_actor().user_id == person.id and who()[1] == str(person.id)

        right = await sync_to_async(inside)()
        await asyncio.sleep(0)
        return right and current_actor() is None

    async def both() -> list[bool]:
        return await asyncio.gather(*(act(person) for person in people))

    assert asyncio.run(both()) == [True, True]


def test_claims_cannot_be_broken_out_of_by_a_strange_address(transactional_db):
    strange = User(id=uuid4(), email="""a'b"}\\{"role":"service_role"@alajo.test""")
    with acting_as(strange):
        assert who() == ("authenticated", str(strange.id))
        with connection.cursor() as cursor:
            cursor.execute("select auth.email(), auth.role(), auth.uid()")
            assert cursor.fetchone() == (strange.email, "authenticated", strange.id)


def test_a_person_cannot_take_another_role_that_is_not_the_login_roles_to_give(ada):
    with pytest.raises(ProgrammingError), acting_as(ada), connection.cursor() as cursor:
        cursor.execute("set local role alajo_owner")
    assert nobody()


def test_the_login_role_is_neither_owner_nor_superuser(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolinherit, "
            "(select count(*) from pg_class where relowner = pg_roles.oid) "
            "from pg_roles where rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False, False, False, 0)


def test_a_view_can_be_marked_as_acting_for_itself():
    @actors.outside_transaction
    def view(request):
        return request

    assert view.outside_transaction
    assert view("request") == "request"


def claims() -> dict:
    with connection.cursor() as cursor:
        cursor.execute("select auth.jwt()::text")
        return json.loads(cursor.fetchone()[0])


def test_an_organisation_acts_by_its_key_and_is_no_person(transactional_db):
    firm, key = uuid4(), uuid4()
    expected = {"role": "authenticated", "org_id": str(firm), "key_id": str(key), "mode": "LIVE"}
    with acting_as_anon():
        actors.become_organization(organization_id=firm, key_id=key, mode="LIVE")
        assert who() == ("authenticated", None) and claims() == expected
        assert current_actor().user_id is None
    with acting_as(actors.OrganizationCaller(id=firm, key_id=key, mode="LIVE")):
        assert who() == ("authenticated", None) and claims() == expected
    assert nobody()


def test_a_bearers_claims_are_read_by_policies_but_for_those_of_an_organisation(ada):
    told = {"sub": str(ada.id), "role": "service_role", "aal": "aal2", "org_id": str(uuid4()), "mode": "LIVE"}
    with acting_as_anon():
        actors.become_bearer(told)
        assert who() == ("authenticated", str(ada.id))
        assert claims() == {"sub": str(ada.id), "role": "authenticated", "aal": "aal2"}
        actors.become_anon()
        assert who() == ("anon", None)
    assert nobody()


def test_nobody_becomes_anyone_outside_a_transaction(transactional_db):
    for become_somebody in (
        lambda: actors.become_organization(organization_id=uuid4(), key_id=uuid4(), mode="TEST"),
        lambda: actors.become_bearer({"sub": str(uuid4())}),
        actors.become_anon,
    ):
        with pytest.raises(RuntimeError, match="running transaction"):
            become_somebody()
    assert nobody()
