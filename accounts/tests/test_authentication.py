"""Who may call `/api/v1`, and what does not help those who may not."""

import logging
import threading
from datetime import timedelta

import jwt
import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import access_tokens, factors
from accounts import api_keys as keys
from accounts.models import ApiKey, Membership, Organization, Session, User
from accounts.services import api_keys, sessions
from accounts.services.api_keys import Made
from accounts.tests.factories import bearer, make_organization, make_person
from core.actors import OrganizationCaller, acting_as, acting_as_anon, acting_as_service, become_bearer
from core.embedded import Postgres

pytestmark = pytest.mark.usefixtures("transactional_db")
CURRENT, ACCOUNTS = "/api/v1/api-keys/current", "/api/v1/accounts"


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(owner=ada)


def make(firm: Organization, by: User, **changes: object) -> Made:
    order = {"name": "Shop", "mode": "TEST", "scopes": ["accounts:read"], "at": timezone.now()}
    return api_keys.make(organization_id=firm.pk, by=by, **{**order, **changes})


def ask(token: str, path: str = CURRENT, **extra: object) -> HttpResponse:
    return Client().get(
        path, headers={"Authorization": f"Bearer {token}", **extra.pop("headers", {})}, **extra
    )


def code(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


REFUSED = (401, "authentication_failed")


class TestKeys:
    def test_a_key_can_be_read_about_by_who_holds_it(self, firm: Organization, ada: User) -> None:
        networks = ["127.0.0.0/8"]
        made = make(firm, ada, networks=networks, expires_at=timezone.now() + timedelta(days=1))
        body = ask(made.secret).json()
        assert (body["object"], body["name"], body["mode"]) == ("api_key", "Shop", "TEST")
        assert body["scopes"] == ["accounts:read"] and body["allowed_networks"] == networks
        assert body["last_four"] == made.secret[-4:] and body["expires_at"].endswith("Z")
        assert made.secret not in str(body) and "digest" not in body

    def test_a_key_with_a_wrong_check_asks_nothing_of_the_database(
        self, firm: Organization, ada: User
    ) -> None:
        secret = make(firm, ada).secret
        last = "a" if secret[-1] != "a" else "b"
        for wrong in (secret[:-1] + last, secret[:-1], secret + "a", "alj_live_", "alj_test_" + "é" * 38):
            headers = {"Authorization": f"Bearer {wrong}"}
            with CaptureQueriesContext(connection) as queries:
                assert code(Client().get(ACCOUNTS, headers=headers)) == REFUSED
                assert code(Client().post("/api/v1/deposits", headers=headers)) == REFUSED
                assert code(Client().post("/api/v1/transfers", headers=headers)) == REFUSED
            assert len(queries) == 0

    def test_unknown_revoked_expired_and_rolled_out_keys_get_one_and_the_same_answer(
        self, firm: Organization, ada: User
    ) -> None:
        at = timezone.now()
        revoked, rolled = make(firm, ada), make(firm, ada)
        expired = make(firm, ada, at=at - timedelta(days=2), expires_at=at - timedelta(seconds=1))
        for made in (revoked, rolled):
            assert ask(made.secret).status_code == 200
        api_keys.revoke(key_id=revoked.key.pk, by=ada, at=at)
        api_keys.roll(key_id=rolled.key.pk, by=ada, overlap=timedelta(0), at=at)
        bodies = set()
        for secret in (revoked.secret, rolled.secret, expired.secret, keys.new_key("TEST"), "alj_test_x"):
            answer = ask(secret)
            assert code(answer) == REFUSED and answer["WWW-Authenticate"].startswith("Bearer")
            bodies.add(tuple((k, str(v)) for k, v in answer.json().items() if k != "request_id"))
        assert len(bodies) == 1

    def test_a_rolled_key_works_until_the_overlap_is_over(
        self, firm: Organization, ada: User, time_machine
    ) -> None:
        old = make(firm, ada)
        new = api_keys.roll(key_id=old.key.pk, by=ada, overlap=timedelta(hours=1), at=timezone.now())
        assert ask(old.secret).status_code == ask(new.secret).status_code == 200
        time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=1))
        assert code(ask(old.secret)) == REFUSED and ask(new.secret).status_code == 200

    def test_a_key_of_a_closed_organisation_opens_nothing(self, firm: Organization, ada: User) -> None:
        secret = make(firm, ada).secret
        with acting_as_service():
            Organization.objects.update(closed_at=timezone.now())
        assert code(ask(secret)) == REFUSED

    def test_what_another_process_revokes_or_changes_holds_at_once(
        self, firm: Organization, ada: User
    ) -> None:
        made = make(firm, ada)
        assert ask(made.secret, ACCOUNTS).status_code == 200
        name = django_settings.DATABASES["default"]["NAME"]
        dsn = Postgres(django_settings.TEST_ROOT).dsn(role="postgres", dbname=name)
        with psycopg.connect(dsn, autocommit=True) as elsewhere:
            elsewhere.execute("update accounts_apikey set scopes = '[]' where id = %s", [made.key.pk])
            assert code(ask(made.secret, ACCOUNTS)) == (403, "scope_missing")
            elsewhere.execute("update accounts_apikey set revoked_at = now() where id = %s", [made.key.pk])
            assert code(ask(made.secret)) == REFUSED

    def test_a_thread_with_a_connection_of_its_own_hears_of_it_too(
        self, firm: Organization, ada: User
    ) -> None:
        made, answers = make(firm, ada), []
        first_is_done, revoked = threading.Event(), threading.Event()

        def program() -> None:
            try:
                answers.append(ask(made.secret).status_code)
                first_is_done.set()
                revoked.wait(10)
                answers.append(ask(made.secret).status_code)
            finally:
                connection.close()

        thread = threading.Thread(target=program)
        thread.start()
        assert first_is_done.wait(10)
        api_keys.revoke(key_id=made.key.pk, by=ada, at=timezone.now())
        revoked.set()
        thread.join(10)
        assert answers == [200, 401]

    def test_a_missing_scope_is_named_and_no_scope_is_part_of_another(
        self, firm: Organization, ada: User
    ) -> None:
        answer = ask(make(firm, ada, scopes=["transactions:read"]).secret, ACCOUNTS)
        assert code(answer) == (403, "scope_missing") and answer.json()["data"] == {"scope": "accounts:read"}
        with acting_as_service():
            ApiKey.objects.update(scopes=["accounts:read:more", "accounts"])
        assert code(ask(make(firm, ada, scopes=[]).secret, ACCOUNTS)) == (403, "scope_missing")

    def test_its_last_use_is_noted_once_a_minute(self, firm: Organization, ada: User) -> None:
        made = make(firm, ada)

        def last_used():
            with acting_as_service():
                return ApiKey.objects.get(pk=made.key.pk).last_used_at

        assert last_used() is None
        ask(made.secret)
        first = last_used()
        assert first is not None
        ask(made.secret)
        assert last_used() == first
        cache.delete(f"api-key-used:{made.key.pk}")
        ask(made.secret)
        assert last_used() > first

    def test_a_refused_key_is_not_noted_as_used(self, firm: Organization, ada: User) -> None:
        made = make(firm, ada, networks=["198.51.100.7"])
        assert code(ask(made.secret)) == (403, "address_not_allowed")
        with acting_as_service():
            assert ApiKey.objects.get().last_used_at is None

    def test_a_command_makes_a_key_in_development_only(
        self, firm: Organization, ada: User, settings, capsys
    ) -> None:
        for arguments, mode in (([], "TEST"), (["--live"], "LIVE")):
            call_command("api_key", firm.slug, *arguments)
            assert ask(capsys.readouterr().out.strip()).json()["mode"] == mode
        with pytest.raises(CommandError, match="no organisation nowhere"):
            call_command("api_key", "nowhere")
        settings.SANDBOX = False
        with pytest.raises(CommandError, match="development only"):
            call_command("api_key", firm.slug)

    def test_the_key_is_in_no_log(self, firm: Organization, ada: User, caplog) -> None:
        caplog.set_level(logging.DEBUG)
        made = make(firm, ada, mode="LIVE")
        for path in (CURRENT, ACCOUNTS, "/api/v1/transfers"):
            ask(made.secret, path)
        api_keys.revoke(key_id=made.key.pk, by=ada, at=timezone.now())
        ask(made.secret)
        assert made.secret not in caplog.text and keys.digest_of(made.secret) not in caplog.text


