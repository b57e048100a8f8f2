"""ID tokens that apps bring from the providers we know (OpenID Connect): whom one names, and if it is meant for us.

An app that signs somebody in with the provider's own code on the device gets one there. It serves here once.
"""

import base64
import hashlib
import hmac
import time
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from requests import RequestException

from core.errors import DomainError

# Signatures by a key of the provider's own. A shared secret is nobody's signature, nor is none at all.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST = 16_000
KEYS_FOR = 600
# A provider whose token names a key we do not know is asked again, and no more often than this.
ASKED_AGAIN_AFTER = 60
_LEEWAY = 30


class IdTokenRefused(DomainError):
    code = "bad_jwt"
    message = _("Bad ID token")


class WrongAudience(IdTokenRefused):
    code = "unexpected_audience"
    message = _("Unacceptable audience in id_token")


class WrongNonce(IdTokenRefused):
    message = _("Nonces mismatch")


class IdTokenUsed(IdTokenRefused):
    message = _("ID token was used before")


class ProviderAway(DomainError):
    code = "unexpected_failure"
    kind = "unavailable"
    message = _("Unable to reach the provider")


def read(
    *, provider: OpenIDConnectProvider, token: str, nonce: str = "", access_token: str = ""
) -> dict[str, Any]:
    """Return what a provider's token says of a person, and use it up.

    `nonce` is what the app made; its SHA-256 in hex is what it told the provider. `access_token` must be the one that
    came with the token, where the token names one. Raises the errors above.
    """
    key = _key(provider, token)
    claims = _claims(provider, token, key)
    _check_nonce(claims, nonce)
    named = claims.get("at_hash")
    if access_token and named is not None and not _same(named, _half_hash(key, access_token)):
        raise IdTokenRefused
    signed = hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
    if not cache.add(f"id-token-used:{signed}", 1, max(1, int(claims["exp"] - time.time()) + 2 * _LEEWAY)):
        raise IdTokenUsed
    return claims


def _claims(provider: OpenIDConnectProvider, token: str, key: jwt.PyJWK) -> dict[str, Any]:
    ours = [provider.app.client_id, *provider.app.settings.get("audiences", ())]
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[str(key.algorithm_name)],  # the key's own, never the token's word
            audience=ours,
            issuer=_published(provider)["issuer"],
            leeway=_LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.InvalidAudienceError:
        raise WrongAudience from None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise IdTokenRefused from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if several and claims.get("azp") not in ours:
        raise WrongAudience
    return claims


def _check_nonce(claims: dict[str, Any], nonce: str) -> None:
    """Whoever only read a token on its way knows the hash in it, not what it was made from."""
    named = claims.get("nonce") or ""
    if bool(named) != bool(nonce):
        raise WrongNonce(_("Passed nonce and nonce in id_token should either both exist or not."))
    if nonce and not _same(named, hashlib.sha256(nonce.encode()).hexdigest()):
        raise WrongNonce


def _key(provider: OpenIDConnectProvider, token: str) -> jwt.PyJWK:
    """The key that the token names, if it is one of the provider's."""
    try:
        kid = jwt.get_unverified_header(token[: LONGEST + 1]).get("kid")
    except jwt.InvalidTokenError:
        raise IdTokenRefused from None
    if len(token) > LONGEST or not isinstance(kid, str):
        raise IdTokenRefused
    keys = _published(provider)["keys"]
    if kid not in keys and cache.add(f"{_place(provider)}:asked-again", 1, ASKED_AGAIN_AFTER):
        keys = _published(provider, again=True)["keys"]
    try:
        key = jwt.PyJWK(keys[kid])
    except (KeyError, jwt.PyJWTError):
        raise IdTokenRefused from None
    if key.algorithm_name not in ALGORITHMS:
        raise IdTokenRefused
    return key


def _published(provider: OpenIDConnectProvider, *, again: bool = False) -> dict[str, Any]:
    """The provider's name for itself and its keys, as it published them lately. Raises ProviderAway."""
    known: dict[str, Any] | None = None if again else cache.get(_place(provider))
    if known is not None:
        return known
    try:
        with get_adapter().get_requests_session() as session:
            told = _json(session.get(provider.server_url))
            published = _json(session.get(told["jwks_uri"]))["keys"]
        keys = {key["kid"]: key for key in published if key.get("kid") and key.get("use", "sig") == "sig"}
        known = {"issuer": str(told["issuer"]), "keys": keys}
    except (RequestException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProviderAway from error
    cache.set(_place(provider), known, KEYS_FOR)
    return known


def _json(answer: Any) -> Any:
    answer.raise_for_status()
    return answer.json()


def _place(provider: OpenIDConnectProvider) -> str:
    return f"id-token-keys:{hashlib.sha256(provider.server_url.encode()).hexdigest()}"


def _half_hash(key: jwt.PyJWK, access_token: str) -> str:
    digest = key.Algorithm.compute_hash_digest(access_token.encode())
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _same(named: object, wanted: str) -> bool:
    return isinstance(named, str) and hmac.compare_digest(named.encode(), wanted.encode())
