"""Row history: whoever changes a row, and by whatever way, what it was and what it became is kept."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import Error, connection, models, transaction
from django.test import Client

from accounts import factors
from accounts.models import ApiKey, Customer, Membership, Organization, Profile, User
from accounts.models import history as of_accounts
from accounts.tests.factories import make_person, sign_in
from core.actors import Origin, acting_as, acting_as_anon, acting_as_service, from_origin, work_for
from core.embedded import Postgres
from core.history import DELETED, HISTORIES, INSERTED, UPDATED, Change, changes_by, changes_of
from storage_app import models as of_files
from wallet.models import history as of_wallet

pytestmark = pytest.mark.usefixtures("transactional_db")

REQUEST = Origin(request_id="req_1", ip="203.0.113.7")
LEFT_OUT = {**of_accounts.LEFT_OUT, **of_files.LEFT_OUT, **of_wallet.LEFT_OUT}


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@contextlib.contextmanager
def as_superuser() -> Iterator[psycopg.Connection]:
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=name), autocommit=True
    ) as database:
        yield database


def latest(obj: models.Model) -> Change:
    with acting_as_service():
        return changes_of(obj)[0]


def save(customer: Customer) -> None:
    customer.tier = 2
    customer.save()


def update(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(tier=2)


def bulk_update(customer: Customer) -> None:
    customer.tier = 2
    Customer.objects.bulk_update([customer], ["tier"])


def raw_sql(customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update accounts_customer set tier = 2 where user_id = %s", [customer.pk])


@pytest.mark.parametrize("change", [save, update, bulk_update, raw_sql])
def test_each_way_of_changing_a_row_leaves_before_after_actor_and_request(ada, change):
    with from_origin(REQUEST), acting_as_service(on_behalf_of=ada):
        change(Customer.objects.get(pk=ada.pk))
    found = latest(Customer(pk=ada.pk))
    assert (found.what, found.field, found.before, found.after) == (UPDATED, "tier", 1, 2)
    assert (found.actor_id, found.request_id) == (ada.id, "req_1")


def test_a_superusers_own_sql_is_kept_with_nobody_named(ada):
    with as_superuser() as database:
        database.execute("update accounts_customer set tier = 3 where user_id = %s", [ada.pk])
        database.execute("set role service_role")
        database.execute("update accounts_customer set tier = 2 where user_id = %s", [ada.pk])
    with acting_as_service():
        second, first = changes_of(Customer(pk=ada.pk))[:2]
    assert [(c.field, c.before, c.after) for c in (first, second)] == [("tier", 1, 3), ("tier", 3, 2)]
    assert {(c.actor_id, c.request_id) for c in (first, second)} == {(None, "")}


def test_who_acted_does_not_stick_to_the_connection(ada):
    with from_origin(REQUEST), acting_as_service(on_behalf_of=ada):
        update(Customer(pk=ada.pk))
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(tier=3)
    found = latest(Customer(pk=ada.pk))
    assert (found.before, found.after, found.actor_id, found.request_id) == (2, 3, None, "")


def test_a_view_that_learns_whom_it_serves_can_say_so(ada):
    with from_origin(REQUEST), acting_as_service():
        with acting_as_anon():
            pass
        work_for(ada)
        update(Customer(pk=ada.pk))
    assert latest(Customer(pk=ada.pk)).actor_id == ada.id


def test_what_is_rolled_back_leaves_nothing(ada):
    with acting_as_service():
        before = changes_of(Customer(pk=ada.pk))
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            update(Customer(pk=ada.pk))
            assert len(changes_of(Customer(pk=ada.pk))) == len(before) + 1
            raise ZeroDivisionError
        assert changes_of(Customer(pk=ada.pk)) == before


def test_an_update_of_many_rows_keeps_each(ada):
    others = [make_person() for _ in range(3)]
    with acting_as_service():
        Customer.objects.filter(pk__in=[user.pk for user in others]).update(tier=2)
    for user in others:
        assert (latest(Customer(pk=user.pk)).before, latest(Customer(pk=user.pk)).after) == (1, 2)
    assert latest(Customer(pk=ada.pk)).what == INSERTED


def test_an_update_that_changes_nothing_and_a_visit_leave_nothing(ada):
    with acting_as_service():
        before = changes_of(User(pk=ada.pk))
        ada.save()
        User.objects.filter(pk=ada.pk).update(last_login="2026-01-01T00:00Z")
        assert changes_of(User(pk=ada.pk)) == before


def test_a_secret_is_told_of_and_not_kept(ada):
    with acting_as_service():
        ada.set_password("another-long-enough-secret")
        ada.save()
        found = changes_of(ada)[0]
    assert (found.what, found.field, found.before, found.after) == (UPDATED, "", None, None)


def test_addresses_factors_organisations_and_keys_are_kept_from_first_to_last(ada):
    factors.enrol_totp(user=ada)
    with acting_as_service():
        firm = Organization.objects.create(name="Firm", slug="firm")
        member = Membership.objects.create(organization=firm, user=ada, role="OWNER")
        key = ApiKey.objects.create(
            organization=firm, name="Shop", mode="TEST", digest="d1", last_four="wxyz", created_by=ada
        )
        factor, address = Authenticator.objects.get(user=ada), ada.emailaddress_set.get()
        EmailAddress.objects.filter(pk=address.pk).update(email="ada@new.test")
        Membership.objects.filter(pk=member.pk).update(role="ADMIN")
        ApiKey.objects.filter(pk=key.pk).update(scopes=["wallet:write"])
        for row in (factor, key, member, firm):
            type(row).objects.filter(pk=row.pk).delete()
        assert changes_of(address)[0].after == "ada@new.test"
        told = changes_of(member)
        assert {c.field: c.before for c in told if c.what == DELETED}["role"] == "ADMIN"
        assert [(c.before, c.after) for c in told if c.what == UPDATED] == [("OWNER", "ADMIN")]
        assert [(c.before, c.after) for c in changes_of(key) if c.what == UPDATED] == [([], ["wallet:write"])]
        assert changes_of(firm)[0].what == DELETED
        assert {c.what for c in changes_by(HISTORIES[Authenticator], user=ada)} == {INSERTED, DELETED}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=lambda model: model.__name__)
def test_each_column_is_kept_or_left_out_by_name(history):
    model = next(model for model, found in HISTORIES.items() if found is history)
    columns = {field.name for field in model._meta.concrete_fields if not field.primary_key}
    kept = {field.name for field in history._meta.concrete_fields if not field.name.startswith("pgh_")}
    left_out = LEFT_OUT.get(model._meta.label_lower, frozenset())
    assert kept | left_out == columns
    assert not kept & left_out


def attempt(statement: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return f"reached {cursor.rowcount}"
    except Error as error:
        return type(error.__cause__).__name__


TABLES = sorted(history._meta.db_table for history in HISTORIES.values())
REWRITE = ["update {} set pgh_label = 'x'", "delete from {}", "truncate {}"]


@pytest.mark.parametrize("table", TABLES)
def test_no_acting_role_writes_history_and_only_the_service_reads_it(ada, table):
    for statement in (*REWRITE, "insert into {} (pgh_created_at, pgh_label) values (now(), 'x')"):
        for block in (acting_as(ada), acting_as_anon(), acting_as_service()):
            with block:
                assert attempt(statement.format(table)) == "InsufficientPrivilege"
    for block in (acting_as(ada), acting_as_anon()):
        with block:
            assert attempt(f"select * from {table}") == "InsufficientPrivilege"


@pytest.mark.parametrize("role", ["alajo_owner", "postgres"])
@pytest.mark.parametrize("statement", REWRITE)
def test_not_even_the_owner_or_the_superuser_rewrites_history(ada, role, statement):
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role=role, dbname=name), autocommit=True
    ) as database:
        with pytest.raises(psycopg.Error) as refusal:
            database.execute(statement.format("accounts_customerhistory"))
        assert refusal.value.sqlstate == "ALJ02"
        assert database.execute("select count(*) from accounts_customerhistory").fetchone()[0] >= 1


def test_no_session_can_have_the_triggers_look_away(ada):
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "select array_agg(tgname)::text from pg_trigger where tgrelid = 'accounts_customer'::regclass"
        )
        cursor.execute("select set_config('pgtrigger.ignore', %s, true)", cursor.fetchone())
        update(Customer(pk=ada.pk))
    assert latest(Customer(pk=ada.pk)).after == 2


def test_a_namesake_table_of_the_session_is_not_written_to(ada):
    """The triggers run as the owner: what they name is not looked for where the session says."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("create temp table accounts_customerhistory (like public.accounts_customerhistory)")
        cursor.execute("update public.accounts_customer set tier = 2 where user_id = %s", [ada.pk])
        cursor.execute("select count(*) from pg_temp.accounts_customerhistory")
        assert cursor.fetchone() == (0,)
        cursor.execute("drop table pg_temp.accounts_customerhistory")
    assert latest(Customer(pk=ada.pk)).after == 2


def test_every_tracked_table_has_its_three_triggers_which_run_as_the_owner():
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text, count(*) from pg_trigger t join pg_proc p on p.oid = t.tgfoid "
            "where tgname like 'pgtrigger%' and prosecdef and tgenabled = 'O' group by 1"
        )
        found = dict(cursor.fetchall())
    assert found == {model._meta.db_table: 3 for model in HISTORIES}


def test_changing_ones_address_on_our_pages_names_the_person_and_the_request(ada):
    client = Client()
    sign_in(client, ada)
    answer = client.post("/accounts/password/change/", {})
    assert answer.status_code in (200, 302, 422)
    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "a-long-enough-secret",
            "password1": "quite-another-secret-9",
            "password2": "quite-another-secret-9",
        },
    )
    found = latest(ada)
    assert (found.what, found.actor_id) == (UPDATED, ada.id)
    assert found.request_id.startswith("req_")


def test_histories_are_models_of_ours_and_of_no_permissions():
    for history in HISTORIES.values():
        assert apps.get_model(history._meta.label) is history
        assert history._meta.default_permissions == ()
    assert Profile in HISTORIES
