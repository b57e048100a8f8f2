"""Functions that run as the owner see past row security: here is each of them, who may call it, and what it gives away.

What a migration adds is refused until it is named here, with a reason.
"""

import psycopg
import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts.api_keys import digest_of
from accounts.models import User
from accounts.services import api_keys
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.history import HISTORIES
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.usefixtures("transactional_db")

PEOPLE, SERVICE = {"authenticated", "service_role"}, {"service_role"}
# Who may call each function that runs as the owner. Why it may: the comment above it in its SQL file.
DEFINERS = {
    # Finds an organisation by the keyed digest of its key, and by nothing else.
    "auth.api_key(p_digest text)": {"anon", "service_role"},
    # The organisations of whoever the claims name.
    "auth.organizations(p_roles text[])": PEOPLE,
    # Which buckets have a rule, of a kind one names: policies ask it on anybody's behalf. It tells of no file.
    "storage.ruled(p_who text, p_what text)": PEOPLE | {"anon"},
    # Makes tables of the schema's own partitioned ones, and no others.
    "partitions.ensure(parent text, at timestamp with time zone, months integer)": SERVICE,
    # Take a closed month out of its table and bring it back, only as it was: a hash over its rows decides.
    "partitions.archive_begin(wanted uuid, parent_name text, child_name text)": SERVICE,
    "partitions.archive_part(wanted uuid, part jsonb)": SERVICE,
    "partitions.archive_written(wanted uuid)": SERVICE,
    "partitions.archive_staging(wanted uuid)": SERVICE,
    "partitions.archive_verified(wanted uuid)": SERVICE,
    "partitions.archive_detach(wanted uuid)": SERVICE,
    "partitions.archive_drop(wanted uuid)": SERVICE,
    "partitions.archive_attach(wanted uuid)": SERVICE,
    # Drops the months of messages that are older than any question about them, and nothing else.
    "realtime.drop_old_months()": SERVICE,
    # The books: what of them a customer may order is asked in wallet.check_customer.
    "wallet.own_accounts()": PEOPLE,
    "wallet.sees_all()": PEOPLE,
    "wallet.open_account(p_owner uuid, p_kind text, p_currency text)": PEOPLE,
    "wallet.place_hold(p_hold uuid, p_account uuid, p_amount bigint, p_expires_at timestamp with time zone, "
    "p_reason text, p_counted bigint)": PEOPLE,
    "wallet.post(p_posting uuid, p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], "
    "p_description text, p_effective_at timestamp with time zone)": PEOPLE,
    "wallet.post_one(p_posting uuid, p_kind text, p_debit uuid, p_credit uuid, p_amount bigint, p_description text, "
    "p_effective_at timestamp with time zone)": PEOPLE,
    "wallet.send(p_posting uuid, p_source uuid, p_recipient uuid, p_currency character, p_amount bigint, "
    "p_note text)": PEOPLE,
    "wallet.send_charged(p_posting uuid, p_source uuid, p_recipient uuid, p_currency character, p_amount bigint, "
    "p_note text, p_kinds text[], p_credits uuid[], p_amounts bigint[])": PEOPLE,
    "wallet.commit_hold(p_hold uuid, p_posting uuid, p_credit uuid, p_amount bigint, p_kind text, "
    "p_description text, p_final boolean, p_effective_at timestamp with time zone)": SERVICE,
    "wallet.commit_hold_lines(p_hold uuid, p_posting uuid, p_kinds text[], p_credits uuid[], p_amounts bigint[], "
    "p_description text, p_effective_at timestamp with time zone)": SERVICE,
    "wallet.claim(p_hold uuid, p_account uuid, p_most bigint, p_least bigint, p_reason text)": SERVICE,
    "wallet.expire_holds(p_limit integer)": SERVICE,
    "wallet.fold()": SERVICE,
    "wallet.open_savings(p_id uuid, p_owner uuid, p_currency text)": SERVICE,
    "wallet.reserve_many(p_holds uuid[], p_accounts uuid[], p_amounts bigint[], p_expires timestamp with time zone[], "
    "p_reason text)": SERVICE,
    "wallet.open_system_account(p_code text, p_kind text, p_currency text, p_normal_side text, p_hot boolean, "
    "p_floor bigint)": SERVICE,
    "wallet.post_many(p_ids uuid[], p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], "
    "p_descriptions text[], p_effective_at timestamp with time zone)": SERVICE,
    "wallet.release_hold(p_hold uuid)": SERVICE,
    "wallet.reverse(p_posting uuid, p_reverses uuid, p_description text, p_effective_at timestamp with time zone, "
    "p_kind text)": SERVICE,
    "wallet.reverse_part(p_posting uuid, p_transaction uuid, p_amount bigint, p_description text, "
    "p_effective_at timestamp with time zone, p_kind text)": SERVICE,
    "wallet.seal(p_until xid8)": SERVICE,
    "wallet.set_limits(p_account uuid, p_floor bigint, p_cap bigint)": SERVICE,
    "wallet.set_state(p_account uuid, p_state text)": SERVICE,
    "wallet.verify()": SERVICE,
    # Whether months of one hot account are in the archive, and no more of them.
    "wallet.is_archived(p_account uuid, p_from xid8)": PEOPLE,
    "wallet.hold_still(p_accounts uuid[])": SERVICE,
    "wallet.verify_statements()": SERVICE,
    # Deletes a saving's days that a replay replaces, and keeps each beside the replay.
    "savings.replace_days(p_replay uuid)": SERVICE,
}
# Triggers beside those of histories.
TRIGGERS = {
    # Writes a declared table's change into the outbox, where whoever made it may not write.
    "realtime.tell_change()",
    # Have the owner's wallets follow their tier, standing and rules, where whoever changes those may not write.
    "wallet.follow_owner()",
    "wallet.note_raise()",
    "wallet.rule_is_dated()",
    # Writes what became of referrals into their history, where nobody may write.
    "referrals.keep_history()",
}
FUNCTIONS = """
select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       p.prorettype = 'trigger'::regtype, coalesce(p.proconfig, '{}'), l.lanname,
       array(select r::text from unnest(array['anon', 'authenticated', 'service_role', 'alajo_app']) r
             where has_function_privilege(r, p.oid, 'execute') and has_schema_privilege(r, n.oid, 'usage'))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where p.prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""


def rows(statement: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def refusal(statement: str, *params: object) -> type[BaseException] | None:
    try:
        with transaction.atomic():
            rows(statement, *params)
    except Error as error:
        return type(error.__cause__)
    return None


DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ade", email="bola@alajo.test")


def test_each_function_that_runs_as_the_owner_is_named_here_with_who_may_call_it():
    found = {
        name: set(callers) for name, is_trigger, _set, _language, callers in rows(FUNCTIONS) if not is_trigger
    }
    assert found == DEFINERS


def test_each_fixes_where_it_looks_for_names_and_is_in_a_language_that_reads_no_files():
    for name, is_trigger, settings, language, _callers in rows(FUNCTIONS):
        paths = {text for text in settings if text.startswith("search_path=")}
        of_histories = is_trigger and name not in TRIGGERS
        assert paths == ({"search_path=public, pg_temp"} if of_histories else {'search_path=""'}), name
        assert language in ("sql", "plpgsql"), name


def test_triggers_that_run_as_the_owner_are_those_of_histories_and_named_ones_and_called_by_nobody():
    triggers = [
        (name, callers) for name, is_trigger, _set, _language, callers in rows(FUNCTIONS) if is_trigger
    ]
    assert [name for name, callers in triggers if callers] == []
    others = [name for name, _callers in triggers if "pgtrigger_" not in name]
    assert set(others) == TRIGGERS
    assert len(triggers) - len(others) == 3 * len(HISTORIES)


def test_no_acting_role_makes_anything_in_any_schema():
    made = rows(
        "select r, n.nspname from pg_namespace n, "
        "unnest(array['anon', 'authenticated', 'service_role', 'alajo_app']) r "
        "where n.nspname !~ '^pg_(temp|toast)' and has_schema_privilege(r, n.oid, 'create')"
    )
    assert made == []


# What each gives away to whom it should not


@pytest.mark.parametrize("digest", [None, "", "%", "' or true --", "\\", "x" * 100_000])
def test_a_key_is_found_by_its_digest_and_by_nothing_else(ada, digest):
    firm = make_organization(owner=ada)
    made = api_keys.make(
        organization_id=firm.pk, by=ada, name="Shop", mode="LIVE", scopes=[], at=timezone.now()
    )
    with acting_as_anon():
        assert rows("select * from auth.api_key(%s)", digest) == []
        assert len(rows("select * from auth.api_key(%s)", digest_of(made.secret))) == 1
    with acting_as(ada):
        assert refusal("select * from auth.api_key(%s)", digest) is DENIED


@pytest.mark.parametrize(
    "roles", [None, [], [None], ["OWNER"], ["owner"], ["%"], ["OWNER", "ADMIN", "MEMBER"]]
)
def test_organisations_are_ones_own_whatever_roles_are_asked_for(ada, bola, roles):
    hers, theirs = make_organization(owner=ada), make_organization(owner=bola)
    with acting_as(ada):
        found = {key for (key,) in rows("select auth.organizations(%s::text[])", roles)}
    assert found <= {hers.pk} and theirs.pk not in found
    with acting_as_anon():
        assert refusal("select auth.organizations(%s::text[])", roles) is DENIED


@pytest.mark.parametrize(
    "parent",
    ["accounts_user", "pg_class", "public.accounts_auditevent", 'accounts_auditevent"; drop table x; --', ""],
)
def test_partitions_are_made_of_the_schemas_own_tables_only(parent):
    with acting_as_service():
        assert refusal("select partitions.ensure(%s, now(), 1)", parent) is psycopg.errors.RaiseException


@pytest.mark.parametrize(("at", "months"), [("now", -1), ("now", 121), ("infinity", 1)])
def test_partitions_are_not_made_without_end(at, months):
    with acting_as_service():
        assert refusal("select partitions.ensure('accounts_auditevent', %s::timestamptz, %s)", at, months)
    for block in (acting_as_anon(), acting_as(make_person())):
        with block:
            assert refusal("select partitions.ensure('accounts_auditevent', now(), 1)") is DENIED


# Forged claims and borrowed roles

FORGED = [
    '{"role": "service_role"}',
    '{"role": "service_role", "sub": "%s"}',
    '{"role": "authenticated", "sub": "%s", "is_superuser": true, "app_metadata": {"role": "ADMIN"}}',
    '{"sub": null}',
    "{}",
]
SERVICES_ONLY = [
    "select * from account_emailaddress",
    "select * from mfa_authenticator",
    "select * from accounts_userhistory",
    "select password from accounts_user where email = 'bola@alajo.test'",
    "update accounts_user set role = 'ADMIN'",
    "update accounts_customer set status = 'ACTIVE'",
    "update accounts_membership set role = 'OWNER'",
    "select wallet.set_limits(gen_random_uuid(), 0, 1)",
    "select wallet.verify()",
    "select wallet.reverse(gen_random_uuid(), gen_random_uuid(), '', null, '')",
    "select wallet.reverse_part(gen_random_uuid(), gen_random_uuid(), 1, '', null, '')",
    "select wallet.claim(gen_random_uuid(), gen_random_uuid(), 1, 0, '')",
]


@pytest.mark.parametrize("claims", FORGED)
def test_claims_that_name_the_service_give_none_of_its_rights(ada, bola, claims):
    for user in (ada, bola):
        make_wallet(user)
    with acting_as(ada):
        rows("select set_config('request.jwt.claims', %s, true)", claims.replace("%s", str(ada.pk)))
        for statement in SERVICES_ONLY:
            if statement.startswith("select password"):
                assert rows(statement) == []
            else:
                assert refusal(statement) is DENIED, statement
        assert rows("select count(*) from wallet_account where owner_id = %s", bola.pk) == [(0,)]


@pytest.mark.parametrize("claims", ["not json", "[]", '"text"', '{"sub": "not a key"}', '{"org_id": "x"}'])
def test_claims_that_are_none_show_nothing(ada, claims):
    with acting_as(ada):
        rows("select set_config('request.jwt.claims', %s, true)", claims)
        for table in ("accounts_user", "accounts_organization", "accounts_auditevent", "wallet_account"):
            with transaction.atomic():
                try:
                    found = rows(f"select * from {table}")
                except Error:
                    transaction.set_rollback(True)
                    found = []
            assert found == []


def test_row_security_is_not_switched_off(ada, bola):
    with acting_as(ada):
        rows("select set_config('row_security', 'off', true)")
        assert refusal("select * from accounts_user") is DENIED


def test_who_is_a_stranger_stays_one_whatever_the_claims_say(ada):
    with acting_as_anon():
        rows(
            "select set_config('request.jwt.claims', %s, true)",
            f'{{"role": "service_role", "sub": "{ada.pk}"}}',
        )
        for table in ("accounts_user", "accounts_profile", "accounts_organization", "accounts_auditevent"):
            assert refusal(f"select * from {table}") is DENIED


@pytest.mark.parametrize(
    "statement",
    [
        "set role alajo_owner",
        "set role postgres",
        "set role wallet_debit_reader",
        "set role wallet_credit_reader",
        "set role pg_read_all_data",
        "set session authorization alajo_owner",
        "select set_config('role', 'alajo_owner', true)",
        "select set_config('session_authorization', 'postgres', true)",
        "grant alajo_owner to authenticated",
        "alter role authenticated bypassrls",
        "create role helper superuser",
        "select pg_read_file('/etc/passwd')",
        "copy accounts_user to program 'cat'",
        "select lo_import('/etc/passwd')",
        "set session_replication_role = replica",
    ],
)
def test_no_role_of_ours_becomes_more_than_the_service(ada, statement):
    with acting_as_service():
        assert refusal(statement) in (DENIED, psycopg.errors.InvalidParameterValue), statement
    with acting_as(ada):
        assert refusal(statement) in (DENIED, psycopg.errors.InvalidParameterValue), statement
