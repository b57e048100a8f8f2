"""Access tokens: JWTs that name a person and a session, signed with keys that rotate.

The claims are those of Supabase's tokens, so that its clients and imported policies (`auth.jwt()`) read them. The
static keys of apps (`anon`, `service_role`) are HS256 under the setting's secret and name no person.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import connection

from accounts.models import Session, SigningKey, User
from core import encryption
from core.actors import AUTHENTICATED, acting_as_service
from core.ids import uuid7

AUDIENCE = "authenticated"
STATIC_ROLES = ("anon", "service_role")
ASYMMETRIC = ("ES256", "RS256")
# Other processes learn of a new key within this time, so a new key signs only after it.
KEYS_FOR = 60
_PLACE = "accounts_signingkey.private_key."
# Whoever makes a key holds this lock: of two processes that need the first one, one makes it.
_MAKING = 5_310_001
_LEEWAY = 5


class BadToken(Exception):
    """The token is not one of ours, was changed, or is out of its time. `reason` may be told to the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Key:
    id: str
    algorithm: str
    private: Any
    jwk: dict[str, Any]
    signs_from: datetime


def issue(*, user: User, session: Session, at: datetime) -> str:
    """Return an access token for a session: `settings.ACCESS_TOKEN_SECONDS` of life, its claims as in `claims_of`."""
    key = _signing_key(at)
    return jwt.encode(
        claims_of(user=user, session=session, at=at),
        key.private,
        algorithm=key.algorithm,
        headers={"kid": key.id},
    )


def claims_of(*, user: User, session: Session, at: datetime) -> dict[str, Any]:
    issued = int(at.timestamp())
    return {
        "iss": settings.ACCESS_TOKEN_ISSUER,
        "sub": str(user.id),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + settings.ACCESS_TOKEN_SECONDS,
        "email": user.email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"], **user.app_metadata},
        "user_metadata": user.user_metadata,
        "role": AUTHENTICATED,
        "aal": session.level,
        "amr": session.methods,
        "session_id": str(session.id),
        "is_anonymous": False,
    }


def read(token: str) -> dict[str, Any]:
    """Return the claims of a person's access token or of a static key. Raises BadToken.

    The algorithm is the key's own, never the token's word: a public key cannot be passed off as a shared secret.
    Whether the session still lives is not asked here.
    """
    claims = _verified(token, settings.ACCESS_TOKEN_ISSUER, settings.JWT_SECRET, _minute())
    if int(claims["exp"]) <= time.time() - _LEEWAY:
        raise BadToken("token is expired")
    return claims.copy()


def static_key(role: str) -> str:
    """Return the long-lived key of an app: `anon` is public, `service_role` is a secret that may do everything."""
    claims = {"iss": "alajo", "role": role, "iat": 1_700_000_000, "exp": 2_300_000_000}
    return jwt.encode(claims, settings.JWT_SECRET, algorithm="HS256")


def jwks() -> list[dict[str, Any]]:
    """Return the public keys by which tokens are verified, newest first."""
    return [key.jwk for key in _keys()] + list(_extra_keys())


def make_key(*, algorithm: str, at: datetime) -> SigningKey:
    """Make a new signing key. It signs once every process knows it; the first one does so at once."""
    private: Any = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with acting_as_service():
        _wait_for_my_turn()
        first = not SigningKey.objects.filter(retired_at=None).exists()
        key = SigningKey(id=uuid7(), algorithm=algorithm, created_at=at)
        key.signs_from = at if first else at + timedelta(seconds=KEYS_FOR)
        key.private_key = encryption.seal(pem, aad=f"{_PLACE}{key.id}")
        key.public_jwk = _public_jwk(private, algorithm, str(key.id))
        key.save(force_insert=True)
    forget_keys()
    return key


def retire_keys(*, at: datetime) -> int:
    """Retire every key that a newer one has followed for longer than a token lives; return how many.

    Its private half is gone for good: nobody signs with it again.
    """
    before = at - timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + KEYS_FOR)
    with acting_as_service():
        followed = SigningKey.objects.filter(retired_at=None, signs_from__lte=before).order_by("-signs_from")
        old = [key.pk for key in followed[1:]]
        retired = SigningKey.objects.filter(pk__in=old).update(retired_at=at, private_key="")
    forget_keys()
    return retired


