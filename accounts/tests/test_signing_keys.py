"""Keys of access tokens: made, followed, retired; and the keys of apps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts import access_tokens, tasks
from accounts.models import AuditEvent, Session, SigningKey, User
from accounts.services import sessions
from accounts.tests.factories import make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
NOW = timezone.now()


def token(user: User, at) -> str:
    with acting_as_service():
        session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
        return access_tokens.issue(user=user, session=session, at=at)


def kid_of(text: str) -> str:
    return str(jwt.get_unverified_header(text)["kid"])


def printed(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_new_key_signs_once_everyone_can_know_it_and_the_old_one_verifies_until_its_tokens_ran_out(
    time_machine,
):
    time_machine.move_to(NOW, tick=False)
    ada = make_person()
    old = token(ada, NOW)
    assert "RS256" in printed("rotate_signing_keys", "--algorithm", "RS256")
    assert kid_of(token(ada, NOW)) == kid_of(old)
    assert len(access_tokens.jwks()) == 2

    later = NOW + timedelta(seconds=access_tokens.KEYS_FOR)
    time_machine.move_to(later, tick=False)
    new = token(ada, later)
    assert kid_of(new) != kid_of(old)
    assert jwt.get_unverified_header(new)["alg"] == "RS256"
    tasks.retire_signing_keys()
    assert access_tokens.read(old)["sub"] == access_tokens.read(new)["sub"] == str(ada.id)

    time_machine.move_to(later + timedelta(seconds=600 + access_tokens.KEYS_FOR), tick=False)
    tasks.retire_signing_keys()
    assert [key["kid"] for key in access_tokens.jwks()] == [kid_of(new)]
    with pytest.raises(access_tokens.BadToken):
        access_tokens.read(old)
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.signing_key.made").count() == 1
        assert SigningKey.objects.get(pk=kid_of(old)).private_key == ""


def test_keys_made_in_quick_succession_never_leave_us_without_one_that_signs():
    for _turn in range(3):
        access_tokens.make_key(algorithm="ES256", at=NOW)
    access_tokens.retire_keys(at=NOW + timedelta(days=1))
    assert len(access_tokens.jwks()) == 1


def test_of_processes_that_need_the_first_key_at_once_one_makes_it():
    ada = make_person()
    together = Barrier(6)

    def first(_turn: int) -> str:
        try:
            together.wait()
            return kid_of(token(ada, NOW))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(first, range(6)))) == 1
    with acting_as_service():
        assert SigningKey.objects.count() == 1


def test_a_token_that_was_read_before_runs_out_all_the_same_and_what_is_read_is_the_readers_own(time_machine):
    time_machine.move_to(NOW, tick=False)
    text = token(make_person(), NOW)
    access_tokens.read(text).clear()
    last = NOW + timedelta(seconds=600 + access_tokens._LEEWAY - 1)
    time_machine.move_to(last, tick=False)
    assert access_tokens.read(text)["role"] == "authenticated"
    time_machine.move_to(last + timedelta(seconds=1), tick=False)
    with pytest.raises(access_tokens.BadToken, match="expired"):
        access_tokens.read(text)


def test_a_token_that_was_read_before_falls_with_its_key_within_a_minute(monkeypatch):
    now = timezone.now()  # the clock goes on here
    text = token(make_person(), now)
    access_tokens.read(text)
    with acting_as_service():  # as another process does it, which cannot make this one forget
        SigningKey.objects.update(retired_at=now)
    minute = access_tokens._minute() + 1
    monkeypatch.setattr(access_tokens, "_minute", lambda: minute)
    with pytest.raises(access_tokens.BadToken, match="verify"):
        access_tokens.read(text)


def test_private_keys_are_sealed_where_they_lie():
    key = access_tokens.make_key(algorithm="ES256", at=NOW)
    assert "PRIVATE KEY" not in key.private_key
    assert key.private_key.startswith("v1:")
    assert "d" not in key.public_jwk


def test_a_key_of_another_issuer_that_the_settings_name_verifies_and_never_signs(settings):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {
        **jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True),
        "kid": "old",
        "alg": "RS256",
    }
    settings.JWT_EXTRA_KEYS = [jwk]
    access_tokens._extra_keys.cache_clear()
    try:
        ada = make_person()
        ours = token(ada, timezone.now())
        claims = jwt.decode(ours, options={"verify_signature": False})
        theirs = jwt.encode(claims, private, "RS256", headers={"kid": "old"})
        assert access_tokens.read(theirs)["sub"] == str(ada.id)
        assert kid_of(ours) != "old"
    finally:
        access_tokens._extra_keys.cache_clear()


def test_of_a_whole_key_that_the_settings_name_only_the_public_half_is_told(settings):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    whole = {**jwt.algorithms.RSAAlgorithm.to_jwk(private, as_dict=True), "kid": "old", "alg": "RS256"}
    shared = {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"}
    settings.JWT_EXTRA_KEYS = [whole, shared]
    access_tokens._extra_keys.cache_clear()
    try:
        told = access_tokens.jwks()[-1]
        assert "d" in whole
        assert set(told) == {"kty", "kid", "alg", "n", "e"}
        assert "shared" not in {key["kid"] for key in access_tokens.jwks()}
    finally:
        access_tokens._extra_keys.cache_clear()


def test_the_keys_of_apps_are_printed_and_open_what_they_should():
    lines = dict(line.split("=", 1) for line in printed("auth_keys").split())
    assert {role: access_tokens.read(key)["role"] for role, key in lines.items()} == {
        "anon": "anon",
        "service_role": "service_role",
    }
