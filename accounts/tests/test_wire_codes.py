"""Codes over `/auth/v1`: asked for, mailed, typed into an app."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import AuditEvent, Customer, User
from accounts.services import codes
from accounts.tests.code_mails import CHALLENGE, PKCE, live, mailed_code, post
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def _list(settings):
    settings.REDIRECT_ALLOW_LIST = ["https://app.example.com/**"]


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


def test_a_code_logs_in(client, ada):
    assert post(client, "otp", {"email": "ADA@alajo.test"}) == {}
    session = post(client, "verify", {"type": "email", "email": "ada@alajo.test", "token": mailed_code()})
    assert session["user"]["id"] == str(ada.id)
    assert access_tokens.read(session["access_token"])["amr"][0]["method"] == "otp"
    assert access_tokens.read(session["access_token"])["aal"] == "aal1"


def test_a_stranger_gets_an_account_without_a_password(client):
    post(client, "otp", {"email": "new@alajo.test", "data": {"name": "Chidi Eze", "plan": "x"}})
    with acting_as_service():
        user = User.objects.get(email="new@alajo.test")
        assert Customer.objects.get(user=user).tier == 1
    assert not user.has_usable_password()
    assert user.email_confirmed_at is None
    session = post(client, "verify", {"type": "email", "email": user.email, "token": mailed_code()})
    assert session["user"]["email_confirmed_at"]
    assert session["user"]["user_metadata"] == {
        "name": "Chidi Eze",
        "plan": "x",
        "sub": str(user.id),
        "email": "new@alajo.test",
        "email_verified": True,
        "phone_verified": False,
    }


def test_the_address_of_a_newcomer_does_not_become_their_public_name(client):
    post(client, "otp", {"email": "secret.name@alajo.test", "data": {"name": "\u202e evil"}})
    with acting_as_service():
        profile = User.objects.get().profile
    assert "secret" not in profile.handle + profile.display_name
    assert "\u202e" not in profile.display_name


def test_what_an_app_says_of_a_newcomer_gives_them_no_rights(client):
    data = {"role": "ADMIN", "is_superuser": True, "app_metadata": {"role": "admin"}, "email_verified": True}
    post(client, "otp", {"email": "new@alajo.test", "data": data, "role": "ADMIN", "app_metadata": {"a": 1}})
    with acting_as_service():
        user = User.objects.get()
    assert (user.role, user.is_superuser, user.app_metadata) == ("USER", False, {})
    assert user.user_metadata["email_verified"] is False


def test_who_may_not_be_made_is_said_to_be_nobody(client):
    answer = call(client, "POST", "otp", {"email": "new@alajo.test", "create_user": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "otp_disabled")
    assert answer.json()["message"] == "Signups not allowed for otp"
    with acting_as_service():
        assert not User.objects.exists()


def test_of_twenty_verifies_at_once_one_gives_a_session(client, ada):
    post(client, "otp", {"email": ada.email})
    body = {"type": "magiclink", "email": ada.email, "token": mailed_code()}

    def verify(_number: int) -> int:
        try:
            return call(Client(), "POST", "verify", body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(verify, range(20)))
    assert found[0] == 200
    assert set(found[1:]) <= {403, 429}
    assert live() == 1


def test_a_code_is_dead_after_five_wrong_ones_over_many_addresses_of_the_guesser(client, ada):
    post(client, "otp", {"email": ada.email})
    code = mailed_code()
    for number in range(1, 6):
        guess = f"{(int(code) + number) % 1_000_000:06}"
        guesser = Client(REMOTE_ADDR=f"10.0.0.{number}")
        refusal = post(guesser, "verify", {"type": "email", "email": ada.email, "token": guess}, 403)
        assert refusal == {"code": "otp_expired", "message": "Token has expired or is invalid"}
    post(client, "verify", {"type": "email", "email": ada.email, "token": code}, 403)
    assert live() == 0


def test_guesses_at_one_address_are_limited_over_all_its_codes(client, ada):
    for number in range(10):
        post(
            Client(REMOTE_ADDR=f"10.0.0.{number}"),
            "verify",
            {"type": "email", "email": ada.email, "token": "0"},
            403,
        )
    answer = call(client, "POST", "verify", {"type": "email", "email": ada.email, "token": "0"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_code_has_run_out_after_an_hour(client, ada):
    post(client, "otp", {"email": ada.email})
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        post(client, "verify", {"type": "email", "email": ada.email, "token": mailed_code()}, 403)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"type": "email", "email": "ada@alajo.test"}, 400, "validation_failed"),
        ({"type": "email", "token": "123456"}, 400, "validation_failed"),
        ({"type": "nonsense", "token_hash": "x"}, 400, "validation_failed"),
        ({"type": "reauthentication", "token_hash": "x"}, 400, "validation_failed"),
        ({"type": "email", "token": "1", "token_hash": "x", "email": "a@b.co"}, 400, "validation_failed"),
        ({"type": "email", "token": 123456, "email": "ada@alajo.test"}, 400, "validation_failed"),
        ({"type": "sms", "token": "1", "phone": "234"}, 422, "phone_provider_disabled"),
        ({"type": "email", "token_hash": "x"}, 403, "otp_expired"),
        ({"type": "email", "token": "1", "email": "nobody@alajo.test"}, 403, "otp_expired"),
    ],
)
def test_what_verify_refuses(client, ada, body, status, code):
    assert post(client, "verify", body, status)["code"] == code


@pytest.mark.parametrize("path", ["otp", "magiclink", "recover", "resend"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"email": "nonsense"}, 400, "validation_failed"),
        ({"email": ["a@b.co"]}, 400, "validation_failed"),
        ({"phone": "+2348000000000"}, 422, "phone_provider_disabled"),
        ({"email": "a@b.co", "code_challenge": CHALLENGE}, 400, "validation_failed"),
        ({"email": "a@b.co", "code_challenge_method": "s256"}, 400, "validation_failed"),
        (
            {"email": "a@b.co", "code_challenge": "short", "code_challenge_method": "s256"},
            400,
            "validation_failed",
        ),
        ({"email": "a@b.co", **PKCE, "code_challenge_method": "none"}, 400, "validation_failed"),
    ],
)
def test_what_asking_refuses(client, path, body, status, code):
    body = {"type": "signup", **body} if path == "resend" else body
    assert post(client, path, body, status)["code"] == code
    assert mail.outbox == []


# Who is there is not told.


@pytest.mark.parametrize("path", ["recover", "resend"])
def test_nobody_is_answered_as_somebody(client, ada, path):
    def ask(email: str) -> list[tuple[int, bytes, bool]]:
        body = {"type": "signup", "email": email}
        answers = [call(client, "POST", path, body) for _time in range(2)]
        return [
            (answer.status_code, answer.json().get("code"), "Retry-After" in answer) for answer in answers
        ]

    known, unknown = ask("ada@alajo.test"), ask("nobody@alajo.test")
    assert known == unknown == [(200, None, False), (429, "over_email_send_rate_limit", True)]
    assert len(mail.outbox) == (path == "recover")


def test_the_trail_says_where_a_code_was_asked_for_though_the_worker_sends_it(client, ada):
    post(client, "recover", {"email": ada.email})
    with acting_as_service():
        event = AuditEvent.objects.get(action="accounts.code.sent")
    assert (event.ip, event.actor_role) == ("127.0.0.1", "service_role")
    assert event.request_id.startswith("req_")


def test_a_mail_sent_a_moment_ago_is_not_told_of_when_only_the_database_knows(client, ada):
    post(client, "recover", {"email": ada.email})
    cache.clear()
    assert post(client, "recover", {"email": ada.email}) == {}
    assert len(mail.outbox) == 1


def test_a_banned_and_a_removed_person_get_no_mail_and_the_same_answer(client, ada):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(banned_until=timezone.now() + timedelta(days=1))
    assert post(client, "otp", {"email": ada.email}) == {}
    assert mail.outbox == []


def test_a_code_mailed_before_a_ban_opens_nothing_after_it(client, ada):
    post(client, "otp", {"email": ada.email})
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(banned_until=timezone.now() + timedelta(days=1))
    refusal = post(client, "verify", {"type": "email", "email": ada.email, "token": mailed_code()}, 403)
    assert refusal["code"] == "user_banned"
    assert live() == 0


# Recovery, resending, reauthentication, change of address.


def test_a_recovery_code_logs_in_to_choose_a_password(client, ada):
    post(client, "recover", {"email": ada.email})
    session = post(client, "verify", {"type": "recovery", "email": ada.email, "token": mailed_code()})
    assert access_tokens.read(session["access_token"])["amr"][0]["method"] == "recovery"
    assert session["user"]["recovery_sent_at"]


def test_a_sign_up_code_is_sent_again_only_to_who_has_not_confirmed(client, ada):
    post(client, "otp", {"email": "new@alajo.test"})
    mail.outbox.clear()
    post(client, "resend", {"type": "signup", "email": ada.email})
    assert mail.outbox == []
    post(client, "resend", {"type": "signup", "email": "new@alajo.test"})
    session = post(client, "verify", {"type": "signup", "email": "new@alajo.test", "token": mailed_code()})
    assert access_tokens.read(session["access_token"])["amr"][0]["method"] == "email/signup"


def test_reauthentication_mails_a_code_that_does_not_log_in(client, ada):
    bearer = log_in(client)["access_token"]
    assert call(client, "GET", "reauthenticate", bearer=bearer).json() == {}
    code = mailed_code()
    assert "http" not in mail.outbox[-1].body
    again = call(client, "GET", "reauthenticate", bearer=bearer)
    assert (again.status_code, again.json()["code"]) == (429, "over_email_send_rate_limit")
    assert 0 < int(again["Retry-After"]) <= 60
    post(client, "verify", {"type": "email", "email": ada.email, "token": code}, 403)
    assert codes.check_nonce(user=ada, nonce=code, at=timezone.now())


def test_reauthentication_asks_for_a_person(client, ada):
    assert call(client, "GET", "reauthenticate").status_code == 403


def test_a_change_of_address_takes_both_codes(client, ada):
    at = timezone.now()
    for purpose in ("email_change_current", "email_change_new"):
        codes.send_code(user=ada, purpose=purpose, new_email="ada2@alajo.test", at=at)
    (old, new) = mail.outbox
    assert (old.to, new.to) == (["ada@alajo.test"], ["ada2@alajo.test"])
    assert "ada2@alajo.test" in old.body
    first, second = (re.search(r"^ {4}(\d{6})$", letter.body, re.MULTILINE)[1] for letter in (old, new))
    half = post(client, "verify", {"type": "email_change", "email": "ada@alajo.test", "token": first})
    assert half["code"] == "200"
    assert live() == 0
    whole = post(client, "verify", {"type": "email_change", "email": "ada2@alajo.test", "token": second})
    assert (whole["user"]["email"], "new_email" in whole["user"]) == ("ada2@alajo.test", False)
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.email.changed", actor_id=ada.id).exists()
    answer = call(
        client, "POST", "token?grant_type=password", {"email": "ada2@alajo.test", "password": PASSWORD}
    )
    assert answer.status_code == 200
