"""Every table about people, by raw SQL: another customer, a stranger and nobody see and change nothing."""

import contextlib
from datetime import timedelta

import psycopg
import pytest
from allauth.account.models import EmailConfirmation
from allauth.idp.oidc.models import Token
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts import audit, factors
from accounts.models import (
    BankAccountClaim,
    CustomerStatusChange,
    FactorReset,
    IdentityNumber,
    KycApplication,
    KycCheck,
    KycDecision,
    KycDocument,
    KycNote,
    KycStateChange,
    Notification,
    NotificationDelivery,
    NotificationPreference,
    NotificationSettings,
    Organization,
    Referral,
    User,
)
from accounts.services import apps, codes, notify, pkce, refresh, sessions
from accounts.services import factors as factor_services
from accounts.tests.factories import make_person
from accounts.tests.referring import furnish_referrals
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.embedded import Postgres

# Whose a row is, by table; tables of other packages among them.
OWNED_BY = {
    "accounts_user": "id",
    "accounts_customer": "user_id",
    "accounts_profile": "user_id",
    "accounts_notification": "user_id",
    "accounts_notificationdelivery": "user_id",
    "accounts_notificationpreference": "user_id",
    "accounts_notificationsettings": "user_id",
    "accounts_auditevent": "actor_id",
    "accounts_user_groups": "user_id",
    "accounts_user_user_permissions": "user_id",
    "account_emailaddress": "user_id",
    "account_emailconfirmation": "email_address_id",
    "mfa_authenticator": "user_id",
    "accounts_session": "user_id",
    "accounts_factorreset": "target_id",
    "accounts_refreshtoken": "session_id",
    "accounts_onetimecode": "user_id",
    "accounts_flowstate": "user_id",
    "accounts_pendingfactor": "user_id",
    "accounts_factorchallenge": "session_id",
    "accounts_organization": "id",
    "accounts_membership": "user_id",
    "accounts_invitation": "invited_by_id",
    "accounts_apikey": "created_by_id",
    "socialaccount_socialaccount": "user_id",
    "socialaccount_socialtoken": "account_id",
    "accounts_appgrant": "user_id",
    "accounts_spentapptoken": "grant_id",
    "allauth_idp_oidc_token": "user_id",
    "django_admin_log": "user_id",
    "accounts_userhistory": "pgh_obj_id",
    "accounts_customerhistory": "pgh_obj_id",
    "accounts_profilehistory": "pgh_obj_id",
    "accounts_emailaddresshistory": "user_id",
    "accounts_authenticatorhistory": "user_id",
    "accounts_organizationhistory": "pgh_obj_id",
    "accounts_membershiphistory": "user_id",
    "accounts_apikeyhistory": "created_by_id",
    "accounts_webhookendpoint": "organization_id",
    "accounts_webhookdelivery": "organization_id",
    "accounts_webhookattempt": "delivery_id",
    "accounts_webhookhistory": "organization_id",
    "accounts_kycapplication": "customer_id",
    "accounts_kycstatechange": "application_id",
    "accounts_kycdecision": "application_id",
    "accounts_kycnote": "application_id",
    "accounts_kycdocument": "application_id",
    "accounts_identitynumber": "customer_id",
    "accounts_kyccheck": "application_id",
    "accounts_bankaccountclaim": "application_id",
    "accounts_customerstatuschange": "customer_id",
    "accounts_kyccheckjob": "application_id",
    "accounts_screeninghit": "customer_id",
    "accounts_devicemark": "user_id",
    "accounts_referral": "referrer_id",
    "accounts_referralbonus": "beneficiary_id",
    "accounts_referralcode": "user_id",
    "accounts_referraldue": "referral_id",
    "accounts_referralhistory": "referral_id",
}
SEEN_BY_THEIR_OWNER = {
    "accounts_user",
    "accounts_customer",
    "accounts_profile",
    "accounts_notification",
    "accounts_notificationpreference",
    "accounts_notificationsettings",
    "accounts_auditevent",
    "accounts_session",
    "accounts_organization",
    "accounts_membership",
    "accounts_invitation",
    "accounts_apikey",
    "accounts_webhookendpoint",
    "accounts_webhookdelivery",
    "accounts_webhookattempt",
    "accounts_kycapplication",
    "accounts_kycstatechange",
    "accounts_kycdocument",
    "accounts_identitynumber",
    "accounts_bankaccountclaim",
    "accounts_customerstatuschange",
    "accounts_referral",
    "accounts_referralbonus",
    "accounts_referralcode",
}
CATALOGUES = {
    # What staff propose and decide; who sees and changes nothing of it: accounts.tests.test_approvals_attacked.
    "accounts_approval",
    "accounts_approvalband",
    "accounts_failedtask",
    "accounts_referralprogram",
    "accounts_signingkey",
    "socialaccount_socialapp",
    "allauth_idp_oidc_client",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "accounts_browsersession",
    "accounts_sanctionslist",
    "accounts_sanctionsentry",
}
PREFIXES = ("accounts_", "account_", "allauth_", "mfa_", "socialaccount_", "auth_", "django_")


