"""How an API key looks: `alj_live_`, 32 letters and digits by chance, and 6 that check the rest.

The check tells a mistyped or cut-off key before anything is asked of the database, and lets scanners of public code
know a key when they see one.
"""

import re
import secrets
import zlib
from collections.abc import Mapping

from core.encryption import blind_index
from core.ids import BASE62, base62_number

PREFIXES = {"TEST": "alj_test_", "LIVE": "alj_live_"}
_CHANCE, _CHECK = 32, 6
_FORM = re.compile(rf"alj_(?:test|live)_[0-9A-Za-z]{{{_CHANCE + _CHECK}}}")


def new_key(mode: str) -> str:
    """Return a new key: the only copy there will ever be."""
    body = PREFIXES[mode] + "".join(secrets.choice(BASE62) for _ in range(_CHANCE))
    return body + _check_of(body)


def is_ours(token: str) -> bool:
    """Whether this claims to be an API key."""
    return token.startswith(tuple(PREFIXES.values()))


def is_well_formed(key: str) -> bool:
    """Whether the last six characters fit the rest. Asks nothing of anyone."""
    return bool(_FORM.fullmatch(key)) and key[-_CHECK:] == _check_of(key[:-_CHECK])


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The token in a request's `Authorization: Bearer …`, if that is what it has."""
    scheme, _space, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def is_broken(headers: Mapping[str, str]) -> bool:
    """Whether a request comes with a key that cannot be one: it is refused before the database is asked anything."""
    token = bearer_of(headers)
    return token is not None and is_ours(token) and not is_well_formed(token)


def digest_of(key: str) -> str:
    """The keyed hash of a key: all that is stored of it, besides its last four characters."""
    return blind_index(key, purpose="api-key")


def _check_of(body: str) -> str:
    return base62_number(zlib.crc32(body.encode()), width=_CHECK)
