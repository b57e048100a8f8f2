"""`/auth/v1/token`: in by password, on by refresh token."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import bcrypt
import pytest
from django.contrib.auth import hashers
from django.core import mail
from django.db import connection, connections
from django.utils import timezone

from accounts.models import AuditEvent, RefreshToken, Session, User
from accounts.services import refresh, sessions
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.wire import call, log_in, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
WRONG = "wrong-" + PASSWORD


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def by_password(client, email="ada@alajo.test", password=PASSWORD):
    return call(client, "POST", "token?grant_type=password", {"email": email, "password": password})


def by_refresh_token(client, token):
    return call(client, "POST", "token?grant_type=refresh_token", {"refresh_token": token})


def change(user, **values):
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(**values)


def test_a_password_gives_a_session_whose_token_opens_the_user(client, ada):
    session = log_in(client)
    assert session["expires_in"] == 600
    user = call(client, "GET", "user", bearer=session["access_token"]).json()
    assert (user["id"], user["email"]) == (str(ada.id), "ada@alajo.test")


def test_an_address_is_the_same_however_it_is_written(client, ada):
    assert by_password(client, " ADA@Alajo.test ").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@alajo.test", WRONG), ("ada@alajo.test", ""), ("nobody@alajo.test", PASSWORD)],
)
def test_a_wrong_address_and_a_wrong_password_read_the_same(client, ada, email, password):
    answer = by_password(client, email, password)
    assert answer.status_code == 400
    assert answer.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert answer["x-sb-error-code"] == "invalid_credentials"


@pytest.mark.parametrize("email", ["ada@alajo.test", "social@alajo.test", "nobody@alajo.test"])
def test_every_refusal_hashes_once_so_that_its_time_tells_nothing(client, ada, monkeypatch, email):
    with acting_as_service():
        social = make_person(email="social@alajo.test")
        social.set_unusable_password()
        social.save(update_fields=["password"])
    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *words: hashed.append(1) or encode(self, *words)
    )
    assert refused(by_password(client, email, WRONG)) == (400, "invalid_credentials")
    assert hashed == [1]


def test_a_refused_sign_in_is_in_the_trail_of_its_person(client, ada):
    by_password(client, password=WRONG)
    with acting_as_service():
        event = AuditEvent.objects.get(action="accounts.sign_in.refused")
    assert event.actor_id == ada.id
    assert ada.email not in str(event.data)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"is_active": False}, "user_banned"),
        ({"banned_until": timezone.now() + timedelta(days=1)}, "user_banned"),
        ({"deleted_at": timezone.now()}, "invalid_credentials"),
    ],
)
def test_whoever_is_barred_is_not_let_in_and_only_told_why_with_the_password(client, ada, values, code):
    change(ada, **values)
    assert refused(by_password(client)) == (400, code)
    assert refused(by_password(client, password=WRONG)) == (400, "invalid_credentials")


def test_a_ban_that_ran_out_bars_nobody(client, ada):
    change(ada, banned_until=timezone.now() - timedelta(seconds=1))
    assert by_password(client).status_code == 200


def test_an_address_must_be_confirmed_and_only_its_owner_is_told_so(client, ada):
    with acting_as_service():
        ada.emailaddress_set.update(verified=False)
    assert refused(by_password(client)) == (400, "email_not_confirmed")
    assert refused(by_password(client, password=WRONG)) == (400, "invalid_credentials")


def test_guessing_at_one_account_is_stopped_with_a_time_to_wait_from_every_address(client, ada):
    for guess in range(10):
        client.defaults["REMOTE_ADDR"] = f"10.0.0.{guess}"
        by_password(client, password=WRONG)
    client.defaults["REMOTE_ADDR"] = "10.0.1.1"
    answer = by_password(client)
    assert refused(answer) == (429, "over_request_rate_limit")
    assert 1 <= int(answer["Retry-After"]) <= 300
    make_person(email="bola@alajo.test")
    assert by_password(client, "bola@alajo.test").status_code == 200


def test_an_imported_password_works_and_is_hashed_anew_at_the_first_sign_in(client, ada, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.BCryptPasswordHasher",
    ]
    imported = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()
    change(ada, password=f"bcrypt${imported}")
    assert refused(by_password(client, password=WRONG)) == (400, "invalid_credentials")
    assert by_password(client).status_code == 200
    with acting_as_service():
        assert User.objects.get(pk=ada.pk).password.startswith("md5$")
    assert by_password(client).status_code == 200


def test_only_grants_that_there_are_are_taken(client, ada):
    for grant in ("", "implicit", "PASSWORD"):
        assert refused(call(client, "POST", f"token?grant_type={grant}", {})) == (
            400,
            "unsupported_grant_type",
        )
    phone = call(
        client, "POST", "token?grant_type=password", {"phone": "+2348012345678", "password": PASSWORD}
    )
    assert refused(phone) == (400, "phone_provider_disabled")


def test_a_refresh_keeps_the_session_and_its_proofs(client, ada):
    first = log_in(client)
    second = by_refresh_token(client, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    with acting_as_service():
        session = Session.objects.get()
        assert (session.generation, session.methods[0]["method"]) == (1, "password")
        stored = list(RefreshToken.objects.values_list("digest", flat=True))
    assert first["refresh_token"] not in stored


def test_a_lost_answer_is_given_again(client, ada):
    first = log_in(client)["refresh_token"]
    second = by_refresh_token(client, first).json()["refresh_token"]
    assert by_refresh_token(client, first).json()["refresh_token"] == second
    with acting_as_service():
        assert Session.objects.live().count() == 1


def test_a_reused_token_ends_its_family_alarms_and_tells_the_owner_once(client, ada, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    tokens = [log_in(client)["refresh_token"]]
    for step in range(1, 4):
        time_machine.move_to(start + timedelta(seconds=20 * step), tick=False)
        tokens.append(by_refresh_token(client, tokens[-1]).json()["refresh_token"])
    assert refused(by_refresh_token(client, tokens[0])) == (400, "refresh_token_already_used")
    assert refused(by_refresh_token(client, tokens[-1])) == (400, "refresh_token_already_used")
    with acting_as_service():
        assert Session.objects.get().end_reason == Session.Reason.TOKEN_REUSED
        event = AuditEvent.objects.get(action="accounts.refresh_token.reused")
    assert (event.actor_id, event.data["alarm"]) == (ada.id, True)
    (letter,) = mail.outbox
    assert letter.to == ["ada@alajo.test"]
    assert "signed that device out" in letter.body


def test_several_tabs_within_ten_seconds_end_nothing(client, ada, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    first = log_in(client)["refresh_token"]
    second = by_refresh_token(client, first).json()["refresh_token"]
    third = by_refresh_token(client, second).json()["refresh_token"]
    time_machine.move_to(start + timedelta(seconds=9), tick=False)
    assert by_refresh_token(client, first).json()["refresh_token"] == third


@pytest.mark.parametrize("token", ["no-such-token", "Ẹ" * 40, "' or 1=1 --", "x" * 10_000])
def test_an_unknown_refresh_token_is_not_found(client, ada, token):
    answer = by_refresh_token(client, token)
    assert refused(answer) == (400, "refresh_token_not_found")
    assert answer.json()["message"] == "Invalid Refresh Token: Refresh Token Not Found"


def test_a_refresh_token_must_be_given_as_text(client):
    assert refused(by_refresh_token(client, "")) == (400, "validation_failed")
    assert refused(by_refresh_token(client, {"a": 1})) == (400, "validation_failed")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"is_active": False}, "user_banned"),
        ({"banned_until": timezone.now() + timedelta(days=1)}, "user_banned"),
        ({"deleted_at": timezone.now()}, "user_not_found"),
    ],
)
def test_whoever_is_barred_gets_no_more_tokens_and_loses_none(client, ada, values, code):
    token = log_in(client)["refresh_token"]
    change(ada, **values)
    assert refused(by_refresh_token(client, token)) == (400, code)
    with acting_as_service():
        assert Session.objects.get().generation == 0


def test_an_ended_session_has_no_more_tokens(client, ada):
    session = log_in(client)
    assert call(client, "POST", "logout", bearer=session["access_token"]).status_code == 204
    assert refused(by_refresh_token(client, session["refresh_token"])) == (400, "session_expired")


def test_twenty_refreshes_at_once_leave_one_family_that_works(ada):
    at = timezone.now()
    with acting_as_service():
        session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=at)
        token = refresh.first(session=session, at=at)
    together = Barrier(20)

    def once(_turn: int) -> str:
        try:
            together.wait()
            with acting_as_service():
                return refresh.refresh(token=token, at=at).refresh_token
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        given = set(threads.map(once, range(20)))
    assert len(given) == 1
    with acting_as_service():
        assert Session.objects.live().get().generation == 1
        assert refresh.refresh(token=given.pop(), at=at).session.generation == 2


def test_a_session_that_another_holds_too_long_is_a_conflict_and_nothing_is_lost(ada):
    at = timezone.now()
    with acting_as_service():
        session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=at)
        token = refresh.first(session=session, at=at)
    held, done = Event(), Event()

    def hold() -> None:
        try:
            with acting_as_service():
                Session.objects.select_for_update().get(pk=session.pk)
                held.set()
                done.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        held.wait(20)
        with acting_as_service():
            with connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '50ms'")
            with pytest.raises(refresh.TooManyRefreshes):
                refresh.refresh(token=token, at=at)
            assert Session.objects.get().generation == 0
        done.set()
        holding.result()
    with acting_as_service():
        assert refresh.refresh(token=token, at=at).session.generation == 1