def furnish(user: User) -> None:
    """Give this person a row in every table about people."""
    with acting_as_service():
        notice = Notification(user=user, event="test", data={})
        notify(notices=[notice])
        NotificationDelivery.objects.create(
            notification=notice, user=user, channel="PUSH", not_before=timezone.now(), state="SKIPPED"
        )
        NotificationPreference.objects.create(user=user, kind="NEWS", channel="EMAIL", wanted=True)
        NotificationSettings.objects.create(user=user)
        audit.record(action="test.done", actor_id=user.id)
        user.groups.add(Group.objects.get_or_create(name="Everybody")[0])
        kind, _made = ContentType.objects.get_or_create(app_label="accounts", model="user")
        right, _made = Permission.objects.get_or_create(
            content_type=kind, codename="test", defaults={"name": "Test"}
        )
        user.user_permissions.add(right)
        address = user.emailaddress_set.get()
        EmailConfirmation.objects.create(email_address=address, key=user.id.hex)
        at = timezone.now()
        session = sessions.start(user=user, face="APP", method="password", at=at)
        refresh.first(session=session, at=at)
        codes.make_code(user=user, purpose="magiclink", at=at)
        challenge = {"code_challenge": "c" * 43, "code_challenge_method": "s256"}
        flow = pkce.open_flow(**challenge, redirect_to="", purpose="magiclink", at=at)
        pkce.grant(flow=flow, user=user, method="otp", provider="", at=at)
        pending = factor_services.begin(user=user, kind="webauthn", name="Key", at=at)
        session.factor_challenges.create(factor_id=pending.pk, created_at=at, expires_at=at)
        firm = Organization.objects.create(name="Firm", slug=f"firm-{user.id.hex[-12:]}")
        firm.memberships.create(user=user, role="OWNER")
        ours = {"created_by": user, "digest": user.id.hex, "last_four": "wxyz"}
        firm.api_keys.create(name="Key", mode="TEST", **ours)
        hook = firm.webhook_endpoints.create(url="https://x.example", event_types=["*"], secret="sealed")
        sent = hook.deliveries.create(organization=firm, message_id=user.id, event="x", next_try_at=at)
        sent.tried.create(number=1, url=hook.url, at=at)
        offer = {"email": "chidi@alajo.test", "digest": user.id.hex, "invited_by": user, "role": "MEMBER"}
        firm.invitations.create(expires_at=at + timedelta(days=1), **offer)
        account = SocialAccount.objects.create(user=user, provider="test", uid=user.id.hex)
        SocialToken.objects.create(account=account, token="x")
        app = apps.register(name="App", redirect_uris=[], scopes=[], public=True).client
        Token.objects.create(user=user, client=app, type="at", hash=user.id.hex)
        apps.let_in(user_id=user.id, client_id=app.pk, scopes=[], at=at)
        apps.spend(digest=user.id.hex, user_id=user.id, client_id=app.pk, at=at)
        LogEntry.objects.create(user=user, action_flag=ADDITION, object_repr="x", content_type=kind)
        factors.enrol_totp(user=user)
        asked = {"reason": "test", "asked_at": at, "expires_at": at + timedelta(days=1)}
        agent = make_person(role="AGENT")
        FactorReset.objects.create(target=user, asked_by=agent, **asked)
        furnish_kyc(user, agent)
        furnish_referrals(user)


