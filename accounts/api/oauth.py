"""Apps of third parties at the API: an access token that a customer let them have."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts.models import AppGrant, User
from accounts.services import apps
from core import actors

SEEN_FOR = 60
_FORM = re.compile(r"[A-Za-z0-9_-]{86}")


@dataclass(frozen=True)
class AppAccess:
    """What `request.auth` is for an app: the grant's key, and what this token may do."""

    pk: UUID
    client_id: str
    scopes: frozenset[str]


class OAuthAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer` with an access token of an app. The last to look at a bearer: an unknown one is refused.

    An access token is looked up at each call, so one that was revoked is refused at once.
    """

    def authenticate(self, request: Request) -> tuple[User, AppAccess] | None:
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = self._find(value) if _FORM.fullmatch(value) else None
        if found is None:
            raise exceptions.AuthenticationFailed(_("This token is unknown, expired or revoked."))
        token, grant = found
        _note_use(grant)
        actors.become(token.user)
        return token.user, AppAccess(grant.pk, token.client_id, frozenset(token.get_scopes()))

    def _find(self, value: str) -> tuple[Token, AppGrant] | None:
        with actors.acting_as_service():
            token = (
                Token.objects.select_related("user")
                .valid()
                .by_value(value)
                .filter(type=Token.Type.ACCESS_TOKEN, user__isnull=False)
                .first()
            )
            if token is None or token.user.is_barred(timezone.now()):
                return None
            grant = AppGrant.objects.filter(
                user=token.user_id, client=token.client_id, revoked_at=None
            ).first()
        return (token, grant) if grant else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="alajo"'


def _note_use(grant: AppGrant) -> None:
    """Once a minute for each app of a person, after the request's own work."""
    with suppress(RedisError):
        if cache.add(f"app-seen:{grant.pk}", 1, SEEN_FOR):
            actors.afterwards(partial(apps.touch, grant=grant, at=timezone.now()))
