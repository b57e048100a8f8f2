"""What the sandbox signs and remembers: its key is made when first needed and lives as long as the process."""

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache

from accounts.sandbox.people import PEOPLE, Fault

KEY_ID = "sandbox"
CODE_SECONDS = 60
TOKEN_SECONDS = 300


@dataclass(frozen=True)
class Authorization:
    """What a code stands for."""

    client_id: str
    redirect_uri: str
    person: str
    challenge: str
    nonce: str
    fault: str


def keep(kind: str, authorization: Authorization, *, seconds: int) -> str:
    """Remember an authorization under a new secret, and return that."""
    secret = secrets.token_urlsafe(24)
    cache.set(f"sandbox-id:{kind}:{secret}", asdict(authorization), seconds)
    return secret


def recall(kind: str, secret: str) -> Authorization | None:
    found = cache.get(f"sandbox-id:{kind}:{secret}")
    return Authorization(**found) if found else None


def use_up(kind: str, secret: str) -> Authorization | None:
    """As `recall`, but only the first to ask gets it."""
    found = recall(kind, secret)
    return found if found and cache.delete(f"sandbox-id:{kind}:{secret}") else None


def proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return secrets.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())


def claims_of(authorization: Authorization) -> dict[str, Any]:
    person = PEOPLE[authorization.person]
    claims: dict[str, Any] = {"sub": person.subject, "name": person.name}
    if authorization.fault != Fault.NO_EMAIL:
        claims |= {"email": person.email, "email_verified": authorization.fault != Fault.UNVERIFIED}
    return claims


def id_token(authorization: Authorization, *, issuer: str, access_token: str, at: datetime) -> str:
    fault = authorization.fault
    made = at - timedelta(hours=1) if fault == Fault.EXPIRED else at
    claims = {
        **claims_of(authorization),
        "iss": "https://elsewhere.test" if fault == Fault.ISSUER else issuer,
        "aud": "another-client" if fault == Fault.AUDIENCE else authorization.client_id,
        "nonce": "another-nonce" if fault == Fault.NONCE else authorization.nonce,
        "iat": int(made.timestamp()),
        "exp": int((made + timedelta(seconds=TOKEN_SECONDS)).timestamp()),
        "at_hash": half_hash(access_token),
        "jti": secrets.token_urlsafe(8),
    }
    return jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": KEY_ID})


def half_hash(access_token: str) -> str:
    """What an ID token says of the access token that comes with it."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def jwks() -> dict[str, Any]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key().public_key()))
    return {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
