"""Signing in with an ID token that the app got on the device, at the sandbox provider over HTTP; and forged ones."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import AuditEvent, Session, User
from accounts.sandbox import tokens
from accounts.tests.elsewhere import at_server, token_for
from accounts.tests.factories import make_person
from accounts.tests.wire import call, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
NONCE = "made-by-the-app-for-this-attempt"
HASHED = hashlib.sha256(NONCE.encode()).hexdigest()


@pytest.fixture
def url(live_server, settings) -> str:
    at_server(settings, live_server.url)
    return live_server.url


def sign_in(told: dict[str, str], **changes: object):
    body = {"provider": "sandbox", "nonce": NONCE, **told, **changes}
    return call(Client(), "POST", "token?grant_type=id_token", body)


def people() -> int:
    with acting_as_service():
        return User.objects.count()


def forged(url: str, key: object = None, algorithm: str = "RS256", **changes: object) -> dict[str, str]:
    """A token signed with the provider's key, or another, whose claims are changed; None takes one out."""
    claims = jwt.decode(token_for(url, nonce=HASHED)["id_token"], options={"verify_signature": False})
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    signed = jwt.encode(claims, key or tokens._key(), algorithm=algorithm, headers={"kid": tokens.KEY_ID})
    return {"id_token": signed}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_new_person_and_then_the_same_one(url):
    answer = sign_in(token_for(url, nonce=HASHED))
    assert answer.status_code == 200, answer.content
    session = answer.json()
    assert session["user"]["email"] == "ifeoma@id.test"
    assert session["user"]["user_metadata"]["full_name"] == "Ifeoma Eze"
    assert session["user"]["app_metadata"]["providers"] == ["sandbox"]
    amr = access_tokens.read(session["access_token"])["amr"]
    assert (amr[0]["method"], amr[0]["provider"]) == ("oauth", "sandbox")
    again = sign_in(token_for(url, nonce=HASHED)).json()
    assert again["user"]["id"] == session["user"]["id"]
    with acting_as_service():
        assert (User.objects.count(), SocialAccount.objects.count(), Session.objects.count()) == (1, 1, 2)
        assert AuditEvent.objects.filter(action="accounts.identity.linked").count() == 1


def test_a_token_without_a_nonce_needs_none(url):
    assert sign_in(token_for(url), nonce=None).status_code == 200


@pytest.mark.parametrize(
    ("named", "sent"),
    [(HASHED, "another"), (HASHED, None), ("", NONCE), (HASHED, HASHED), (NONCE, NONCE), (7, NONCE)],
)
def test_the_nonce_is_the_apps_own_secret(url, named, sent):
    """A token that names the nonce itself could be used by whoever reads the token."""
    assert refused(sign_in(forged(url, nonce=named), nonce=sent)) == (400, "bad_jwt")
    assert people() == 0


@pytest.mark.parametrize("fault", ["issuer", "expired", "nonce"])
def test_what_the_provider_gets_wrong_signs_nobody_in(url, fault):
    assert refused(sign_in(token_for(url, nonce=HASHED, fault=fault))) == (400, "bad_jwt")
    assert people() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-client"},
        {"aud": ["alajo", "another-client"]},
        {"aud": ["alajo", "another-client"], "azp": "another-client"},
    ],
)
def test_a_token_for_another_app_is_refused(url, change):
    assert refused(sign_in(forged(url, **change))) == (400, "unexpected_audience")
    assert people() == 0


def test_further_client_ids_of_ours_are_known(url, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    assert refused(sign_in(token_for(url, nonce=HASHED, client_id="alajo-ios")))[1] == "unexpected_audience"
    app["settings"]["audiences"] = ["alajo-ios"]
    assert sign_in(token_for(url, nonce=HASHED, client_id="alajo-ios")).status_code == 200


def ago(seconds: int) -> Callable[[], int]:
    """A moment so long before the test asks for it, and not before all tests are collected."""
    return lambda: int(time.time()) - seconds


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.test"},
        {"iss": None},
        {"exp": ago(120)},
        {"exp": None},
        {"exp": "soon"},
        {"iat": ago(-600)},
        {"iat": None},
        {"nbf": ago(-600)},
        {"sub": None},
        {"sub": ""},
        {"aud": None},
        {"aud": []},
    ],
)
def test_claims_that_do_not_hold_are_refused_though_the_provider_signed_them(url, change):
    claims = {name: value() if callable(value) else value for name, value in change.items()}
    assert sign_in(forged(url, **claims)).status_code == 400
    assert people() == 0


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", "ES256", ""])
def test_the_algorithm_is_the_keys_own(url, algorithm):
    head, payload, signature = forged(url)["id_token"].split(".")
    head = part({"alg": algorithm, "kid": tokens.KEY_ID, "typ": "JWT"})
    for tail in (signature, ""):
        assert refused(sign_in({"id_token": f"{head}.{payload}.{tail}"})) == (400, "bad_jwt")


