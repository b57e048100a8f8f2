"""What the catalogue says of every table in schema public, whichever app it belongs to."""

import re
from collections import defaultdict

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import DeleteModel

from core.embedded import Postgres
from core.history import HISTORIES
from core.rls import Policy, Protect, ServiceOnly
from core.tests import catalogue

pytestmark = pytest.mark.django_db

# Everything that the world may do to a table as a whole; what rows they reach, the policies say.
ANON = {
    "wallet_currency": {"SELECT"},
    "storage_app_bucket": {"SELECT"},
    "storage_app_object": {"SELECT"},
    "storage_app_objectversion": {"SELECT"},
    # What the shop shows; of a seller less than its buyers see.
    **{f"marketplace_{name}": {"SELECT"} for name in ("category", "deliveryoption", "picture", "price")},
    **{f"marketplace_{name}": {"SELECT"} for name in ("product", "taxclass", "taxrate", "variant")},
    "marketplace_seller": {"SELECT (about, display_name, id, return_days, ships_within, state)"},
}
# Without an actor: the session, which says who will act, and the migrations run, which say whether to start.
WITHOUT_AN_ACTOR = {
    "accounts_browsersession": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "django_migrations": {"SELECT"},
}
NEVER = {"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}
APPEND_ONLY = {
    "accounts_auditevent",
    "accounts_referralhistory",
    "wallet_transaction",
    "wallet_seal",
    "wallet_reversal",
    "wallet_partreversal",
    "wallet_checkpoint",
    *("marketplace_sellercommission", "marketplace_taxrate", "marketplace_orderitem"),
    *("marketplace_orderchange", "marketplace_ordermove"),
    *("wallet_breakchange", "wallet_matchingrule", "wallet_reconciledday", "wallet_adjustment"),
    *(history._meta.db_table for history in HISTORIES.values()),
}
# A few rows that are never deleted, and by which nothing is looked up: an index to them would only cost.
NEVER_LOOKED_UP_BY = {"wallet_currency"}
# Files are found by their name and by their folder, of one bucket either way.
# Payments of a merchant by the order they began, and by the day they were paid.
TWO_WAYS = {("storage_app_object", "bucket_id"), ("wallet_merchantpayment", "merchant_id")}
OTHERS_TABLES = ("account_", "allauth_", "auth_", "django_", "mfa_", "socialaccount_", "accounts_user_")

RIGHTS = """
select c.relname, coalesce(r.rolname, 'public'), a.privilege_type, '' as column
from pg_class c cross join lateral aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and a.grantee <> c.relowner
union all
select c.relname, coalesce(r.rolname, 'public'), a.privilege_type, t.attname
from pg_class c join pg_attribute t on t.attrelid = c.oid cross join lateral aclexplode(t.attacl) a
left join pg_roles r on r.oid = a.grantee
where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner
"""


def rows(query: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params or None)
        return cursor.fetchall()


def rights() -> dict[str, dict[str, set[str]]]:
    """role -> table -> rights, a right to single columns as `UPDATE (read_at)`."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    columns: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for table, role, right, column in rows(RIGHTS):
        if column:
            columns[role, table, right].append(column)
        else:
            found[role][table].add(right)
    for (role, table, right), names in columns.items():
        found[role][table].add(f"{right} ({', '.join(sorted(names))})")
    return found


def declared() -> dict[str, Protect]:
    """The last word of the migrations on each table that `core.rls` protects."""
    loader = MigrationLoader(None)
    last: dict[str, Protect] = {}
    plan = [key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)]
    for key in dict.fromkeys(plan):
        for operation in loader.get_migration(*key).operations:
            if isinstance(operation, Protect):
                last[operation.table] = operation
            elif isinstance(operation, DeleteModel):
                last.pop(f"{key[0]}_{operation.name_lower}", None)
    return last


def split(text: str) -> set[str]:
    """`SELECT, UPDATE (b, a)` as the set `SELECT`, `UPDATE (a, b)`."""
    found = re.findall(r"([A-Z]+)(?:\s*\(([^)]*)\))?", text)
    return {
        f"{right} ({', '.join(sorted(name.strip() for name in names.split(',')))})" if names else right
        for right, names in found
    }


READERS = ("wallet_credit_reader", "wallet_debit_reader")


@pytest.mark.parametrize("question", catalogue.CHECKS, ids=lambda question: question.__name__)
def test_the_catalogue_has_nothing_wrong(question):
    """Tables, partitions, policies, their columns and views, whoever's rows they hold (core/tests/catalogue.py)."""
    assert question(rows) == set()


def test_every_view_looks_through_the_eyes_of_who_asks():
    views = rows(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') "
        "and not coalesce(reloptions @> array['security_invoker=true'] "
        "or reloptions @> array['security_invoker=on'] or reloptions @> array['security_invoker=1'], false)"
    )
    # These belong to roles that nobody can log in as, each with a policy of its own (wallet/sql/entry.sql).
    assert sorted(views) == [("wallet_credit_entry",), ("wallet_debit_entry",)]


def test_the_rights_to_each_protected_table_are_those_its_migration_declares():
    found, wrong = rights(), {}
    for table, operation in declared().items():
        for role in ("anon", "authenticated", "service_role"):
            wanted = split(operation.arguments["service" if role == "service_role" else role])
            if found[role][table] != wanted:
                wrong[table, role] = (found[role][table], wanted)
    assert wrong == {}


def test_the_world_has_no_right_but_to_read_what_is_public():
    assert dict(rights()["anon"]) == ANON
    assert dict(rights()["public"]) == {}


def test_the_login_role_by_itself_reaches_no_table_of_people():
    login = settings.DATABASES["default"]["USER"]
    assert dict(rights()[login]) == WITHOUT_AN_ACTOR


def test_nobody_else_has_any_right():
    known = {"anon", "authenticated", "service_role", settings.DATABASES["default"]["USER"]}
    assert set(rights()) - known - {"public"} == set(READERS)
    for reader in READERS:
        assert rights()[reader] == {"wallet_account": {"SELECT"}, "wallet_transaction": {"SELECT"}}
        can_log_in = rows(
            "select rolcanlogin or rolsuper or rolbypassrls from pg_roles where rolname = %s", reader
        )
        assert can_log_in == [(False,)]


def test_no_role_may_empty_a_table_or_hang_things_on_it():
    found = rights()
    assert [(role, table) for role in found for table in found[role] if found[role][table] & NEVER] == []


def test_what_is_append_only_can_be_changed_by_no_role():
    found = rights()
    changes = {"UPDATE", "DELETE"}
    assert [(role, table) for role in found for table in APPEND_ONLY if found[role][table] & changes] == []


def test_functions_that_run_as_the_owner_are_closed_to_the_public_and_fix_their_search_path():
    open_ones = rows(
        "select p.oid::regprocedure::text from pg_proc p where p.prosecdef "
        "and p.pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema') "
        "and (has_function_privilege('public', p.oid, 'execute') "
        "or has_function_privilege('anon', p.oid, 'execute') "
        "or not coalesce(array_to_string(p.proconfig, ',') like '%search_path=%', false))"
    )
    # A stranger may ask for the key that it shows: nobody else could say yet who the stranger is. And which buckets
    # have a rule, which the policies on files ask on anybody's behalf.
    assert sorted(open_ones) == [("auth.api_key(text)",), ("storage.ruled(text,text)",)]


def test_no_acting_role_is_owner_superuser_or_above_row_security():
    assert (
        rows(
            "select rolname from pg_roles "
            "where rolname = any (array['anon', 'authenticated', 'service_role', %s]) and ("
            "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
            settings.DATABASES["default"]["USER"],
        )
        == []
    )


def indexes_by_foreign_key() -> dict[tuple[str, str, str], list[str]]:
    """(table, columns, table they point to) of every foreign key -> the indexes that begin with them."""
    found = rows(
        """
        select k.conrelid::regclass::text,
               (select string_agg(attname, ',' order by attnum) from pg_attribute
                where attrelid = k.conrelid and attnum = any (k.conkey)),
               k.confrelid::regclass::text,
               array(select i.indexrelid::regclass::text from pg_index i
                     where i.indrelid = k.conrelid and i.indisvalid
                       and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                       and (i.indpred is null
                            or pg_get_expr(i.indpred, i.indrelid) ~ '^\\([a-z_]+ IS NOT NULL\\)$') order by 1)
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not c.relispartition
        """
    )
    return {(table, columns, target): indexes for table, columns, target, indexes in found}


def test_every_foreign_key_has_an_index():
    bare = {key for key, indexes in indexes_by_foreign_key().items() if not indexes}
    assert {key for key in bare if key[2] not in NEVER_LOOKED_UP_BY} == set()


def test_no_foreign_key_of_ours_has_two_indexes():
    twice = {
        key: indexes
        for key, indexes in indexes_by_foreign_key().items()
        if len(indexes) > 1 and not key[0].startswith(OTHERS_TABLES) and key[:2] not in TWO_WAYS
    }
    assert twice == {}


def owner() -> psycopg.Connection:
    name = settings.DATABASES["default"]["NAME"]
    return psycopg.connect(Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name), autocommit=True)


def test_protecting_a_table_again_replaces_what_was_there():
    with owner() as database:
        try:
            database.execute("create table rls_example (user_id uuid, note text)")
            mine = Policy("own", "SELECT", using="user_id = (select auth.uid())")
            for statement in (
                Protect("rls_example", policies=[mine], authenticated="SELECT", anon="SELECT").sql,
                ServiceOnly("rls_example", service="SELECT").sql,
            ):
                database.execute(statement)
            policies = database.execute("select policyname from pg_policies where tablename = 'rls_example'")
            assert {name for (name,) in policies.fetchall()} == {"owner", "service"}
            granted = database.execute(
                "select r.rolname, a.privilege_type from pg_class c "
                "cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee "
                "where c.relname = 'rls_example' and a.grantee <> c.relowner"
            )
            assert granted.fetchall() == [("service_role", "SELECT")]
        finally:
            database.execute("drop table if exists rls_example")


def test_a_migration_can_write_its_protection_down_again():
    operation = Protect(
        "some_table", policies=[Policy("own", "SELECT", using="true")], authenticated="SELECT"
    )
    name, args, kwargs = operation.deconstruct()
    assert Protect(*args, **kwargs).sql == operation.sql
    assert name == "Protect"
