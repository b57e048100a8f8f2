"""`/auth/v1/user`, its sessions, and logout."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, Customer, OneTimeCode, Session, User
from accounts.models.people import Role
from accounts.services import sessions
from accounts.tests.factories import PASSWORD, make_person, sign_in
from accounts.tests.wire import call, log_in, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
ANOTHER = "another-long-secret"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bearer(client, ada) -> str:
    return str(log_in(client)["access_token"])


def furnish(user: User) -> None:
    with acting_as_service():
        for number in range(3):
            SocialAccount.objects.create(
                user=user, provider="github", uid=f"{number}", extra_data={"email": "x@y.z"}
            )
        Authenticator.objects.create(user=user, type="totp", data={"secret": "sealed"})
        Authenticator.objects.create(
            user=user, type="webauthn", data={"name": "Phone"}, last_used_at=timezone.now()
        )
        Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "sealed"})


def test_the_person_their_accounts_and_factors_are_one_query(client, ada, bearer):
    furnish(ada)
    call(client, "GET", "user", bearer=bearer)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = call(client, "GET", "user", bearer=bearer)
    data = [query["sql"] for query in asked if "accounts_" in query["sql"] or "allauth" in query["sql"]]
    assert len(data) == 1, data
    others = [query["sql"] for query in asked if query["sql"] not in data]
    assert all("set_config" in sql or sql in ("BEGIN", "COMMIT") for sql in others), others
    user = answer.json()
    assert [identity["provider"] for identity in user["identities"]] == [
        "email",
        "github",
        "github",
        "github",
    ]
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"] + ["github"] * 3}
    assert [(factor["factor_type"], factor["friendly_name"]) for factor in user["factors"]] == [
        ("totp", ""),
        ("webauthn", "Phone"),
    ]
    assert user["factors"][1]["last_challenged_at"].endswith("Z")
    assert "sealed" not in answer.content.decode()


def test_what_one_query_reads_is_what_the_relations_hold(client, ada, bearer):
    furnish(ada)
    seen = call(client, "GET", "user", bearer=bearer).json()
    fresh = log_in(client)["user"]
    for name in ("identities", "factors"):
        for one in (*seen[name], *fresh[name]):
            one.pop("last_sign_in_at", None)
        assert seen[name] == fresh[name]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"is_active": False}, "user_banned"),
        ({"banned_until": timezone.now() + timedelta(days=1)}, "user_banned"),
        ({"deleted_at": timezone.now()}, "user_not_found"),
    ],
)
def test_the_token_of_somebody_barred_opens_nothing(client, ada, bearer, values, code):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(**values)
    for method, path in [("GET", "user"), ("PUT", "user"), ("GET", "user/sessions"), ("POST", "logout")]:
        assert refused(call(client, method, path, {}, bearer=bearer)) == (403, code)


def test_a_session_whose_row_is_gone_opens_nothing(client, ada, bearer):
    with acting_as_service():
        Session.objects.all().delete()
    assert refused(call(client, "GET", "user", bearer=bearer)) == (403, "session_not_found")


def put(client: Client, bearer: str, **body: object):
    return call(client, "PUT", "user", body, bearer=bearer)


def stored(user: User) -> User:
    with acting_as_service():
        return User.objects.get(pk=user.pk)


def test_data_is_merged_and_null_takes_a_name_away(client, ada, bearer):
    put(client, bearer, data={"a": 1, "b": {"c": 2}})
    answer = put(client, bearer, data={"a": None, "b": {"d": 3}, "e": "f"})
    assert answer.json()["user_metadata"] == {"b": {"d": 3}, "e": "f"}
    assert stored(ada).user_metadata == {"b": {"d": 3}, "e": "f"}


def test_two_apps_that_add_data_at_once_lose_nothing(ada):
    bearer = str(log_in(Client())["access_token"])

    def add(number: int) -> int:
        try:
            return put(Client(), bearer, data={f"n{number}": number}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(add, range(6))) == {200}
    assert len(stored(ada).user_metadata) == 6


def test_data_grows_no_further_than_its_bound(client, ada, bearer):
    for name in "ab":
        assert put(client, bearer, data={name: "x" * 8_000}).status_code == 200
    assert refused(put(client, bearer, data={"c": "x" * 1_000})) == (400, "validation_failed")
    assert refused(put(client, bearer, data=[1])) == (400, "validation_failed")
    assert sorted(stored(ada).user_metadata) == ["a", "b"]


def test_nobody_raises_themselves(client, ada, bearer):
    power = {
        "role": "ADMIN",
        "tier": 3,
        "is_superuser": True,
        "app_metadata": {"admin": True},
        "banned_until": None,
    }
    answer = put(client, bearer, **power, data={"email_verified": True, "sub": "x", "tier": 3})
    assert answer.status_code == 200
    user = stored(ada)
    assert (user.role, user.is_superuser, user.app_metadata) == (Role.USER, False, {})
    assert user.user_metadata == {"tier": 3}
    with acting_as_service():
        assert Customer.objects.get(user=user).tier == 1


def test_a_new_password_ends_every_other_session_on_every_face(client, ada, bearer):
    other, browser = log_in(Client()), Client()
    sign_in(browser, ada)
    answer = put(client, bearer, password=ANOTHER)
    assert answer.status_code == 200, answer.content
    assert stored(ada).check_password(ANOTHER)
    assert call(client, "GET", "user", bearer=bearer).status_code == 200
    assert refused(call(client, "GET", "user", bearer=other["access_token"])) == (403, "session_not_found")
    refreshed = call(
        client, "POST", "token?grant_type=refresh_token", {"refresh_token": other["refresh_token"]}
    )
    assert refused(refreshed) == (400, "session_expired")
    assert browser.get("/home/").status_code == 302
    assert [letter.subject for letter in mail.outbox] == ["Your password was changed"]
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.password.changed", actor_id=ada.id).count() == 1


def grow_old(user: User) -> None:
    with acting_as_service():
        Session.objects.filter(user=user).update(created_at=timezone.now() - timedelta(hours=25))


def test_a_session_of_yesterday_must_name_the_password_in_force(client, ada, bearer):
    grow_old(ada)
    assert refused(put(client, bearer, password=ANOTHER)) == (422, "reauthentication_needed")
    wrong = put(client, bearer, password=ANOTHER, current_password="wrong-" + PASSWORD)
    assert refused(wrong) == (400, "current_password_invalid")
    nonce = put(client, bearer, password=ANOTHER, nonce="123456")
    assert refused(nonce) == (422, "reauthentication_not_valid")
    assert stored(ada).check_password(PASSWORD)
    assert put(client, bearer, password=ANOTHER, current_password=PASSWORD).status_code == 200


def test_a_mailed_code_proves_it_too_and_once(client, ada, bearer):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(email_confirmed_at=timezone.now())
    grow_old(ada)
    assert call(client, "GET", "reauthenticate", bearer=bearer).status_code == 200
    nonce = re.search(r"^\s*(\d{6})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    wrong = f"{(int(nonce) + 1) % 1_000_000:06}"
    for _guess in range(2):
        answer = put(client, bearer, password=ANOTHER, nonce=wrong)
        assert refused(answer) == (422, "reauthentication_not_valid")
    with acting_as_service():
        assert OneTimeCode.objects.get().attempts == 2  # the refusal did not undo the counting
    assert put(client, bearer, password=ANOTHER, nonce=nonce).status_code == 200
    again = put(client, bearer, password="a-third-long-secret", nonce=nonce)
    assert refused(again) == (422, "reauthentication_not_valid")


def test_a_wrong_current_password_is_refused_however_fresh_the_session(client, ada, bearer):
    answer = put(client, bearer, password=ANOTHER, current_password="wrong-" + PASSWORD)
    assert refused(answer) == (400, "current_password_invalid")


def test_a_stolen_token_is_not_a_way_to_guess_the_password(client, ada, bearer):
    tries = [
        put(client, bearer, password=ANOTHER, current_password=f"guess-number-{number}").status_code
        for number in range(11)
    ]
    assert tries == [400] * 10 + [429]


@pytest.mark.parametrize(
    ("password", "status", "code"),
    [
        (PASSWORD, 422, "same_password"),
        ("short", 422, "weak_password"),
        ("x" * 73, 400, "validation_failed"),
        (12345678901, 400, "validation_failed"),
    ],
)
def test_a_bad_new_password_changes_nothing(client, ada, bearer, password, status, code):
    assert refused(put(client, bearer, password=password, data={"a": 1})) == (status, code)
    assert stored(ada).check_password(PASSWORD)
    assert stored(ada).user_metadata == {}


def test_what_is_refused_in_part_is_refused_whole(client, ada, bearer):
    answer = put(client, bearer, password=ANOTHER, data={"a": "x" * 17_000})
    assert refused(answer) == (400, "validation_failed")
    assert stored(ada).check_password(PASSWORD)
    assert mail.outbox == []


def test_a_second_factor_is_asked_for_before_password_or_address_change_but_not_for_data(client, ada, bearer):
    with acting_as_service():
        Authenticator.objects.create(user=ada, type="totp", data={"secret": "sealed"})
    assert refused(put(client, bearer, password=ANOTHER)) == (401, "insufficient_aal")
    assert refused(put(client, bearer, email="new@alajo.test")) == (401, "insufficient_aal")
    assert put(client, bearer, data={"a": 1}).status_code == 200
    with acting_as_service():
        sessions.prove(session_id=Session.objects.get().pk, method="totp", at=timezone.now())
    assert put(client, bearer, password=ANOTHER).status_code == 200


def test_a_new_address_waits_for_both_to_agree(client, ada, bearer):
    answer = put(client, bearer, email=" New@Alajo.test ")
    assert answer.status_code == 200, answer.content
    shape = answer.json()
    assert (shape["email"], shape["new_email"]) == ("ada@alajo.test", "new@alajo.test")
    assert shape["email_change_sent_at"]
    assert [letter.to for letter in mail.outbox] == [["ada@alajo.test"], ["new@alajo.test"]]
    assert stored(ada).email == "ada@alajo.test"


def test_an_address_that_has_an_account_is_not_told_of(client, ada, bearer):
    make_person(email="bola@alajo.test")
    taken = put(client, bearer, email="bola@alajo.test")
    assert (taken.status_code, taken.json()["new_email"]) == (200, "bola@alajo.test")
    assert "already has one" in next(
        letter.body for letter in mail.outbox if letter.to == ["bola@alajo.test"]
    )
    assert len(mail.outbox) == 2


def test_the_own_address_and_a_broken_one_send_no_mail(client, ada, bearer):
    assert put(client, bearer, email="ADA@alajo.test").status_code == 200
    assert refused(put(client, bearer, email="no address")) == (400, "validation_failed")
    assert mail.outbox == []


def test_a_phone_is_refused(client, ada, bearer):
    assert refused(put(client, bearer, phone="+2348012345678")) == (400, "phone_provider_disabled")


@pytest.mark.parametrize(
    ("scope", "left"), [("local", {"other", "browser"}), ("others", {"mine"}), ("global", set()), ("", set())]
)
def test_logout_ends_what_its_scope_says_at_once_on_every_face(client, ada, scope, left):
    mine, other, browser = log_in(client), log_in(Client()), Client()
    sign_in(browser, ada)
    path = f"logout?scope={scope}" if scope else "logout"
    answer = call(client, "POST", path, bearer=mine["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    opens = {
        "mine": call(client, "GET", "user", bearer=mine["access_token"]).status_code == 200,
        "other": call(client, "GET", "user", bearer=other["access_token"]).status_code == 200,
        "browser": browser.get("/home/").status_code == 200,
    }
    assert {name for name, opened in opens.items() if opened} == left
    with acting_as_service():
        ended = AuditEvent.objects.filter(action="accounts.session.ended")
        assert {event.actor_id for event in ended} == {ada.id}


def test_ending_many_sessions_writes_a_line_for_each_in_one_statement(ada):
    at = timezone.now()
    begun = [sessions.start(user=ada, face=Session.Face.APP, method="password", at=at) for _ in range(5)]
    with acting_as_service():
        with CaptureQueriesContext(connection) as asked:
            assert sessions.end_all(user=ada, reason=Session.Reason.ENDED, at=at) == 5
        lines = AuditEvent.objects.filter(action="accounts.session.ended")
        assert {line.target_id for line in lines} == {str(session.pk) for session in begun}
        assert all(line.data == {"reason": "ENDED", "owner": str(ada.pk)} for line in lines)
    # The lines of the trail, and the word to whoever holds their sockets.
    assert sum("INSERT INTO" in query["sql"] for query in asked.captured_queries) == 2


def test_a_scope_that_there_is_not_ends_nothing(client, ada, bearer):
    assert refused(call(client, "POST", "logout?scope=all", bearer=bearer)) == (400, "validation_failed")
    assert call(client, "GET", "user", bearer=bearer).status_code == 200


def test_logging_out_of_a_page_ends_no_other_session(client, ada, bearer):
    browser = Client()
    sign_in(browser, ada)
    browser.post("/accounts/logout/")
    assert call(client, "GET", "user", bearer=bearer).status_code == 200


def test_the_end_is_known_when_valkey_has_forgotten_it(client, ada, bearer):
    call(client, "POST", "logout", bearer=bearer)
    cache.clear()
    assert refused(call(client, "GET", "user", bearer=bearer)) == (403, "session_not_found")


def test_people_see_and_end_their_own_sessions_and_nobody_elses(client, ada, bearer):
    browser = Client()
    sign_in(browser, ada)
    make_person(email="bola@alajo.test")
    hers = str(log_in(Client(), "bola@alajo.test")["access_token"])
    listed = call(client, "GET", "user/sessions", bearer=bearer).json()["sessions"]
    assert [(row["face"], row["is_current"], row["aal"]) for row in listed] == [
        ("pages", False, "aal1"),
        ("app", True, "aal1"),
    ]
    theirs = call(client, "GET", "user/sessions", bearer=hers).json()["sessions"][0]["id"]
    assert refused(call(client, "DELETE", f"user/sessions/{theirs}", bearer=bearer)) == (
        404,
        "session_not_found",
    )
    assert call(client, "GET", "user", bearer=hers).status_code == 200
    for status in (204, 404):
        assert call(client, "DELETE", f"user/sessions/{listed[0]['id']}", bearer=bearer).status_code == status
    assert browser.get("/home/").status_code == 302
    assert refused(call(client, "DELETE", "user/sessions/not-a-uuid", bearer=bearer)) == (404, "not_found")