def test_the_providers_public_key_is_no_shared_secret(url):
    public = tokens._key().public_key()
    payload = forged(url)["id_token"].split(".")[1]
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(tokens.jwks()["keys"][0]).encode(),
    ):
        message = f"{part({'alg': 'HS256', 'kid': tokens.KEY_ID})}.{payload}"
        mac = base64.urlsafe_b64encode(hmac.new(secret, message.encode(), hashlib.sha256).digest())
        assert refused(sign_in({"id_token": f"{message}.{mac.rstrip(b'=').decode()}"})) == (400, "bad_jwt")


def test_another_key_is_not_the_providers(url):
    for key, algorithm in (
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ):
        assert refused(sign_in(forged(url, key, algorithm))) == (400, "bad_jwt")


@pytest.mark.parametrize("kid", [None, "", "another", 7, ["a"], "../jwks", "x" * 20_000])
def test_a_key_that_the_provider_does_not_publish_is_unknown(url, kid):
    _head, payload, signature = forged(url)["id_token"].split(".")
    head = part({"alg": "RS256", **({} if kid is None else {"kid": kid}), "jku": "https://evil.test/jwks"})
    assert refused(sign_in({"id_token": f"{head}.{payload}.{signature}"})) == (400, "bad_jwt")


def test_an_unknown_key_asks_the_provider_once_more_and_not_each_time(url, monkeypatch):
    sign_in(token_for(url, nonce=HASHED))
    asked = []
    get = requests.Session.get
    monkeypatch.setattr(
        requests.Session, "get", lambda self, at, **rest: asked.append(at) or get(self, at, **rest)
    )
    _head, payload, signature = forged(url)["id_token"].split(".")
    for number in range(3):
        head = part({"alg": "RS256", "kid": f"invented-{number}"})
        sign_in({"id_token": f"{head}.{payload}.{signature}"})
    assert [at.rpartition("/")[2] for at in asked] == ["openid-configuration", "jwks"]


def test_a_key_that_is_new_since_we_asked_is_found(url, monkeypatch):
    sign_in(token_for(url, nonce=HASHED))
    fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    monkeypatch.setattr(tokens, "_key", lambda: fresh)
    monkeypatch.setattr(tokens, "KEY_ID", "rotated")
    assert sign_in(token_for(url, nonce=HASHED)).status_code == 200


def test_an_access_token_must_be_the_one_that_the_id_token_names(url):
    told = token_for(url, nonce=HASHED)
    assert refused(sign_in(told, access_token="another")) == (400, "bad_jwt")
    assert sign_in(told).status_code == 200
    assert sign_in(token_for(url, nonce=HASHED), access_token=None).status_code == 200


def test_an_id_token_serves_once(url):
    told = token_for(url, nonce=HASHED)
    assert sign_in(told).status_code == 200
    assert refused(sign_in(told)) == (400, "bad_jwt")
    head, payload, signature = told["id_token"].split(".")
    assert refused(sign_in({"id_token": f"{head}.{payload}.{signature}="})) == (400, "bad_jwt")
    with acting_as_service():
        assert Session.objects.count() == 1


def test_an_account_is_never_taken_over_by_its_address(url):
    make_person(email="ada@alajo.test")
    assert refused(sign_in(token_for(url, nonce=HASHED, person="ada"))) == (422, "email_exists")
    unvouched = token_for(url, nonce=HASHED, person="ada", fault="unverified")
    assert refused(sign_in(unvouched)) == (400, "provider_email_needs_verification")
    with acting_as_service():
        assert not SocialAccount.objects.exists()
        assert not Session.objects.exists()


@pytest.mark.parametrize("fault", ["unverified", "no_email"])
def test_an_address_that_is_not_vouched_for_makes_nobody(url, fault):
    answer = sign_in(token_for(url, nonce=HASHED, fault=fault))
    assert refused(answer) == (400, "provider_email_needs_verification")
    assert people() == 0


def test_a_barred_person_stays_out(url):
    sign_in(token_for(url, nonce=HASHED))
    with acting_as_service():
        User.objects.update(banned_until=timezone.now() + timedelta(days=1))
    assert refused(sign_in(token_for(url, nonce=HASHED))) == (403, "user_banned")


@pytest.mark.parametrize(
    "changes",
    [
        {"provider": "google"},
        {"provider": "openid_connect"},
        {"provider": ""},
        {"provider": 7},
        {"id_token": ""},
        {"id_token": 7},
        {"nonce": 7},
        {"access_token": []},
        {"link_identity": "yes"},
    ],
)
def test_what_cannot_be_an_id_token_is_refused_by_name(url, changes):
    assert refused(sign_in(token_for(url, nonce=HASHED), **changes)) == (400, "validation_failed")


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "Ẹ.ọ.ń", "x" * 20_000])
def test_what_is_no_token_at_all_is_no_fault(url, token):
    assert refused(sign_in({"id_token": token})) == (400, "bad_jwt")


def test_a_provider_that_does_not_answer_is_told_apart(url, settings):
    told = token_for(url, nonce=HASHED)
    cache.clear()
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    assert refused(sign_in(told)) == (503, "unexpected_failure")
