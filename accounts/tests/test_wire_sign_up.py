"""`/auth/v1/signup`."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import hashers
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, Profile, User
from accounts.models.people import Role
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.wire import call, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
ASKED = {"email": "Ada@Alajo.test", "password": PASSWORD, "data": {"display_name": "Ada  Obi", "plan": "x"}}


def sign_up(client: Client, **changes: object):
    return call(client, "POST", "signup", {**ASKED, **changes})


def ada() -> User:
    with acting_as_service():
        return User.objects.get(email="ada@alajo.test")


def test_somebody_new_is_stored_unconfirmed_and_gets_a_code(client):
    answer = sign_up(client)
    assert answer.status_code == 200, answer.content
    shape, user = answer.json(), ada()
    assert "access_token" not in shape
    assert (shape["id"], shape["email"], shape["role"]) == (str(user.id), "ada@alajo.test", "authenticated")
    assert shape["user_metadata"] == {
        "display_name": "Ada  Obi",
        "plan": "x",
        "sub": str(user.id),
        "email": "ada@alajo.test",
        "email_verified": False,
        "phone_verified": False,
    }
    assert [identity["provider"] for identity in shape["identities"]] == ["email"]
    assert shape["confirmation_sent_at"]
    assert "email_confirmed_at" not in shape
    with acting_as_service():
        assert not EmailAddress.objects.get(user=user).verified
        assert Profile.objects.get(user=user).display_name == "Ada Obi"
        assert Customer.objects.get(user=user).tier == 1
    assert mail.outbox[0].to == ["ada@alajo.test"]
    answer = call(client, "POST", "token?grant_type=password", {"email": user.email, "password": PASSWORD})
    assert refused(answer) == (400, "email_not_confirmed")


@pytest.mark.parametrize(
    ("email", "data", "name"),
    [
        ("ada@alajo.test", {"full_name": "Ada O."}, "Ada O."),
        ("ada@alajo.test", {"name": "Ọlá"}, "Ọlá"),
        ("ada@alajo.test", {}, "Saver"),
        ("ada@alajo.test", {"name": ""}, "Saver"),
        ("+_-@alajo.test", {}, "Saver"),
    ],
)
def test_the_name_that_others_see_is_what_the_app_gave_and_nothing_of_the_address(client, email, data, name):
    assert sign_up(client, email=email, data=data).status_code == 200
    with acting_as_service():
        assert Profile.objects.get().display_name == name


@pytest.mark.parametrize("name", ["Ada\u202eibO", "...", "x" * 81, 7, ["Ada"]])
def test_a_name_that_our_pages_refuse_is_refused_here_too(client, name):
    assert refused(sign_up(client, data={"display_name": name})) == (400, "validation_failed")
    with acting_as_service():
        assert not User.objects.exists()


def looks(answer) -> dict:
    """What a stranger sees, without what is random or theirs."""
    shape = answer.json()
    assert answer.status_code == 200
    known = {name: shape[name] for name in ("aud", "role", "email", "phone", "app_metadata", "is_anonymous")}
    metadata = {name: value for name, value in shape["user_metadata"].items() if name != "sub"}
    return {**known, "names": sorted(shape), "metadata": metadata, "headers": sorted(answer.headers)}


def test_a_known_address_gets_an_answer_of_the_same_looks_and_its_owner_a_letter(client):
    fresh = sign_up(client)
    with acting_as_service():
        User.objects.all().update(email="other@alajo.test")
        EmailAddress.objects.all().delete()
    owner = make_person(email="ada@alajo.test")
    cache.clear()
    again = sign_up(client)
    cache.clear()
    third = sign_up(client, password="another-long-secret")
    assert looks(again) == looks(third) == looks(fresh)
    assert again.json()["identities"] == []
    assert len({again.json()["id"], third.json()["id"], str(owner.id)}) == 3
    assert [letter.subject for letter in mail.outbox[1:]] == [mail.outbox[1].subject] * 2
    assert "already has one" in mail.outbox[1].body
    with acting_as_service():
        assert User.objects.get(pk=owner.pk).check_password(PASSWORD)


def test_a_known_and_a_new_address_take_the_same_hashing(client, monkeypatch):
    make_person(email="ada@alajo.test")
    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *words: hashed.append(1) or encode(self, *words)
    )
    sign_up(client)
    sign_up(client, email="new@alajo.test")
    assert hashed == [1, 1]


def test_the_last_sign_up_holds_until_somebody_confirms(client, time_machine):
    start = timezone.now()
    time_machine.move_to(start)
    sign_up(client, password="the-squatters-secret", data={"name": "Squatter", "note": "mine"})
    cache.clear()
    time_machine.move_to(start + timedelta(seconds=61))
    answer = sign_up(client)
    user = ada()
    assert answer.json()["id"] == str(user.id)
    assert user.check_password(PASSWORD)
    assert "note" not in user.user_metadata
    with acting_as_service():
        assert Profile.objects.get(user=user).display_name == "Ada Obi"
    assert len(mail.outbox) == 2
    codes_mailed = [re.search(r"^\s*(\d{6})\s*$", letter.body, re.MULTILINE)[1] for letter in mail.outbox]
    for code, status in zip(codes_mailed, (403, 200), strict=True):
        answer = call(client, "POST", "verify", {"type": "signup", "email": user.email, "token": code})
        assert answer.status_code == status, answer.content
    answer = call(client, "POST", "token?grant_type=password", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200


def test_a_sign_up_whose_letter_may_not_be_sent_changes_nothing(client):
    """Else a code mailed before would confirm a password that came after it."""
    sign_up(client)
    cache.clear()  # what counts in Valkey is gone; the letters that were sent are remembered
    assert sign_up(client, password="the-squatters-secret").status_code == 200
    assert ada().check_password(PASSWORD)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "state", [{"role": Role.ADMIN}, {"is_superuser": True}, {"is_active": False}, {"role": Role.AGENT}]
)
def test_no_sign_up_takes_over_an_account_that_merely_was_not_confirmed_by_mail(client, state):
    with acting_as_service():
        user = User(email="ada@alajo.test", **state)
        user.set_password("the-admins-own-secret")
        user.save(force_insert=True)
    assert sign_up(client).json()["identities"] == []
    assert ada().check_password("the-admins-own-secret")


def test_an_address_that_somebody_confirmed_as_a_second_one_is_known(client):
    bola = make_person(email="bola@alajo.test")
    with acting_as_service():
        EmailAddress.objects.create(user=bola, email="ada@alajo.test", verified=True)
    assert sign_up(client).json()["identities"] == []
    with acting_as_service():
        assert User.objects.count() == 1


def test_nobody_gives_themselves_a_role_a_tier_or_app_metadata(client):
    power = {
        "role": "ADMIN",
        "tier": 3,
        "is_superuser": True,
        "app_metadata": {"admin": True},
        "email_confirmed_at": "2026-01-01T00:00:00Z",
        "id": "00000000-0000-4000-8000-000000000000",
    }
    facts = {"sub": "x", "email_verified": True, "role": "service_role"}
    answer = sign_up(client, **power, data={**facts, **power})
    user = ada()
    assert (user.role, user.is_superuser, user.app_metadata) == (Role.USER, False, {})
    assert user.email_confirmed_at is None
    assert user.user_metadata["sub"] == str(user.id) == answer.json()["id"]
    assert user.user_metadata["email_verified"] is False
    assert (answer.json()["role"], answer.json()["app_metadata"]["provider"]) == ("authenticated", "email")
    with acting_as_service():
        assert Customer.objects.get().tier == 1


@pytest.mark.parametrize(
    ("password", "reason", "words"),
    [
        ("short", "length", "Password should be at least 10 characters."),
        ("password123", "pwned", "too common"),
        ("ada@alajo.test", "characters", "too similar"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(client, password, reason, words):
    answer = sign_up(client, password=password)
    assert refused(answer) == (422, "weak_password")
    assert reason in answer.json()["weak_password"]["reasons"]
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "anonymous_provider_disabled"),
        ({"data": {"a": 1}}, 422, "anonymous_provider_disabled"),
        ({"phone": "+2348012345678", "password": PASSWORD}, 400, "phone_provider_disabled"),
        ({"email": "ada@alajo.test"}, 400, "validation_failed"),
        ({"email": "ada@alajo.test", "password": None}, 400, "validation_failed"),
        ({"email": "not an address", "password": PASSWORD}, 400, "validation_failed"),
        ({"email": ["a@b.co"], "password": PASSWORD}, 400, "validation_failed"),
        ({"email": "ada@alajo.test", "password": "Ẹ" * 40}, 400, "validation_failed"),
        ({"email": "ada@alajo.test", "password": PASSWORD, "data": "x"}, 400, "validation_failed"),
        (
            {"email": "ada@alajo.test", "password": PASSWORD, "data": {"a": "x" * 17_000}},
            400,
            "validation_failed",
        ),
        (
            {"email": "ada@alajo.test", "password": PASSWORD, "data": {"a": [[[[[[[[1]]]]]]]]}},
            400,
            "validation_failed",
        ),
    ],
)
def test_what_cannot_sign_up_is_told_why(client, body, status, code):
    assert refused(call(client, "POST", "signup", body)) == (status, code)
    with acting_as_service():
        assert not User.objects.exists()


def test_numbers_in_data_stay_numbers(client):
    sign_up(client, data={"a": 1.5, "b": 2, "c": [1e3]})
    assert {name: ada().user_metadata[name] for name in "abc"} == {"a": 1.5, "b": 2, "c": [1000.0]}


def test_one_address_is_not_flooded_with_mail_whether_it_is_known_or_not(client):
    make_person(email="bola@alajo.test")
    for email in ("ada@alajo.test", "bola@alajo.test"):
        assert sign_up(client, email=email).status_code == 200
        answer = sign_up(client, email=email)
        assert refused(answer) == (429, "over_email_send_rate_limit")
        assert answer.json()["message"].startswith("For security purposes, you can only request this after")
        assert int(answer["Retry-After"]) >= 1


def test_one_caller_does_not_sign_up_the_whole_world(client):
    answers = [sign_up(client, email=f"a{turn}@alajo.test").status_code for turn in range(31)]
    assert answers == [200] * 30 + [429]


def test_of_sign_ups_at_once_one_makes_the_account():
    def once(_turn: int) -> int:
        try:
            cache.clear()
            return sign_up(Client()).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(once, range(6)))
    assert set(answers) <= {200, 429}
    assert 200 in answers
    with acting_as_service():
        assert User.objects.count() == EmailAddress.objects.count() == 1


def test_a_number_that_is_none_in_the_database_is_refused(client):
    body = b'{"email": "ada@alajo.test", "password": "%s", "data": {"a": 9.9e308}}' % PASSWORD.encode()
    assert refused(call(client, "POST", "signup", body)) == (400, "validation_failed")