@lru_cache(maxsize=4096)
def _verified(token: str, issuer: str, secret: str, _minute: int) -> dict[str, Any]:
    """The claims of a token whose signature was checked within this minute: so long a retired key may be trusted.

    Whether it is out of its time must be asked each time. A token that is refused is not remembered.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise BadToken("unable to parse or verify signature") from None
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm == "HS256" and kid is None:
        return _decoded(token, secret, "HS256", static=True)
    key = _verifying(_minute).get(kid) if isinstance(kid, str) else None
    if key is None:
        raise BadToken("unable to parse or verify signature")
    return _decoded(token, key.key, str(key.algorithm_name), issuer=issuer)


def _decoded(
    token: str, key: Any, algorithm: str, *, issuer: str = "", static: bool = False
) -> dict[str, Any]:
    required = ["exp", "role"] if static else ["exp", "iat", "sub", "session_id", "role"]
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=None if static else AUDIENCE,
            issuer=None if static else issuer,
            leeway=_LEEWAY,
            options={"require": required, "verify_aud": not static},
        )
    except jwt.ExpiredSignatureError:
        raise BadToken("token is expired") from None
    except jwt.MissingRequiredClaimError as error:
        raise BadToken(f"missing {error.claim} claim") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise BadToken("unable to parse or verify signature") from None
    if (claims["role"] in STATIC_ROLES) != static:
        raise BadToken("role claim does not fit the key")
    if not static and not (_is_uuid(claims["sub"]) and _is_uuid(claims["session_id"])):
        raise BadToken("sub and session_id must be UUIDs")
    return claims


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _signing_key(at: datetime) -> Key:
    keys = _keys() or _first_keys(at)
    ready = [key for key in keys if key.signs_from <= at]
    return ready[0] if ready else keys[-1]


def _first_keys(at: datetime) -> tuple[Key, ...]:
    """The keys of an installation that had none a moment ago: made here, or meanwhile by another process."""
    with acting_as_service():
        _wait_for_my_turn()
        if not SigningKey.objects.filter(retired_at=None).exists():
            make_key(algorithm="ES256", at=at)
    return _keys()


def _wait_for_my_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_MAKING])


def _keys() -> tuple[Key, ...]:
    keys = _loaded(_minute())
    if not keys:
        forget_keys()  # so that the first key is known everywhere from its first token on
    return keys


def _minute() -> int:
    return int(time.monotonic()) // KEYS_FOR


def forget_keys() -> None:
    """Read the keys anew at the next token."""
    for known in (_loaded, _verifying, _verified):
        known.cache_clear()


@lru_cache(maxsize=1)
def _loaded(_minute: int) -> tuple[Key, ...]:
    with acting_as_service():
        rows = list(SigningKey.objects.filter(retired_at=None).order_by("-signs_from"))
    return tuple(
        Key(
            str(row.id),
            row.algorithm,
            load_pem_private_key(
                encryption.open_sealed(row.private_key, aad=f"{_PLACE}{row.id}").encode(), None
            ),
            row.public_jwk,
            row.signs_from,
        )
        for row in rows
    )


@lru_cache(maxsize=1)
def _verifying(_minute: int) -> dict[str, jwt.PyJWK]:
    return {jwk["kid"]: jwt.PyJWK(jwk) for jwk in jwks() if jwk.get("alg") in ASYMMETRIC and jwk.get("kid")}


@lru_cache(maxsize=1)
def _extra_keys() -> tuple[dict[str, Any], ...]:
    """Public keys of another issuer that the settings name, such as the cluster we take over from.

    They are published: of a whole key that somebody put there, the private half stays here, and a shared secret too.
    """
    public = {"EC": ("crv", "x", "y"), "RSA": ("n", "e")}
    return tuple(
        {name: key[name] for name in ("kty", "kid", "alg", "use", *public[key["kty"]]) if name in key}
        for key in settings.JWT_EXTRA_KEYS
        if key.get("kty") in public
    )


def _public_jwk(private: Any, algorithm: str, kid: str) -> dict[str, Any]:
    algorithms = {"ES256": jwt.algorithms.ECAlgorithm, "RS256": jwt.algorithms.RSAAlgorithm}
    public = json.loads(algorithms[algorithm].to_jwk(private.public_key()))  # type: ignore[attr-defined]
    return {**public, "kid": kid, "alg": algorithm, "use": "sig", "key_ops": ["verify"]}
