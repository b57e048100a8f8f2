"""Secrets at rest: AES-256-GCM under a ring of keys, and keyed indexes to find what is sealed.

`ENCRYPTION_KEYS` lists "id:base64 of 32 bytes", newest first: the first seals, all open. A key is retired by
putting a new one in front, sealing every value anew with `rotate`, and then dropping it.

A sealed value is bound to its place. The caller names the place, "table.column.primary key", to seal and to
open, so a ciphertext copied into another row or column does not open there. The token reads `v1:key
id:nonce:ciphertext`, the last two in base64url. Nonces are random, so one key must not seal more than 2^32
values.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VERSION = "v1"
_NONCE_BYTES = 12
_STANDARD = str.maketrans("-_", "+/")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class DecryptionFailed(Exception):
    """The token is damaged, was moved, or its key is gone. Says no more, and never holds the token."""


def seal(plaintext: str, *, aad: str) -> str:
    """Return `plaintext` sealed under the newest key, bound to its place. Raises ValueError without one."""
    key_id, key = next(iter(_ring().items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), _bound(aad))
    return ":".join([_VERSION, key_id, _encode(nonce), _encode(sealed)])


def open_sealed(token: str, *, aad: str) -> str:
    """Return what was sealed at the place `aad`. Raises DecryptionFailed for anything else."""
    _version, key_id, nonce, sealed = _parts(token)
    key = _ring().get(key_id)
    if key is None:
        raise DecryptionFailed("sealed under a key that is not in the ring")
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(aad)).decode()
    except InvalidTag:
        raise DecryptionFailed("damaged, or not from this place") from None


def rotate(token: str, *, aad: str) -> str:
    """Return the same secret under the newest key; a token that is already so comes back as it is.

    Raises DecryptionFailed when the token does not open.
    """
    plaintext = open_sealed(token, aad=aad)
    newest = next(iter(_ring()))
    return token if token.split(":")[1] == newest else seal(plaintext, aad=aad)


def blind_index(value: str, *, purpose: str) -> str:
    """Return a keyed fingerprint (64 hex digits) by which a sealed value can be found, different for each
    purpose.

    Equal values give equal indexes, so the caller brings the value into one form first.
    """
    return hmac.new(_index_key(settings.BLIND_INDEX_KEY, purpose), value.encode(), hashlib.sha256).hexdigest()


def _ring() -> dict[str, bytes]:
    return _parse_ring(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _parse_ring(entries: tuple[str, ...]) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for entry in entries:
        key_id, _colon, encoded = entry.partition(":")
        try:
            key = base64.b64decode(
                encoded, altchars=b"-_" if set(encoded) & set("-_") else None, validate=True
            )
        except (binascii.Error, ValueError):
            key = b""
        if not _KEY_ID.fullmatch(key_id) or key_id in ring or len(key) != 32:
            raise ImproperlyConfigured("ENCRYPTION_KEYS: each must be 'id:base64 of 32 bytes', each id once")
        ring[key_id] = key
    if not ring:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty")
    return ring


@lru_cache(maxsize=32)
def _index_key(master: str, purpose: str) -> bytes:
    if not master or not purpose:
        raise ImproperlyConfigured("a blind index needs BLIND_INDEX_KEY and a purpose")
    info = f"alajo.blind-index.{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master.encode())


def _bound(aad: str) -> bytes:
    if not aad:
        raise ValueError("a sealed value needs its place: table.column.primary key")
    return f"alajo.{_VERSION}:{aad}".encode()


def _parts(token: str) -> tuple[str, str, bytes, bytes]:
    parts = token.split(":")
    if len(parts) != 4 or parts[0] != _VERSION:
        raise DecryptionFailed("not a sealed value")
    nonce = _decode(parts[2])
    if len(nonce) != _NONCE_BYTES:
        raise DecryptionFailed("not a sealed value")
    return parts[0], parts[1], nonce, _decode(parts[3])


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        raise DecryptionFailed("not a sealed value") from None
    # Base64 leaves spare bits in the last letter: only one spelling of a token is taken.
    if _encode(raw) != text:
        raise DecryptionFailed("not a sealed value")
    return raw