class TestNetworks:
    @pytest.mark.parametrize(
        ("network", "caller", "status"),
        [
            ("203.0.113.0/24", "203.0.113.9", 200),
            ("203.0.113.0/24", "203.0.114.9", 403),
            ("203.0.113.9", "203.0.113.9", 200),
            ("203.0.113.9", "203.0.113.10", 403),
            ("203.0.113.0/24", "::ffff:203.0.113.9", 200),
            ("203.0.113.0/24", "::ffff:203.0.114.9", 403),
            ("::ffff:203.0.113.0/120", "203.0.113.9", 200),
            ("2001:db8::/32", "2001:db8::7", 200),
            ("2001:db8::/32", "203.0.113.9", 403),
            ("0.0.0.0/0", "2001:db8::7", 403),
            ("203.0.113.0/24", "", 403),
        ],
    )
    def test_a_key_is_good_only_within_its_networks(
        self, firm: Organization, ada: User, network: str, caller: str, status: int
    ) -> None:
        answer = ask(make(firm, ada, networks=[network]).secret, REMOTE_ADDR=caller)
        assert answer.status_code == status
        if status == 403:
            assert code(answer) == (403, "address_not_allowed")

    def test_an_address_in_a_header_is_believed_only_from_proxies_of_ours(
        self, firm: Organization, ada: User, settings
    ) -> None:
        secret = make(firm, ada, networks=["203.0.113.0/24"]).secret
        forged = {
            "X-Forwarded-For": "203.0.113.9",
            "X-Real-Ip": "203.0.113.9",
            "Forwarded": "for=203.0.113.9",
        }
        assert code(ask(secret, headers=forged)) == (403, "address_not_allowed")
        settings.TRUSTED_PROXY_COUNT = 1
        assert ask(secret, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200
        forged = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
        assert code(ask(secret, headers=forged)) == (403, "address_not_allowed")

    def test_a_wrong_key_from_a_wrong_place_tells_nothing_of_the_place(
        self, firm: Organization, ada: User
    ) -> None:
        made = make(firm, ada, networks=["203.0.113.0/24"])
        api_keys.revoke(key_id=made.key.pk, by=ada, at=timezone.now())
        assert code(ask(made.secret)) == REFUSED


class TestTokens:
    def test_a_token_has_every_scope_and_is_no_key(self, ada: User) -> None:
        headers = bearer(ada)
        assert Client().get(ACCOUNTS, headers=headers).status_code == 200
        assert Client().get(CURRENT, headers=headers).status_code == 404

    def test_its_session_ends_and_it_is_refused_at_once(self, ada: User) -> None:
        headers = bearer(ada)
        assert Client().get(ACCOUNTS, headers=headers).status_code == 200
        sessions.end_all(user=ada, reason=Session.Reason.ENDED, at=timezone.now())
        assert code(Client().get(ACCOUNTS, headers=headers)) == REFUSED

    @pytest.mark.parametrize("field", ["is_active", "deleted_at", "banned_until"])
    def test_a_person_who_is_barred_gets_nowhere(self, ada: User, field: str) -> None:
        headers = bearer(ada)
        value = False if field == "is_active" else timezone.now() + timedelta(hours=1)
        with acting_as_service():
            User.objects.filter(pk=ada.pk).update(**{field: value})
        assert code(Client().get(ACCOUNTS, headers=headers)) == REFUSED

    def test_a_command_prints_a_token_in_development_only(self, ada: User, settings, capsys) -> None:
        call_command("access_token", ada.email.upper())
        token = capsys.readouterr().out.strip()
        assert ask(token, ACCOUNTS).status_code == 200
        assert jwt.decode(token, options={"verify_signature": False})["aal"] == "aal1"
        factors.enrol_totp(user=ada)
        call_command("access_token", ada.email)
        token = capsys.readouterr().out.strip()
        assert jwt.decode(token, options={"verify_signature": False})["aal"] == "aal2"
        with pytest.raises(CommandError, match="no active user"):
            call_command("access_token", "nobody@alajo.test")
        settings.SANDBOX = False
        with pytest.raises(CommandError, match="development only"):
            call_command("access_token", ada.email)

    def test_an_expired_token_is_refused(self, ada: User, time_machine) -> None:
        headers = bearer(ada)
        time_machine.move_to(timezone.now() + timedelta(seconds=django_settings.ACCESS_TOKEN_SECONDS + 10))
        assert code(Client().get(ACCOUNTS, headers=headers)) == REFUSED

    @pytest.mark.parametrize("role", access_tokens.STATIC_ROLES)
    def test_the_key_of_an_app_is_nobody_here(self, ada: User, role: str) -> None:
        assert code(ask(access_tokens.static_key(role), ACCOUNTS)) == REFUSED

    def test_nobody_signs_a_token_by_themselves(self, ada: User) -> None:
        token = bearer(ada)["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        kid = jwt.get_unverified_header(token)["kid"]
        public = str(access_tokens.jwks()[0])
        forged = [
            jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
            jwt.encode(claims, public.ljust(64, "x"), algorithm="HS256", headers={"kid": kid}),
            jwt.encode(claims, django_settings.JWT_SECRET, algorithm="HS256"),
            token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
        ]
        for attempt in forged:
            assert code(ask(attempt, ACCOUNTS)) == REFUSED

    def test_policies_read_the_claims_and_nobody_claims_an_organisation(
        self, ada: User, firm: Organization
    ) -> None:
        stranger = make_person(name="Bola Ade")
        session = sessions.start(user=stranger, face="APP", method="password", at=timezone.now())
        claims = access_tokens.claims_of(user=stranger, session=session, at=timezone.now())
        with acting_as_anon(), connection.cursor() as cursor:
            become_bearer({**claims, "org_id": str(firm.pk), "role": "service_role"})
            cursor.execute("select auth.jwt() ->> 'aal', auth.role(), count(*) from accounts_organization")
            assert cursor.fetchone() == ("aal1", "authenticated", 0)


class TestQueries:
    def count(self, headers: dict[str, str], path: str) -> int:
        Client().get(path, headers=headers)
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(path, headers=headers).status_code < 500
        return len(queries)

    def test_signing_in_takes_two_queries_at_most(self, firm: Organization, ada: User) -> None:
        alone = self.count({"Authorization": "Bearer unknown"}, CURRENT)
        key = {"Authorization": f"Bearer {make(firm, ada).secret}"}
        assert self.count(key, CURRENT) - alone <= 2
        assert self.count(bearer(ada), CURRENT) - alone <= 2


class TestRows:
    """By raw SQL, past every view."""

    def reach(self, statement: str, *params: object) -> object:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, params)
                return cursor.fetchall() if cursor.description else cursor.rowcount
        except Exception as error:
            assert isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege), error
            return "denied"

    def test_managers_see_keys_without_digests_and_members_see_none(
        self, firm: Organization, ada: User
    ) -> None:
        made, member = make(firm, ada), make_person(name="Bola Ade")
        with acting_as_service():
            Membership.objects.create(organization=firm, user=member, role="MEMBER")
        with acting_as(ada):
            assert self.reach("select id from accounts_apikey") == [(made.key.pk,)]
            assert self.reach("select digest from accounts_apikey") == "denied"
            assert self.reach("update accounts_apikey set revoked_at = null") == "denied"
        for nobody in (acting_as(member), acting_as(make_person(name="Chidi"))):
            with nobody:
                assert self.reach("select id from accounts_apikey") == []
                assert self.reach("select digest from accounts_apikey") == "denied"
        with acting_as_anon():
            assert self.reach("select id from accounts_apikey") == "denied"

    def test_a_stranger_may_ask_only_by_a_whole_digest(self, firm: Organization, ada: User) -> None:
        made = make(firm, ada)
        with acting_as_anon():
            for guess in (None, "", "%", made.key.digest[:-1], made.secret):
                assert self.reach("select * from auth.api_key(%s)", guess) == []
        with acting_as(ada):
            assert self.reach("select * from auth.api_key(%s)", made.key.digest) == "denied"

    def test_an_organisation_sees_itself_and_no_key_and_nobody_elses_requests(
        self, firm: Organization, ada: User
    ) -> None:
        key = make(firm, ada).key
        other = make_organization(owner=make_person(name="Bola Ade"))
        with acting_as(OrganizationCaller(id=firm.pk, key_id=key.pk, mode="TEST")):
            assert self.reach("select id from accounts_organization") == [(firm.pk,)]
            caller = OrganizationCaller(id=firm.pk, key_id=key.pk, mode="TEST")
            assert Organization.objects.visible_to(caller).get() == firm
            assert not Session.objects.visible_to(caller).exists()
            assert not ApiKey.objects.visible_to(caller).exists()
            assert self.reach("select id from accounts_organization where id = %s", other.pk) == []
            assert self.reach("select id from accounts_apikey") == []
            for table in ("accounts_user", "accounts_customer", "wallet_account", "core_idempotencykey"):
                assert self.reach(f"select count(*) from {table}") == [(0,)], table


class TestLimits:
    def test_a_key_has_its_limit_and_all_keys_of_an_organisation_have_theirs(
        self, firm: Organization, ada: User, settings
    ) -> None:
        settings.API_RATE_LIMITS = {"default": "2/minute", "organization": "3/minute"}
        first, second = make(firm, ada).secret, make(firm, ada).secret
        answer = ask(first)
        assert answer["RateLimit-Policy"] == '"default";q=2;w=60, "organization";q=3;w=60'
        assert [part.partition(";t=")[0] for part in answer["RateLimit"].split(", ")] == [
            '"default";r=1',
            '"organization";r=2',
        ]
        assert ask(first).status_code == 200
        assert code(ask(first)) == (429, "throttled")
        assert ask(second).status_code == 200
        assert code(ask(second)) == (429, "throttled")
        other = make_organization(owner=ada)
        assert ask(make(other, ada).secret).status_code == 200
