"""Attacks on access tokens: nothing but what we signed, for who it was signed for, and in its time, opens anything."""

import base64
import hashlib
import hmac
import json
import time
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from accounts import access_tokens
from accounts.access_tokens import BadToken
from accounts.models import SigningKey, User
from accounts.tests.factories import make_person
from accounts.tests.wire import VERSION, call, log_in, refused
from core import encryption
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def token(client, ada) -> str:
    return str(log_in(client)["access_token"])


@pytest.fixture
def claims(token) -> dict:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def our_key():
    with acting_as_service():
        row = SigningKey.objects.get()
    pem = encryption.open_sealed(row.private_key, aad=f"accounts_signingkey.private_key.{row.id}")
    return load_pem_private_key(pem.encode(), None), str(row.id)


def signed(claims: dict, **headers) -> str:
    key, kid = our_key()
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid, **headers})


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def opens(client, token: str) -> tuple[int, str]:
    answer = call(client, "GET", "user", bearer=token)
    return (200, "") if answer.status_code == 200 else refused(answer)


def test_our_own_signature_opens(client, claims):
    assert opens(client, signed(claims)) == (200, "")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature_is_refused(client, token, claims, algorithm):
    kid = jwt.get_unverified_header(token)["kid"]
    for header in ({"alg": algorithm, "typ": "JWT"}, {"alg": algorithm, "kid": kid}):
        assert opens(client, f"{part(header)}.{part(claims)}.") == (403, "bad_jwt")
        assert opens(client, f"{part(header)}.{part(claims)}.{token.rsplit('.', 1)[1]}") == (403, "bad_jwt")


def test_the_public_key_is_no_shared_secret(client, token, claims):
    """A server that believes the token's `alg` checks an HMAC with the public key, which everybody has."""
    public = our_key()[0].public_key()
    kid = our_key()[1]
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(access_tokens.jwks()[0]).encode(),
    ]
    for secret in secrets:
        for header in ({"alg": "HS256", "typ": "JWT"}, {"alg": "HS256", "kid": kid}):
            message = f"{part(header)}.{part(claims)}"
            mac = base64.urlsafe_b64encode(hmac.new(secret, message.encode(), hashlib.sha256).digest())
            assert opens(client, f"{message}.{mac.rstrip(b'=').decode()}") == (403, "bad_jwt")


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "' union select 'x",
        "00000000-0000-4000-8000-000000000000",
        "",
        "x" * 5_000,
        "https://evil.example/jwks.json",
    ],
)
def test_a_key_of_the_attackers_own_is_not_found_by_any_kid(client, claims, kid):
    private = ec.generate_private_key(ec.SECP256R1())
    own = {"jku": "https://evil.example/", "jwk": {"kty": "EC"}, "x5u": "https://evil.example/"}
    for headers in ({"kid": kid}, {"kid": kid, **own}):
        assert opens(client, jwt.encode(claims, private, "ES256", headers=headers)) == (403, "bad_jwt")


@pytest.mark.parametrize("kid", [None, 7, ["a"], {"a": 1}])
def test_a_kid_that_is_no_text_is_refused(client, token, claims, kid):
    for algorithm in ("ES256", "RS256", "HS256"):
        header = {"alg": algorithm, "typ": "JWT", "kid": kid}
        forged = f"{part(header)}.{part(claims)}.{token.rsplit('.', 1)[1]}"
        assert opens(client, forged) == (403, "bad_jwt")


def test_our_kid_with_anothers_signature_or_algorithm_is_refused(client, claims):
    kid = our_key()[1]
    other = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert opens(client, jwt.encode(claims, other, "ES256", headers={"kid": kid})) == (403, "bad_jwt")
    assert opens(client, jwt.encode(claims, rsa_key, "RS256", headers={"kid": kid})) == (403, "bad_jwt")


def test_a_changed_claim_breaks_the_signature(client, token, claims):
    head, _payload, signature = token.split(".")
    assert opens(client, f"{head}.{part({**claims, 'aal': 'aal2'})}.{signature}") == (403, "bad_jwt")


@pytest.mark.parametrize(
    "change",
    [
        {"exp": int(time.time()) - 60},
        {"exp": 0},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"iss": "https://evil.example/auth/v1"},
        {"iss": None},
        {"aud": "anon"},
        {"aud": ["other"]},
        {"aud": None},
        {"sub": "not-a-uuid"},
        {"sub": 7},
        {"sub": None},
        {"session_id": "' or 1=1 --"},
        {"session_id": ["a"]},
        {"session_id": None},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": None},
    ],
)
def test_claims_that_do_not_hold_are_refused_even_with_our_signature(client, claims, change):
    changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
    key, kid = our_key()
    head = part({"alg": "ES256", "kid": kid, "typ": "JWT"})
    message = f"{head}.{part(changed)}".encode()
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(message, key)
    tail = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    assert opens(client, f"{message.decode()}.{tail}") == (403, "bad_jwt")


def test_anothers_name_on_ones_own_session_is_refused(client, claims):
    bola = make_person(email="bola@alajo.test")
    assert opens(client, signed({**claims, "sub": str(bola.id)})) == (403, "session_not_found")
    assert opens(client, signed({**claims, "session_id": str(uuid4())})) == (403, "session_not_found")


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_an_apps_key_is_nobodys_token(client, role):
    answer = call(client, "GET", "user", bearer=access_tokens.static_key(role))
    assert refused(answer) == (403, "bad_jwt")
    assert answer.json()["message"] == "invalid claim: missing sub claim"


def test_the_apps_secret_signs_no_person(client, claims):
    forged = jwt.encode(claims, settings.JWT_SECRET, algorithm="HS256")
    assert opens(client, forged) == (403, "bad_jwt")
    stranger = jwt.encode({"role": "postgres", "exp": 2_300_000_000}, settings.JWT_SECRET, algorithm="HS256")
    with pytest.raises(BadToken):
        access_tokens.read(stranger)


def test_a_persons_token_is_no_apps_key_of_more_than_theirs(token):
    assert access_tokens.read(token)["role"] == "authenticated"


@pytest.mark.parametrize("bearer", ["x", "a.b.c", "....", "ey", "Ẹ.ọ.ń", "x" * 20_000])
def test_what_is_no_token_at_all_is_refused_and_no_fault(client, ada, bearer):
    answer = client.get(
        "/auth/v1/user",
        headers={
            "apikey": access_tokens.static_key("anon"),
            "Authorization": f"Bearer {bearer}".encode().decode("latin1"),
            **VERSION,
        },
    )
    assert refused(answer) == (403, "bad_jwt")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi"])
def test_without_a_bearer_nobody_is_known(client, header):
    key = access_tokens.static_key("anon")
    answer = client.get("/auth/v1/user", headers={"apikey": key, "Authorization": header, **VERSION})
    assert refused(answer) == (401, "no_authorization")


@pytest.mark.parametrize("key", [None, "", "nonsense", "sb_publishable_x"])
def test_without_an_apps_key_nothing_but_the_public_part_answers(client, key):
    headers = {} if key is None else {"apikey": key}
    for path in ("settings", "user", "user/sessions"):
        answer = client.get(f"/auth/v1/{path}", headers={**headers, **VERSION})
        assert refused(answer) == (401, "no_authorization")
    for path in ("health", ".well-known/jwks.json", ".well-known/openid-configuration"):
        assert client.get(f"/auth/v1/{path}", headers=headers).status_code == 200
