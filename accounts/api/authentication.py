"""Who calls the API: a scoped token, or (for now) the session of a signed-in browser. Either becomes the actor."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts.models import ApiToken, User
from core import actors

PREFIX = "alj_dev_"


def digest_of(token: str) -> str:
    """Keyed SHA-256 of a token, in hex: all that is stored of it."""
    return hmac.new(settings.SECRET_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()


def issue(*, user: User, name: str, scopes: list[str], expires_at: datetime) -> str:
    """Make a token for `user` and return it, the only time it can be read."""
    token = PREFIX + secrets.token_urlsafe(32)
    with actors.acting_as_service():
        ApiToken.objects.create(
            user=user,
            name=name,
            scopes=scopes,
            digest=digest_of(token),
            last_four=token[-4:],
            expires_at=expires_at,
        )
    return token


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer alj_dev_…`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _space, token = header.partition(" ")
        if scheme.lower() == "bearer" and not token.startswith(PREFIX):
            return None
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed(_("Send the token as `Authorization: Bearer alj_dev_…`."))
        with actors.acting_as_service():
            found = (
                ApiToken.objects.select_related("user")
                .filter(digest=digest_of(token), revoked_at=None)
                .first()
            )
        if found is None or found.expires_at <= timezone.now() or not found.user.is_active:
            raise exceptions.AuthenticationFailed(_("This token is unknown, expired or revoked."))
        actors.become(found.user)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="alajo"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in browser, with CSRF checked."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = super().authenticate(request)
        if found:
            actors.become(found[0])
        return found