def furnish_kyc(user: User, agent: User) -> None:
    """An application of this person's, and what came of it."""
    at = timezone.now()
    application = user.customer.kyc_applications.create(target_tier=2, expires_at=at + timedelta(days=30))
    KycStateChange.objects.create(application=application, to_state="DRAFT", by=user, at=at)
    mine = KycApplication.objects.filter(pk=application.pk)
    mine.update(state="SUBMITTED", consented_at=at)
    mine.update(state="IN_REVIEW", claimed_by=agent, leased_until=at + timedelta(minutes=20))
    told = {"application": application, "by": agent, "text": "what colleagues think", "at": at}
    KycDecision.objects.create(outcome="ASK_MORE", revision=0, reason_code="BLURRED", **told)
    KycNote.objects.create(**told)
    picture = {"object_name": user.id.hex, "content_type": "image/jpeg", "size": 1, "uploaded_at": at}
    KycDocument.objects.create(application=application, kind="PASSPORT", **picture)
    sealed = {"sealed": "v1:sealed", "blind_index": user.id.hex, "last_four": "8901"}
    IdentityNumber.objects.create(customer_id=user.pk, kind="BVN", **sealed)
    BankAccountClaim.objects.create(application=application, bank_code="058", **sealed)
    KycCheck.objects.create(
        application=application, kind="BVN", source="x", outcome="MATCH", revision=0, at=at
    )
    change = {"from_status": "ACTIVE", "to_status": "ACTIVE", "cause": "STAFF", "reason_code": "x", "at": at}
    CustomerStatusChange.objects.create(customer_id=user.pk, text="what colleagues think", by=agent, **change)


def furnish_checks(user: User) -> None:
    """A check to be made of this person, and a hit that may mean them."""
    with acting_as_service():
        mine = user.customer.kyc_applications
        application = mine.first() or mine.create(target_tier=2, expires_at=timezone.now())
        application.check_jobs.create(kind="BVN", revision=0)
        entry = {"list_name": "UN", "external_id": "1", "content": user.id.hex, "entry": {}, "score": 1}
        user.customer.screening_hits.create(**entry)


@pytest.fixture
def people(db) -> tuple[User, User]:
    ada, bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
    for user in (ada, bola):
        furnish(user)
        furnish_checks(user)
    return ada, bola


