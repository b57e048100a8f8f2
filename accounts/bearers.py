"""Whom a bearer token names (the setting BEARERS): for the faces that stand on floors below this one."""

from uuid import UUID

from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.services import sessions
from core.actors import ANON, SERVICE, Actor, acting_as_service, bearer
from core.callers import BearerRefused


def actor_of(token: str) -> Actor:
    """Return the actor of an access token, or of an app's own key. Raises BearerRefused."""
    try:
        claims = access_tokens.read(token)
    except access_tokens.BadToken as error:
        raise BearerRefused(reason=error.reason) from None
    if claims["role"] in (ANON, SERVICE):
        return Actor(claims["role"], {"role": claims["role"]})
    if sessions.is_ended(claims["session_id"]):
        raise BearerRefused(reason="session has ended")
    with acting_as_service():
        user = next(iter(User.objects.filter(pk=UUID(claims["sub"]))), None)
    if user is None or user.is_barred(timezone.now()):
        raise BearerRefused(reason="user is banned or gone")
    return bearer(claims)
