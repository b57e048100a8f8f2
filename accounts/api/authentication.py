"""Who calls `/api/v1`: an organisation by one of its keys, or a person by an access token of `/auth/v1`.

Each becomes the actor of the running transaction. A bearer that is neither is left to the classes after these; a
cookie is never looked at, so a request carries no session and needs no CSRF token.
"""

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts import access_tokens, api_keys
from accounts.models import User
from accounts.services import sessions
from accounts.services.api_keys import note_use
from core import actors
from core.actors import OrganizationCaller
from core.errors import DomainError
from core.middleware import client_ip

# How often `last_used_at` of a key is written.
USE_NOTED_FOR = 60
_COLUMNS = (
    *("pk", "organization_id", "name", "mode", "scopes", "allowed_networks", "last_four"),
    *("created_at", "expires_at"),
)
_LOOK_UP = "select * from auth.api_key(%s)"


class AddressNotAllowed(DomainError):
    """The key is right, and is used from outside the networks it was made for."""

    code = "address_not_allowed"
    kind = "forbidden"
    message = _("This key may not be used from this address.")


@dataclass(frozen=True)
class KeyCredential:
    """The key by which an organisation calls."""

    pk: UUID
    organization_id: UUID
    name: str
    mode: str
    scopes: list[str]
    allowed_networks: list[str]
    last_four: str
    created_at: datetime
    expires_at: datetime | None


class _Everything(Container[str]):
    def __contains__(self, scope: object) -> bool:
        return True


@dataclass(frozen=True)
class TokenCredential:
    """A person's access token, known by its session: a token that follows it is the same credential."""

    pk: UUID
    claims: dict[str, Any]
    scopes: Container[str] = _Everything()

    @property
    def session_id(self) -> UUID:
        return self.pk


class BearerAuthentication(authentication.BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="alajo"'


class ApiKeyAuthentication(BearerAuthentication):
    """`Authorization: Bearer alj_live_…`: one query finds the key, one becomes its organisation."""

    def authenticate(self, request: Request) -> tuple[OrganizationCaller, KeyCredential] | None:
        key = api_keys.bearer_of(request.headers)
        if key is None or not api_keys.is_ours(key):
            return None
        found = _look_up(key) if api_keys.is_well_formed(key) else None
        if found is None or (found.expires_at is not None and found.expires_at <= timezone.now()):
            raise exceptions.AuthenticationFailed(_("This key is unknown, expired or revoked."))
        if found.allowed_networks and not _is_within(client_ip(request._request), found.allowed_networks):
            raise AddressNotAllowed
        caller = OrganizationCaller(id=found.organization_id, key_id=found.pk, mode=found.mode)
        actors.become_organization(organization_id=caller.id, key_id=caller.key_id, mode=caller.mode)
        _note_use(found.pk)
        return caller, found


class AccessTokenAuthentication(BearerAuthentication):
    """`Authorization: Bearer <JWT>`: one query becomes the person whom the token names, one finds them."""

    def authenticate(self, request: Request) -> tuple[User, TokenCredential] | None:
        token = api_keys.bearer_of(request.headers)
        if token is None or token.count(".") != 2:
            return None
        try:
            claims = access_tokens.read(token)
            person_id, session_id = UUID(claims["sub"]), UUID(claims["session_id"])
        except (access_tokens.BadToken, KeyError, ValueError):
            raise _refused_token() from None
        if sessions.is_ended(session_id):
            raise _refused_token()
        actors.become_bearer(claims)
        user = next(iter(User.objects.filter(pk=person_id)), None)  # `first()` would sort the one row
        if user is None or user.is_barred(timezone.now()):
            actors.become_anon()
            raise _refused_token()
        return user, TokenCredential(session_id, claims)


def _refused_token() -> exceptions.AuthenticationFailed:
    return exceptions.AuthenticationFailed(_("This access token is not valid, or its session has ended."))


def _look_up(key: str) -> KeyCredential | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, [api_keys.digest_of(key)])
        row = cursor.fetchone()
    if row is None:
        return None
    facts = dict(zip(_COLUMNS, row, strict=True))
    lists = {name: json.loads(facts[name]) for name in ("scopes", "allowed_networks")}
    return KeyCredential(**{**facts, **lists})


def _is_within(caller: str | None, networks: list[str]) -> bool:
    """Whether an address lies in one of the networks; an IPv4 address may come in the clothes of IPv6."""
    if caller is None:
        return False
    address: IPv4Address | IPv6Address = ip_address(caller)
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in networks)


def _note_use(key_id: UUID) -> None:
    """Once a minute for each key, after the request's own work; of a rehearsal too."""
    try:
        first = cache.add(f"api-key-used:{key_id}", 1, USE_NOTED_FOR)
    except RedisError:
        return
    if first:
        actors.afterwards(partial(note_use, key_id=key_id, at=timezone.now()))