def attempt(statement: str, *params: object) -> int | str:
    """How many rows a statement reached, or `denied`."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchone()[0] if cursor.description else cursor.rowcount
    except Error as error:
        assert isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege), error
        return "denied"


def owner_key(table: str, user: User) -> object:
    with acting_as_service():
        match table:
            case "account_emailconfirmation":
                return user.emailaddress_set.get().id
            case "accounts_kyccheckjob":
                return user.customer.kyc_applications.get().pk
            case "accounts_webhookattempt":
                firm = user.memberships.get().organization
                return firm.webhook_endpoints.get().deliveries.get().pk
            case name if name.startswith(("accounts_organization", "accounts_webhook")):
                return user.memberships.get().organization_id
            case "accounts_refreshtoken" | "accounts_factorchallenge":
                return user.sign_ins.get().id
            case "accounts_referraldue" | "accounts_referralhistory":
                return Referral.objects.get(referrer=user).pk
            case "accounts_spentapptoken":
                return user.app_grants.get().id
            case name if (
                name.startswith(("accounts_kyc", "accounts_bankaccount")) and "_id" in OWNED_BY[name]
            ):
                return user.pk if OWNED_BY[name] == "customer_id" else user.customer.kyc_applications.get().pk
            case "socialaccount_socialtoken":
                return user.socialaccount_set.get().id
    return user.id


def test_no_table_about_people_is_missing_from_these_tests(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'p') and not relispartition"
        )
        found = {name for (name,) in cursor.fetchall() if name.startswith(PREFIXES)}
    assert found - {"django_migrations"} == OWNED_BY.keys() | CATALOGUES


def test_another_customer_sees_and_changes_nothing(people, subtests):
    ada, bola = people
    for table, column in OWNED_BY.items():
        with subtests.test(table):
            hers = owner_key(table, ada)
            with acting_as_service():
                assert attempt(f"select count(*) from {table} where {column} = %s", hers) >= 1
            with acting_as(bola):
                assert attempt(f"select count(*) from {table} where {column} = %s", hers) in (0, "denied")
                rewrite = f"update {table} set {column} = {column} where {column} = %s"
                assert attempt(rewrite, hers) in (0, "denied")
                assert attempt(f"delete from {table} where {column} = %s", hers) in (0, "denied")
                assert attempt(f"truncate {table} cascade") == "denied"


def test_a_stranger_sees_and_changes_nothing(people, subtests):
    for table in OWNED_BY.keys() | CATALOGUES:
        with subtests.test(table), acting_as_anon():
            assert attempt(f"select count(*) from {table}") == "denied"
            assert attempt(f"delete from {table}") == "denied"
            assert attempt(f"insert into {table} default values") == "denied"
            assert attempt(f"truncate {table} cascade") == "denied"


def test_with_nobody_acting_nothing_is_seen_or_changed(people, subtests):
    for table in (OWNED_BY.keys() | CATALOGUES) - {"accounts_browsersession"}:
        with subtests.test(table):
            assert attempt(f"select count(*) from {table}") == "denied"
            assert attempt(f"delete from {table}") == "denied"
            assert attempt(f"insert into {table} default values") == "denied"


def test_of_ones_own_rows_one_sees_what_is_meant_for_one_and_no_more(people, subtests):
    ada, _bola = people
    for table, column in OWNED_BY.items():
        with subtests.test(table):
            with acting_as(ada):
                seen = attempt(f"select count(*) from {table}")
                hers = attempt(f"select count(*) from {table} where {column} = %s", owner_key(table, ada))
            if table in SEEN_BY_THEIR_OWNER:
                assert seen == hers >= 1
            else:
                assert seen == "denied"


SELF_MADE = [
    "update accounts_user set role = 'ADMIN'",
    "update accounts_user set is_superuser = true",
    "update accounts_user set password = ''",
    "update accounts_user set email = 'other@alajo.test'",
    "update accounts_customer set tier = 3",
    "update accounts_customer set status = 'ACTIVE'",
    "update accounts_profile set handle = 'someone'",
    "update accounts_notification set event = 'x'",
    "update accounts_notification set user_id = gen_random_uuid()",
    "delete from accounts_notification",
    "update accounts_notification set muted = true",
    "update accounts_notificationpreference set wanted = false",
    "delete from accounts_notificationpreference",
    "insert into accounts_notificationpreference (id) values (gen_random_uuid())",
    "update accounts_notificationsettings set digest = 'DAILY'",
    "update accounts_notificationdelivery set state = 'WAITING'",
    "delete from accounts_user",
    "delete from mfa_authenticator",
    "insert into accounts_apikey (id) values (gen_random_uuid())",
    "update accounts_apikey set scopes = '[]'",
    "update accounts_apikey set revoked_at = null",
    "insert into accounts_notification (id) values (gen_random_uuid())",
]


def test_one_cannot_make_more_of_oneself_by_sql(people, subtests):
    ada, _bola = people
    for statement in SELF_MADE:
        with subtests.test(statement), acting_as(ada):
            assert attempt(statement) == "denied"


def test_ones_own_notices_can_be_marked_as_read_and_nobody_elses(people):
    ada, bola = people
    with acting_as(ada):
        assert attempt("update accounts_notification set read_at = now()") == 1
        assert attempt("update accounts_notification set read_at = now() where user_id = %s", bola.id) == 0
    with acting_as_service():
        assert Notification.objects.get(user=bola).read_at is None


INSERT = (
    "insert into accounts_auditevent (id, action, actor_id, actor_role, target_type, target_id, data, "
    "user_agent, request_id, recorded_at) values (uuidv7(), 'forged', %s, %s, '', '', '{}', '', '', now())"
)


def test_a_deed_can_be_written_down_only_as_ones_own(people):
    ada, bola = people
    with acting_as(ada):
        assert attempt(INSERT, ada.id, "authenticated") == 1
        assert attempt(INSERT, bola.id, "authenticated") == "denied"
        assert attempt(INSERT, ada.id, "service_role") == "denied"
        assert attempt(INSERT, None, "authenticated") == "denied"
    with acting_as_anon():
        assert attempt(INSERT, ada.id, "authenticated") == "denied"


@pytest.mark.parametrize(
    "statement",
    [
        "update accounts_auditevent set action = 'other'",
        "delete from accounts_auditevent",
        "truncate accounts_auditevent",
    ],
)
def test_the_audit_trail_is_only_ever_added_to_whoever_acts(people, statement):
    ada, _bola = people
    for block in (acting_as_service(), acting_as(ada), acting_as_anon()):
        with block:
            assert attempt(statement) == "denied"
    assert attempt(statement) == "denied"


@pytest.mark.parametrize("role", ["alajo_owner", "postgres"])
@pytest.mark.parametrize("table", ["the table", "its month"])
@pytest.mark.parametrize("statement", ["update {} set action = 'other'", "delete from {}", "truncate {}"])
def test_not_even_the_owner_or_the_superuser_rewrites_the_trail(transactional_db, role, table, statement):
    make_person()
    name = "accounts_auditevent"
    if table == "its month":
        name += timezone.now().strftime("_y%Ym%m")
    dsn = Postgres(settings.TEST_ROOT).dsn(role=role, dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn, autocommit=True) as database:
        before = database.execute(
            "select count(*) from accounts_auditevent where action <> 'other'"
        ).fetchone()
        with contextlib.suppress(psycopg.Error):
            assert database.execute(statement.format(name)).rowcount == 0
        assert (
            database.execute("select count(*) from accounts_auditevent where action <> 'other'").fetchone()
            == before
        )
    assert before[0] >= 1
